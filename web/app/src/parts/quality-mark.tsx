import { useController, useView } from '../hooks';
import { troubleTexts } from './trouble-text';

/** How good the connection is, as three bars, struck out when no picture comes. It names itself in words, and says them when it is pressed. */
export function QualityMark() {
  const controller = useController();
  const { match, quality } = useView();
  if (match?.mode !== 'video') return null;
  const code = `quality_${quality}`;
  const words = troubleTexts({ code }).join('. ');
  return (
    <button
      type="button"
      class="button is-quiet quality"
      data-testid="quality"
      data-level={quality}
      aria-label={words}
      title={words}
      onClick={() => controller.dispatch({ type: 'notice', notice: { code } })}
    >
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M6 19v-4" />
        <path d="M12 19v-8" />
        <path d="M18 19V6" />
        {quality === 'none' && <path d="M4 5l16 14" />}
      </svg>
    </button>
  );
}
