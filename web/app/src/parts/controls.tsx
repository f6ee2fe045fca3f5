import { useState } from 'preact/hooks';
import { canShare } from '../sharing';
import { canFullScreen, toggleFullScreen, useFullScreen } from '../full-screen';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { canNext, modeOf } from '../view';
import { Dialog } from './dialog';
import { DeviceSettings } from './device-settings';
import { DevicePickers } from './device-pickers';
import { Icon } from './icon';
import { LevelMeter } from './level-meter';

/** What one does in a conversation, Next first of all. */
export function Controls() {
  const controller = useController();
  const view = useView();
  const [devices, setDevices] = useState(false);
  const video = modeOf(view) === 'video';
  const can = canNext(view);
  const full = useFullScreen();
  const { audio, video: picture } = view.sending;
  return (
    <nav class="controls" aria-label={t.controls.label}>
      <button type="button" class="button is-stop" data-testid="stop" aria-label={t.controls.stop} onClick={() => controller.stop()}>
        <Icon name="stop" />
        <span class="button-text">{t.controls.stop}</span>
      </button>
      {video && (
        <>
          <button
            type="button"
            class="button is-icon"
            data-testid="mute"
            data-off={!audio}
            aria-label={audio ? t.controls.mute : t.controls.unmute}
            title={`${audio ? t.controls.mute : t.controls.unmute} (M)`}
            aria-keyshortcuts="m"
            onClick={() => controller.toggle('audio')}
          >
            <Icon name={audio ? 'mic' : 'micOff'} />
          </button>
          <button
            type="button"
            class="button is-icon"
            data-testid="camera"
            data-off={!picture}
            aria-label={picture ? t.controls.cameraOff : t.controls.cameraOn}
            title={`${picture ? t.controls.cameraOff : t.controls.cameraOn} (V)`}
            aria-keyshortcuts="v"
            onClick={() => controller.toggle('video')}
          >
            <Icon name={picture ? 'camera' : 'cameraOff'} />
          </button>
          <button
            type="button"
            class="button is-icon"
            data-testid="devices"
            aria-haspopup="dialog"
            aria-label={t.controls.devices}
            title={t.controls.devices}
            onClick={() => setDevices(true)}
          >
            <Icon name="sliders" />
          </button>
          {canShare() && (
            <button
              type="button"
              class="button is-icon is-wide-only"
              data-testid="share"
              data-on={view.sharing}
              aria-disabled={!view.match}
              aria-label={view.sharing ? t.controls.unshare : t.controls.share}
              title={view.sharing ? t.controls.unshare : t.controls.share}
              onClick={() => view.match && void controller.sharing.toggle()}
            >
              <Icon name={view.sharing ? 'screenOff' : 'screen'} />
            </button>
          )}
          {canFullScreen() && (
            <button
              type="button"
              class="button is-icon is-wide-only"
              data-testid="full-screen"
              aria-label={full ? t.controls.smallScreen : t.controls.fullScreen}
              title={`${full ? t.controls.smallScreen : t.controls.fullScreen} (F)`}
              aria-keyshortcuts="f"
              onClick={toggleFullScreen}
            >
              <Icon name={full ? 'shrink' : 'grow'} />
            </button>
          )}
        </>
      )}
      <button
        type="button"
        class="button is-primary is-next"
        data-testid="next"
        title={t.controls.nextHint}
        aria-keyshortcuts="Escape"
        aria-disabled={!can}
        onClick={() => controller.next()}
      >
        {t.controls.next}
        <Icon name="next" />
      </button>
      {devices && <Devices onClose={() => setDevices(false)} />}
    </nav>
  );
}

function Devices({ onClose }: { onClose: () => void }) {
  const controller = useController();
  const { camera, volume } = useView();
  return (
    <Dialog title={t.devices.title} onClose={onClose}>
      <DevicePickers />
      <LevelMeter stream={camera.stream} version={camera.version} />
      <label class="field">
        <span class="label">{t.devices.volume}</span>
        <input
          class="range"
          type="range"
          min="0"
          max="1"
          step="0.05"
          value={volume}
          onInput={(event) => controller.setVolume(event.currentTarget.valueAsNumber)}
        />
      </label>
      <DeviceSettings />
      <div class="dialog-actions">
        <button type="button" class="button is-primary" onClick={onClose}>{t.devices.close}</button>
      </div>
    </Dialog>
  );
}
