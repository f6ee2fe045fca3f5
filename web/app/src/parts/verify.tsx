import { safetyEmoji } from '@passerby/client/emoji';
import { useEffect, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { modeOf, type Meant } from '../view';
import { Dialog } from './dialog';
import { Icon } from './icon';
import { ReportDialog } from './report-dialog';

/** After this long without signs to compare, the page says that there are none; milliseconds. */
const patience = 10_000;

/** The badge of the encryption. Neutral until both have compared; red only when something is wrong. */
export function Verify() {
  const { match, verification, clearText } = useView();
  const [open, setOpen] = useState(false);
  const [confirmed, setConfirmed] = useState<string | null>(null);
  const [reporting, setReporting] = useState<Meant | null>(null);
  const [late, setLate] = useState<string | null>(null);
  const failed = verification?.failed === true;
  const none = verification === null;
  useEffect(() => setOpen(false), [match?.id]);
  useEffect(() => void (failed && setOpen(true)), [failed]);
  useEffect(() => {
    if (!match || !none) return setLate(null);
    const timer = setTimeout(() => setLate(match.id), patience);
    return () => clearTimeout(timer);
  }, [match?.id, none]);
  const report = reporting && <ReportDialog about={reporting} onClose={() => setReporting(null)} />;
  // There is nothing to compare where the server reads along.
  if (!match || (clearText && match.mode === 'text')) return report;

  const emoji = verification && !verification.failed ? verification.emoji : [];
  const compared = `${match.id} ${emoji.join('')}`;
  // After a reload of either side the keys are new, and so is what there is to compare. A server that swaps the keys
  // looks the same: who had compared must see that it no longer counts.
  const changed = confirmed !== null && confirmed !== compared && confirmed.startsWith(`${match.id} `);
  const waiting = changed ? 'changed' : late === match.id ? 'late' : 'pending';
  const state = failed ? 'failed' : confirmed === compared ? 'confirmed' : emoji.length && !changed ? 'ready' : waiting;
  return (
    <>
      <button
        type="button"
        class="verify"
        data-testid="verify"
        data-emoji={emoji.join(' ')}
        data-verify={state}
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        <Icon name={failed || state === 'changed' ? 'alert' : state === 'confirmed' ? 'shield' : 'lock'} />
        <span class="verify-text">{clearText && (state === 'pending' || state === 'ready' || state === 'late') ? t.clear.badge : state === 'ready' ? t.verify.pending : t.verify[state]}</span>
        {(emoji.length > 0 || state === 'pending') && <span class="verify-emoji" aria-hidden="true">{emoji.join('') || '····'}</span>}
        {state === 'ready' && <span class="unseen">{t.verify.ready}</span>}
      </button>
      {open && (
        <VerifyDialog
          confirmed={state === 'confirmed'}
          late={late === match.id}
          onConfirm={() => setConfirmed(compared)}
          onReport={() => setReporting({ match, last: false })}
          onClose={() => setOpen(false)}
        />
      )}
      {report}
    </>
  );
}

/** What a sign is called in the language of the page. */
function signName(sign: string): string | undefined {
  return t.emoji.split(', ')[safetyEmoji.findIndex(({ emoji }) => emoji === sign)];
}

interface VerifyDialogProps {
  confirmed: boolean;
  late: boolean;
  onConfirm: () => void;
  onReport: () => void;
  onClose: () => void;
}

function VerifyDialog({ confirmed, late, onConfirm, onReport, onClose }: VerifyDialogProps) {
  const controller = useController();
  const view = useView();
  const { verification } = view;
  const [differ, setDiffer] = useState(false);
  if (differ || verification?.failed) {
    return (
      <Dialog title={t.verify.failedTitle} tone="danger" onClose={onClose}>
        <p>{t.verify.failedText}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => { onClose(); onReport(); }}>{t.controls.report}</button>
          <button type="button" class="button" onClick={onClose}>{t.verify.stay}</button>
          <button type="button" class="button is-danger" onClick={() => { onClose(); controller.next(); }}>{t.verify.leave}</button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t.verify.title} onClose={onClose}>
      {verification ? (
        <>
          <ul class="sas">
            {verification.emoji.map((sign, i) => (
              <li key={i}>
                <span class="sas-sign" aria-hidden="true">{sign}</span>
                <span class="sas-name">{signName(sign) ?? verification.names[i]}</span>
              </li>
            ))}
          </ul>
          <p>{confirmed ? t.verify.confirmedText : modeOf(view) === 'text' ? t.verify.howText : t.verify.how}</p>
        </>
      ) : (
        <p>{view.clearText ? (late ? t.clear.lateText : t.clear.wait) : late ? t.verify.lateText : t.verify.wait}</p>
      )}
      <p class="hint">{t.verify.limits}</p>
      {verification && !confirmed && (
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => setDiffer(true)}>{t.verify.differ}</button>
          <button type="button" class="button is-primary" onClick={() => { onConfirm(); onClose(); }}>{t.verify.same}</button>
        </div>
      )}
    </Dialog>
  );
}
