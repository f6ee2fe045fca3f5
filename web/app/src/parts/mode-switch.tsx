import { support } from '@passerby/client';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { modeOf } from '../view';

/** Between two conversations: text alone, or video after all. The search goes on with the same wishes. */
export function ModeSwitch() {
  const controller = useController();
  const view = useView();
  if (modeOf(view) === 'video') {
    return (
      <button type="button" class="button" data-testid="text-only" onClick={() => controller.textOnly()}>{t.waiting.textOnly}</button>
    );
  }
  if (!support().media) return null;
  const asking = view.camera.opening;
  return (
    <>
      <button
        type="button"
        class="button"
        data-testid="with-video"
        aria-disabled={asking}
        onClick={() => void (asking || controller.withVideo())}
      >
        {t.waiting.withVideo}
      </button>
      {asking && <p class="card-facts" role="status">{t.devices.opening}</p>}
    </>
  );
}
