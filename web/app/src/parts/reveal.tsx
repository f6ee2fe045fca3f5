import { useController, useView } from '../hooks';
import { t } from '../strings';

/** Both begin blurred, and see each other once both have pressed this. */
export function Reveal() {
  const controller = useController();
  const { blur } = useView();
  return (
    <div class="stage-cover" data-testid="blurred">
      <div class="card" role="status">
        <p class="card-facts">{blur.own.ready ? t.safety.revealWaiting : blur.theirs.ready ? t.safety.revealTheirs : t.safety.revealHint}</p>
        {!blur.own.ready && (
          <button type="button" class="button is-primary" data-testid="reveal" onClick={() => controller.reveal()}>{t.safety.reveal}</button>
        )}
      </div>
    </div>
  );
}
