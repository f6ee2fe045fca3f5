import { useState } from 'preact/hooks';
import { useController } from '../hooks';
import { t } from '../strings';

/** What is stored of this browser's person: to have, or to have deleted. */
export function OwnData() {
  const controller = useController();
  const [step, setStep] = useState<'idle' | 'sure' | 'working' | 'failed'>('idle');
  const [done, setDone] = useState('');
  const work = async (what: () => Promise<void>) => {
    setStep('working');
    try {
      await what();
      setStep('idle');
    } catch {
      setStep('failed');
    }
  };
  const save = () => work(async () => saveFile('passerby-data.json', JSON.stringify(await controller.ownData(), null, 2)));
  const remove = () => work(async () => {
    const { reports, bans } = await controller.deleteOwnData();
    setDone(reports || bans ? t.data.kept(reports, bans) : t.data.done);
  });
  return (
    <section class="own-data" data-testid="own-data">
      <h3 class="safety-heading">{t.data.title}</h3>
      <p>{t.data.text}</p>
      {step === 'sure' ? (
        <div role="group" aria-label={t.data.remove}>
          <p>{t.data.sure}</p>
          <p>{t.data.stays}</p>
          <div class="dialog-actions">
            <button type="button" class="button" autofocus onClick={() => setStep('idle')}>{t.data.no}</button>
            <button type="button" class="button is-danger" data-testid="data-yes" onClick={() => void remove()}>{t.data.yes}</button>
          </div>
        </div>
      ) : (
        <div class="own-data-actions">
          <button type="button" class="button" data-testid="data-save" disabled={step === 'working'} onClick={() => void save()}>{t.data.save}</button>
          <button type="button" class="button" data-testid="data-delete" disabled={step === 'working'} onClick={() => { setDone(''); setStep('sure'); }}>{t.data.remove}</button>
        </div>
      )}
      <p role="status" data-testid="data-done">{step === 'failed' ? t.data.failed : done}</p>
    </section>
  );
}

function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
