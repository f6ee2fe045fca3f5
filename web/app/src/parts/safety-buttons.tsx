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
  const possible = match !== null || last !== null;
  const block = () => {
    const tell = (code: string) => controller.dispatch({ type: 'notice', notice: { code } });
    controller.block().then(
      () => tell('blocked'),
      () => tell('block_failed'),
    );
  };
  return (
    <div class="safety">
      {possible && (
        <>
          <button
            type="button"
            class="button is-quiet"
            data-testid="report"
            aria-haspopup="dialog"
            aria-label={match ? t.controls.report : t.controls.reportLast}
            title={match ? t.controls.report : t.controls.reportLast}
            onClick={() => setReporting(true)}
          >
            <Icon name="flag" />
            <span class="button-text">{t.controls.report}</span>
          </button>
          <button
            type="button"
            class="button is-quiet"
            data-testid="block"
            aria-label={match ? t.controls.block : t.controls.blockLast}
            title={match ? t.controls.block : t.controls.blockLast}
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
