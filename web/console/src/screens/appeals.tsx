import { useState } from 'preact/hooks';
import { api } from '../api';
import { useAction } from '../hooks';
import { useName } from '../names';
import { BanLine } from '../parts/ban';
import { More, usePages } from '../parts/more';
import { Time } from '../parts/time';
import type { Appeal, Me } from '../types';
import { short } from '../words';

export function Appeals({ me, decides, onDone }: { me: Me; decides: boolean; onDone: () => void }) {
  const [open, setOpen] = useState(true);
  const [turn, setTurn] = useState(0);
  const pages = usePages((before) => api.appeals(open ? 'open' : '', before).then((a) => a.appeals), `${open} ${turn}`);
  return (
    <main class="sheet" id="main" tabIndex={-1}>
      <div class="row"><h1 class="grow">Appeals</h1>
        <label class="check"><input type="checkbox" checked={open} onChange={(e) => setOpen(e.currentTarget.checked)} /> only those that wait</label></div>
      <p class="problem" role="alert">{pages.problem}</p>
      {pages.all?.length === 0 && <div class="empty"><p class="empty-title">{open ? 'No appeal is waiting.' : 'There are no appeals.'}</p></div>}
      {pages.all?.map((a) => <AppealCard key={a.id} appeal={a} me={me} decides={decides} onDone={() => { setTurn(turn + 1); onDone(); }} />)}
      <More pages={pages} />
    </main>
  );
}

function AppealCard({ appeal: a, me, decides, onDone }: { appeal: Appeal; me: Me; decides: boolean; onDone: () => void }) {
  const name = useName();
  const [answer, setAnswer] = useState('');
  const [lift, setLift] = useState(true);
  const { busy, problem, run } = useAction();
  const send = (accept: boolean) => run(async () => {
    await api.answer(a.id, accept, accept && lift, answer.trim());
    onDone();
  });
  const networkOnly = a.ban !== undefined && !a.ban.user && a.ban.network;
  return (
    <article class="card stack" data-testid="appeal">
      <header class="report-head"><h2>Appeal of <span title={a.user}>{short(a.user)}</span></h2><span class="hint"><Time at={a.at} /></span></header>
      <blockquote class="said"><bdi dir="auto">{a.text}</bdi></blockquote>
      {a.ban ? <p class="hint"><BanLine ban={a.ban} /></p> : <p class="hint">The ban is over and forgotten.</p>}
      {a.status !== 'open' && <p>{a.status} by {name(a.decided_by)}{a.decided && <>, <Time at={a.decided} /></>}: <bdi dir="auto">{a.answer}</bdi></p>}
      {a.status === 'open' && decides && (
        <div class="stack">
          {a.ban?.by === me.id && <p class="hint">You made this ban: a colleague answers, unless there is none.</p>}
          <label class="field"><span class="label">Answer to the person</span>
            <textarea class="textarea" data-testid="answer" rows={2} maxLength={1000} required value={answer} onInput={(e) => setAnswer(e.currentTarget.value)} /></label>
          {a.ban?.network && <label class="check"><input type="checkbox" checked={lift} onChange={(e) => setLift(e.currentTarget.checked)} /> {networkOnly ? 'open the network for everybody, not only for this person' : 'lift the whole ban, the network’s too'}</label>}
          <div class="row">
            <button class="button is-primary" data-testid="accept" disabled={busy || !answer.trim()} onClick={() => send(true)}>Accept: let the person in</button>
            <button class="button" data-testid="refuse" disabled={busy || !answer.trim()} onClick={() => send(false)}>Refuse</button>
          </div>
          <p class="problem" role="alert">{problem}</p>
        </div>
      )}
    </article>
  );
}
