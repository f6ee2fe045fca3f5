import { useEffect, useRef } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { DevicePickers } from './device-pickers';
import { LevelMeter } from './level-meter';
import { LocalVideo } from './local-video';
import { TroubleText } from './trouble-text';

/** Before the start, if wanted: does the picture look right, does the microphone move? */
export function DeviceCheck() {
  const controller = useController();
  const { camera } = useView();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void controller.check();
    // A start takes the open camera along; everything else closes it.
    return () => void (controller.view.state === 'idle' && controller.endCheck());
  }, []);
  // On a phone it would open, and grow, below the fold.
  useEffect(() => box.current?.scrollIntoView({ block: 'nearest' }), [camera.stream, camera.code]);
  return (
    <div ref={box} class="check">
      {camera.code ? (
        <div class="check-problem">
          <TroubleText trouble={{ code: camera.code }} />
          <button type="button" class="button" onClick={() => void controller.check()}>{t.trouble.again}</button>
        </div>
      ) : (
        <>
          <div class="check-picture">
            <LocalVideo stream={camera.stream} version={camera.version} />
            {camera.opening && <p class="check-asking">{t.devices.opening}</p>}
          </div>
          <LevelMeter stream={camera.stream} version={camera.version} />
          <p class="hint">{t.devices.levelHint} {t.devices.nothingYet}</p>
          {camera.stream && <DevicePickers />}
        </>
      )}
    </div>
  );
}
