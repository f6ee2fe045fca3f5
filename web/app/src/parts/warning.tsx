import type { Warning } from '@passerby/client';
import { useController } from '../hooks';
import { t } from '../strings';
import { Dialog } from './dialog';

/** A moderator's word for a person who stays. It comes again until he says that he has read it. */
export function WarningDialog({ warning }: { warning: Warning }) {
  const controller = useController();
  const reasons: Partial<Record<string, string>> = t.report.reasons;
  return (
    <Dialog title={t.warning.title} tone="danger" onClose={() => controller.putAway(warning.id, false)}>
      <div class="ban" data-testid="warning">
        <p>{t.warning.text}</p>
        <dl>
          <dt>{t.ban.reason}</dt>
          <dd>{reasons[warning.reason] ?? t.report.reasons.other}</dd>
          {warning.message && (
            <>
              <dt>{t.ban.words}</dt>
              <dd><bdi>{warning.message}</bdi></dd>
            </>
          )}
        </dl>
      </div>
      <div class="dialog-actions">
        <button type="button" class="button is-primary" data-testid="understood" onClick={() => controller.putAway(warning.id, true)}>{t.warning.understood}</button>
      </div>
    </Dialog>
  );
}
