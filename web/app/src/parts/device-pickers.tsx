import { useEffect, useId, useState } from 'preact/hooks';
import { listDevices, type Kind } from '../camera';
import { useController, useView } from '../hooks';
import { t } from '../strings';

/** Which camera and which microphone. The list follows what is plugged in. */
export function DevicePickers() {
  const controller = useController();
  const { camera } = useView();
  const [devices, setDevices] = useState<Record<Kind, MediaDeviceInfo[]>>({ audio: [], video: [] });
  useEffect(() => {
    let live = true;
    const look = () => void listDevices().then((found) => live && setDevices(found));
    look();
    navigator.mediaDevices?.addEventListener('devicechange', look);
    return () => {
      live = false;
      navigator.mediaDevices?.removeEventListener('devicechange', look);
    };
  }, [camera.version]);
  return (
    <div class="pickers">
      <Picker kind="video" label={t.devices.camera} devices={devices.video} current={controller.devices.track('video')} />
      <Picker kind="audio" label={t.devices.microphone} devices={devices.audio} current={controller.devices.track('audio')} />
    </div>
  );
}

function Picker({ kind, label, devices, current }: { kind: Kind; label: string; devices: MediaDeviceInfo[]; current: MediaStreamTrack | null }) {
  const controller = useController();
  const id = useId();
  return (
    <div class="field">
      <label class="label" for={id}>{label}</label>
      <select
        id={id}
        class="select"
        disabled={!devices.length}
        value={current?.getSettings().deviceId ?? ''}
        onChange={(event) => void controller.devices.choose(kind, event.currentTarget.value)}
      >
        {!devices.length && <option value="">{t.devices.none}</option>}
        {devices.map((device, i) => (
          <option key={device.deviceId} value={device.deviceId}>{device.label || `${label} ${i + 1}`}</option>
        ))}
      </select>
    </div>
  );
}
