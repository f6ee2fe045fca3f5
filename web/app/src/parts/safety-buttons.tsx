import { useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { Icon } from './icon';
import { ReportDialog } from './report-dialog';

/** Report and block: for the stranger who is here, or the one who just left. Always in the same place. */
export function SafetyButtons() {
  const controller = useController();
  const { match, last } = useView();
  const [reporting, setReporting] = useState(false);
  const [answer, setAnswer] = useState('');
  const possible = match !== null || last !== null;
  const block = () => {
    controller.block().then(
      () => setAnswer(t.block.done),
      () => setAnswer(t.block.failed),
    );
  };
  return (
    <div class="safety">
      <span class="safety-answer" role="status">{answer}</span>
      {possible && (
        <>
          <button
            type="button"
            class="button is-quiet"
            data-testid="report"
            aria-haspopup="dialog"
            aria-label={match ? undefined : t.controls.reportLast}
            onClick={() => setReporting(true)}
          >
            <Icon name="flag" />
            <span class="button-text">{t.controls.report}</span>
          </button>
          <button
            type="button"
            class="button is-quiet"
            data-testid="block"
            aria-label={match ? undefined : t.controls.blockLast}
            onClick={block}
          >
            <Icon name="block" />
            <span class="button-text">{t.controls.block}</span>
          </button>
        </>
      )}
      {reporting && <ReportDialog onClose={() => setReporting(false)} />}
    </div>
  );
}
