import type { ReportReason } from '@passerby/client';
import { useRef, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import { Dialog } from './dialog';

const reasons = ['minor', 'nudity', 'threat', 'hate', 'spam', 'other'] as const satisfies readonly ReportReason[];

/** At most so many messages go along (docs/protocol.md). */
const maxProof = 32;

/** Two actions: choose a reason, send. Says exactly what leaves the browser. */
export function ReportDialog({ onClose }: { onClose: () => void }) {
  const controller = useController();
  const view = useView();
  // The stranger who was meant when the dialog opened, whoever comes meanwhile.
  const meant = useRef({ id: (view.match ?? view.last)?.id, last: view.match === null });
  const [reason, setReason] = useState<ReportReason | null>(null);
  const [note, setNote] = useState('');
  const [block, setBlock] = useState(true);
  const [step, setStep] = useState<'form' | 'sending' | 'sent'>('form');
  const [problem, setProblem] = useState('');
  const proof = Math.min(maxProof, view.lines.filter((line) => line.from === 'partner').length);

  const send = async () => {
    if (!reason) return setProblem(t.report.choose);
    if ((view.match ?? view.last)?.id !== meant.current.id) return setProblem(t.report.gone);
    setStep('sending');
    try {
      await controller.report(reason, note.trim(), block);
      setStep('sent');
    } catch {
      setProblem(t.report.failed);
      setStep('form');
    }
  };

  const title = meant.current.last ? t.report.titleLast : t.report.title;
  if (step === 'sent') {
    return (
      <Dialog title={title} onClose={onClose}>
        <p role="status">{t.report.sent}</p>
        <div class="dialog-actions">
          <button type="button" class="button is-primary" autofocus onClick={onClose}>{t.controls.close}</button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <fieldset class="options is-column">
          <legend class="label">{t.report.reason}</legend>
          {reasons.map((each) => (
            <label class="option" key={each}>
              <input type="radio" name="reason" value={each} checked={reason === each} onChange={() => { setReason(each); setProblem(''); }} />
              {t.report.reasons[each]}
            </label>
          ))}
        </fieldset>
        <label class="field">
          <span class="label">{t.report.note}</span>
          <textarea class="textarea" rows={2} maxLength={300} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
        </label>
        <label class="option">
          <input type="checkbox" checked={block} onChange={(event) => setBlock(event.currentTarget.checked)} />
          {t.report.also}
        </label>
        <p class="hint">{t.report.what(proof)}</p>
        <p class="problem" role="alert">{problem}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>{t.controls.cancel}</button>
          <button type="submit" class="button is-danger" disabled={step === 'sending'}>{t.report.send}</button>
        </div>
      </form>
    </Dialog>
  );
}
