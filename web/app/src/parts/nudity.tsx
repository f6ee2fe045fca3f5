import { useController } from '../hooks';
import { t } from '../strings';

/** The check takes the picture for nudity. It may be wrong, so nothing is done without the person. */
export function Nudity({ onReport }: { onReport: () => void }) {
  const controller = useController();
  return (
    <div class="stage-cover" data-testid="nudity">
      <div class="card" role="alert">
        <h2 class="card-title">{t.safety.nudityFound}</h2>
        <p class="card-facts">{t.safety.nudityHint}</p>
        <div class="card-actions">
          <button type="button" class="button is-primary" data-testid="nudity-next" onClick={() => controller.next()}>{t.controls.next}</button>
          <button type="button" class="button" data-testid="nudity-report" aria-haspopup="dialog" onClick={onReport}>{t.controls.report}</button>
          <button type="button" class="button" data-testid="nudity-show" onClick={() => controller.showAnyway()}>{t.safety.showAnyway}</button>
        </div>
      </div>
    </div>
  );
}
