import { useState } from 'preact/hooks';
import { api } from '../api';
import { useAction } from '../hooks';
import { useName } from '../names';
import { holds, standing, whom } from '../parts/ban';
import { More, usePages } from '../parts/more';
import { Time } from '../parts/time';
import type { Ban } from '../types';
import { reasonOf } from '../words';

export function Bans({ decides, onDone }: { decides: boolean; onDone: () => void }) {
  const [active, setActive] = useState(true);
  const [turn, setTurn] = useState(0);
  const pages = usePages((before) => api.bans(active, before).then((a) => a.bans), `${active} ${turn}`);
  const name = useName();
  return (
    <main class="sheet" id="main" tabIndex={-1}>
      <div class="row"><h1 class="grow">Bans</h1>
        <label class="check"><input type="checkbox" checked={active} onChange={(e) => setActive(e.currentTarget.checked)} /> only those that hold</label></div>
      <p class="problem" role="alert">{pages.problem}</p>
      {pages.all?.length === 0 && <div class="empty"><p class="empty-title">{active ? 'Nobody is banned.' : 'Nobody was ever banned.'}</p></div>}
      {pages.all && pages.all.length > 0 && (
        <table class="table" data-testid="bans">
          <thead><tr><th>Whom</th><th>Why</th><th>How long</th><th>Since</th><th>By</th>{decides && <th><span class="unseen">Lift</span></th>}</tr></thead>
          <tbody>
            {pages.all.map((b) => (
              <tr key={b.id} data-testid="ban">
                <td title={b.user}>{whom(b)}</td><td>{reasonOf(b.reason)}{b.message && <div class="hint"><bdi dir="auto">{b.message}</bdi></div>}</td>
                <td>{standing(b)}</td><td><Time at={b.at} /></td><td>{name(b.by)}</td>
                {decides && <td>{holds(b) && <Lift ban={b} onDone={() => { setTurn(turn + 1); onDone(); }} />}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <More pages={pages} />
    </main>
  );
}

/** Lifting asks once more, since it cannot be taken back. */
function Lift({ ban, onDone }: { ban: Ban; onDone: () => void }) {
  const [sure, setSure] = useState(false);
  const [note, setNote] = useState('');
  const { busy, problem, run } = useAction();
  if (!sure) return <button class="button is-small" onClick={() => setSure(true)}>Lift</button>;
  return (
    <form class="row" onSubmit={(e) => { e.preventDefault(); run(async () => { await api.lift(ban.id, note); onDone(); }); }}>
      <input class="input is-small" aria-label="Note for colleagues" placeholder="Why" maxLength={2000} value={note} onInput={(e) => setNote(e.currentTarget.value)} />
      <button class="button is-small is-danger" disabled={busy}>Lift it</button>
      <button type="button" class="button is-small is-plain" onClick={() => setSure(false)}>Keep</button>
      <span class="problem" role="alert">{problem}</span>
    </form>
  );
}
