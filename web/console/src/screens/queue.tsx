import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { useAction, useLoaded } from '../hooks';
import { useKeys } from '../keys';
import { useName } from '../names';
import { Time } from '../parts/time';
import type { Case, Me } from '../types';
import { count, reasonOf, short } from '../words';
import { CasePane } from './case';

/** Reported people on the left, one of them on the right. */
export function Queue({ me, open, decides, onDone }: { me: Me; open: string; decides: boolean; onDone: () => void }) {
  const queue = useLoaded(api.queue, 'queue', 10_000);
  const [undo, setUndo] = useState<{ ticket: string; said: string } | null>(null);
  const back = useAction();
  const cases = queue.value?.cases ?? [];
  const at = cases.findIndex((c) => c.person === open);
  const go = (to: number) => { const c = cases[Math.max(0, Math.min(cases.length - 1, to))]; if (c) show(c.person); };
  const takeBack = () => undo && back.run(async () => {
    await api.undo(undo.ticket);
    setUndo(null);
    queue.reload();
    onDone();
  });
  useKeys({
    j: () => go(at + 1), ArrowDown: () => go(at + 1), k: () => go(at < 0 ? 0 : at - 1), ArrowUp: () => go(at < 0 ? 0 : at - 1),
    u: undo ? takeBack : undefined, Escape: open ? () => show('') : undefined,
  });
  const was = useRef(open);
  useEffect(() => {
    if (was.current && !open) document.getElementById('main')?.focus();
    was.current = open;
  }, [open]);
  useEffect(() => {
    if (!undo) return;
    const timer = setTimeout(() => setUndo(null), 58_000);
    return () => clearTimeout(timer);
  }, [undo]);
  const decided = (said: string, ticket: string) => {
    setUndo({ said, ticket });
    const next = cases[at + 1] ?? cases[at - 1];
    show(next?.person ?? '');
    queue.reload();
    onDone();
  };
  return (
    <main class="split" id="main" tabIndex={-1} data-open={open ? 'true' : 'false'}>
      <h1 class="unseen">Reports</h1>
      <section class="side" aria-label="Reported people">
        <p class="problem" role="alert">{queue.problem || back.problem}</p>
        {queue.value && cases.length === 0 && <Empty />}
        <ol class="cases" data-testid="cases">
          {cases.map((c) => <CaseRow key={c.person} c={c} me={me} current={c.person === open} />)}
        </ol>
        {queue.value?.more && <p class="hint">There are more: they show when some of these are decided.</p>}
        {cases.length > 0 && <p class="hint keys-hint"><kbd>J</kbd> <kbd>K</kbd> to move, <kbd>Esc</kbd> to close</p>}
      </section>
      {open ? <CasePane key={open} person={open} me={me} decides={decides} onDecided={decided} /> : cases.length > 0 && <p class="middle hint">Choose somebody on the left, or press <kbd>J</kbd>.</p>}
      <div class="toast" role="status" data-testid="toast">
        {undo && <><span>{undo.said}</span><button class="button is-small" data-testid="undo" disabled={back.busy} onClick={takeBack}>Undo <kbd>U</kbd></button></>}
      </div>
    </main>
  );
}

function show(person: string) {
  location.hash = person ? `queue/${encodeURIComponent(person)}` : 'queue';
}

function Empty() {
  return <div class="empty"><p class="empty-title">Nobody is waiting.</p><p class="hint">New reports show here by themselves.</p></div>;
}

function CaseRow({ c, me, current }: { c: Case; me: Me; current: boolean }) {
  const name = useName();
  const row = useRef<HTMLAnchorElement>(null);
  useEffect(() => { if (current) row.current?.scrollIntoView({ block: 'nearest' }); }, [current]);
  const taken = c.claimed_by && c.claimed_by !== me.id;
  return (
    <li>
      <a ref={row} class="case-row" data-testid="case" data-severity={Math.min(c.severity, 3)} href={`#queue/${encodeURIComponent(c.person)}`} aria-current={current ? 'true' : undefined}>
        <span class="case-reasons">{c.reasons.map(reasonOf).join(', ')}</span>
        <span class="case-line">
          <span title={c.person}>{short(c.person)}</span>
          <span>{count(c.reports, 'report')} by {count(c.reporters, 'person', 'people')}</span>
          <span><Time at={c.oldest} /></span>
        </span>
        {taken && <span class="badge">with {name(c.claimed_by)}</span>}
      </a>
    </li>
  );
}
