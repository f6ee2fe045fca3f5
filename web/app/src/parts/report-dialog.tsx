import { PasserbyError, type ReportReason } from '@passerby/client';
import { useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';
import type { Meant } from '../view';
import { Dialog } from './dialog';
import { ReportEvidence, type Chosen } from './report-evidence';

const reasons = ['minor', 'nudity', 'threat', 'hate', 'spam', 'other'] as const satisfies readonly ReportReason[];

/** Two actions: choose a reason, send. Says exactly what leaves the browser. Whoever comes meanwhile, `about` is meant. `because` is chosen already. */
export function ReportDialog({ about, because = null, onClose }: { about: Meant; because?: ReportReason | null; onClose: () => void }) {
  const controller = useController();
  const { clearText } = useView(); // a message more is a proof more
  const [reason, setReason] = useState<ReportReason | null>(because);
  const [note, setNote] = useState('');
  const [block, setBlock] = useState(true);
  const [chosen, setChosen] = useState<Chosen>({ messages: new Set(), picture: false, media: false });
  // Taken when the dialog opens, since the stranger may be gone when it is filled in. It stays here unless it is chosen.
  const [snapshot] = useState(() => (about.last ? null : controller.remote.snapshot()));
  const [step, setStep] = useState<'form' | 'sending' | 'sent'>('form');
  const [problem, setProblem] = useState('');
  const provable = controller.provable(about.match.id);

  const send = async () => {
    if (!reason) return setProblem(t.report.choose);
    setStep('sending');
    try {
      const picture = chosen.picture ? await snapshot?.jpeg() : null;
      const said = { reason, note: note.trim(), messages: [...chosen.messages], ...(picture ? { picture } : {}), media: chosen.media };
      await controller.report(about.match.id, said, block);
      setStep('sent');
    } catch (e) {
      setProblem(e instanceof PasserbyError ? (t.report.problems[e.code] ?? t.report.failed) : t.report.failed);
      setStep('form');
    }
  };

  const title = about.last ? t.report.titleLast : t.report.title;
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
        <ReportEvidence provable={provable} snapshot={snapshot} media={controller.provableMedia(about.match.id)} chosen={chosen} onChange={(next) => { setChosen(next); setProblem(''); }} />
        <label class="option">
          <input type="checkbox" checked={block} onChange={(event) => setBlock(event.currentTarget.checked)} />
          {t.report.also}
        </label>
        <p class="hint" data-testid="report-what">{t.report.what(chosen.messages.size, chosen.picture, chosen.media, clearText)}</p>
        <p class="problem" role="alert">{problem}</p>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>{t.controls.cancel}</button>
          <button type="submit" class="button is-danger" disabled={step === 'sending'}>{t.report.send}</button>
        </div>
      </form>
    </Dialog>
  );
}
