import { useEffect, useId, useState } from 'preact/hooks';
import { listDevices, type Kind } from '../camera';
import { useController, useView } from '../hooks';
import { t } from '../strings';

const canChooseSpeaker = typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;

/** Which camera, which microphone and, where the browser lets choose, which speaker. The list follows what is plugged in. */
export function DevicePickers() {
  const controller = useController();
  const { camera, settings } = useView();
  const [devices, setDevices] = useState<Record<Kind | 'speaker', MediaDeviceInfo[]>>({ audio: [], video: [], speaker: [] });
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
      {(['video', 'audio'] as const).map((kind) => (
        <Picker
          key={kind}
          label={kind === 'video' ? t.devices.camera : t.devices.microphone}
          devices={devices[kind]}
          current={controller.devices.track(kind)?.getSettings().deviceId}
          onChange={(id) => void controller.devices.choose(kind, id)}
        />
      ))}
      {canChooseSpeaker && devices.speaker.length > 1 && (
        <Picker
          label={t.devices.speaker}
          devices={devices.speaker}
          usual={t.devices.usualSpeaker}
          current={settings.speaker}
          onChange={(speaker) => controller.set({ speaker })}
        />
      )}
    </div>
  );
}

interface PickerProps {
  label: string;
  devices: readonly MediaDeviceInfo[];
  /** What choosing nothing is called, if that is possible. */
  usual?: string;
  current: string | undefined;
  onChange: (deviceId: string) => void;
}

function Picker({ label, devices, usual, current = '', onChange }: PickerProps) {
  const id = useId();
  return (
    <div class="field">
      <label class="label" for={id}>{label}</label>
      <select
        id={id}
        class="select"
        disabled={!devices.length}
        value={current}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {usual && <option value="">{usual}</option>}
        {!devices.length && <option value="">{t.devices.none}</option>}
        {devices.map((device, i) => (
          <option key={device.deviceId} value={device.deviceId}>{device.label || `${label} ${i + 1}`}</option>
        ))}
      </select>
    </div>
  );
}
