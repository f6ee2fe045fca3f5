import { PasserbyError, type Ban } from '@passerby/client';
import { useEffect, useState } from 'preact/hooks';
import { useController, useView } from '../hooks';
import { t } from '../strings';

/** At most three bytes of UTF-8 for each UTF-16 unit, and 2,000 bytes. */
const LONGEST = 600;

/** Why somebody may not come in, until when, and what he says to that. */
export function BanCard({ told }: { told: Ban | undefined }) {
  const controller = useController();
  const { locale } = useView();
  const [ban, setBan] = useState(told ?? null);
  const [text, setText] = useState('');
  const [state, setState] = useState<'writing' | 'sending' | 'sent' | 'failed' | 'refused'>('writing');
  useEffect(() => {
    if (!told) void controller.ban().then(setBan, () => {}); // thrown out while connected
  }, [told]);
  if (!ban) return null;

  const send = async (event: Event) => {
    event.preventDefault();
    setState('sending');
    try {
      await controller.appeal(ban, text.trim());
      setState('sent');
    } catch (error) {
      setState(error instanceof PasserbyError && error.code === 'wrong_state' ? 'refused' : 'failed');
    }
  };
  const until = ban.until && new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short' }).format(ban.until);
  const reasons: Partial<Record<string, string>> = t.report.reasons;
  const open = ban.appeal === 'open' || state === 'sent';
  return (
    <section class="ban" data-testid="ban">
      <dl>
        <dt>{t.ban.reason}</dt>
        <dd>{reasons[ban.reason] ?? t.report.reasons.other}</dd>
        {ban.message && (
          <>
            <dt>{t.ban.words}</dt>
            <dd><bdi>{ban.message}</bdi></dd>
          </>
        )}
        <dt>{t.ban.ends}</dt>
        <dd data-testid="ban-until">{until ? until : t.ban.never}</dd>
        {ban.appeal === 'refused' && !open && (
          <>
            <dt>{t.ban.answer}</dt>
            <dd>{t.ban.refused} {ban.answer && <bdi>{ban.answer}</bdi>}</dd>
          </>
        )}
      </dl>
      {open ? (
        <p role="status" data-testid="appeal-open">{t.ban.open}</p>
      ) : (
        <form onSubmit={(event) => void send(event)}>
          <label class="field">
            <span>{t.ban.appeal}</span>
            <textarea class="textarea" data-testid="appeal" rows={4} maxLength={LONGEST} required value={text} onInput={(event) => setText(event.currentTarget.value)} />
          </label>
          <button type="submit" class="button is-primary" data-testid="appeal-send" disabled={state === 'sending' || !text.trim()}>{t.ban.send}</button>
          {(state === 'failed' || state === 'refused') && <p role="alert">{state === 'failed' ? t.ban.failed : t.ban.over}</p>}
        </form>
      )}
    </section>
  );
}
