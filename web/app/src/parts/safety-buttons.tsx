import { PasserbyError } from '@passerby/client';
import { useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { meantBy, type Meant } from '../view';
import { Icon } from './icon';
import { ReportDialog } from './report-dialog';

/** Report and block: for the stranger who is here, or the one who just left. Always in the same place. */
export function SafetyButtons() {
  const controller = useController();
  const meant = meantBy(useView());
  const [reporting, setReporting] = useState<Meant | null>(null);
  const block = ({ match, last }: Meant) => {
    const tell = (code: string) => controller.dispatch({ type: 'notice', notice: { code } });
    controller.block(match.id).then(
      () => tell(last ? 'blocked_last' : 'blocked'),
      (e: unknown) => tell(e instanceof PasserbyError && e.code === 'no_match' ? 'block_gone' : 'block_failed'),
    );
  };
  const [report, blocking] = meant?.last ? [t.controls.reportLast, t.controls.blockLast] : [t.controls.report, t.controls.block];
  return (
    <>
      {meant && (
        <>
          <button
            type="button"
            class="button is-quiet"
            data-testid="report"
            aria-haspopup="dialog"
            aria-label={report}
            title={report}
            onClick={() => setReporting(meant)}
          >
            <Icon name="flag" />
            <span class="button-text">{t.controls.report}</span>
          </button>
          <button type="button" class="button is-quiet" data-testid="block" aria-label={blocking} title={blocking} onClick={() => block(meant)}>
            <Icon name="block" />
            <span class="button-text">{t.controls.block}</span>
          </button>
        </>
      )}
      {reporting && <ReportDialog about={reporting} onClose={() => setReporting(null)} />}
    </>
  );
}
