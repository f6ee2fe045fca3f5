import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api';
import { useLoaded, useAction } from '../hooks';
import { useName } from '../names';
import { History } from '../parts/history';
import { ReportCard } from '../parts/report';
import { Time } from '../parts/time';
import type { Me, Person } from '../types';
import { count, number, short } from '../words';
import { DecidePanel } from './decide';

interface Props {
  person: string;
  me: Me;
  decides: boolean;
  onDecided: (said: string, undo: string) => void;
}

/** What became of earlier reports. */
function decidedOf({ acted, dismissed }: Person['counts']): string {
  const parts = [acted > 0 && `${number(acted)} acted on`, dismissed > 0 && `${number(dismissed)} dismissed`].filter(Boolean);
  return parts.length ? `: ${parts.join(', ')}` : '';
}

/** One reported person: what is said, what is proven, what is known, what to do. Opening it takes it, so that no colleague decides it too. */
export function CasePane({ person, me, decides, onDecided }: Props) {
  const { value: p, problem, reload } = useLoaded(() => api.person(person), person);
  const claim = useAction();
  const name = useName();
  useEffect(() => {
    if (!decides) return;
    const take = () => claim.run(async () => { await api.claim(person); });
    take();
    const timer = setInterval(take, 4 * 60_000);
    return () => {
      clearInterval(timer);
      void api.release(person).catch(() => {});
    };
  }, [person, decides]);
  // Whoever walks by keys goes on from here, and a screen reader says who it is.
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), [p?.id]);
  if (!p) return <section class="pane"><p class="problem" role="alert">{problem}</p></section>;
  const taken = claim.problem !== '';
  return (
    <section class="pane" aria-label="Case" data-testid="pane">
      <header class="pane-head">
        <a class="button is-small back" href="#queue">Back</a>
        <h2 class="pane-name" ref={title} tabIndex={-1} title={p.id}>{short(p.id)}</h2>
        <p class="facts">
          {p.first && <span>first seen <Time at={p.first} /></span>}
          {p.last && <span>last seen <Time at={p.last} /></span>}
          <span>{count(p.counts.received, 'report')} by {count(p.counts.reporters, 'person', 'people')}{decidedOf(p.counts)}</span>
          <span>{p.counts.made === 0 ? 'has reported nobody' : `made ${count(p.counts.made, 'report')}, ${number(p.counts.made_acted)} acted on`}</span>
        </p>
      </header>
      <p class="problem" role="alert">{problem || claim.problem}{taken && p.claim && ` It is with ${name(p.claim.by)}.`}</p>
      {p.open.length === 0 && <p class="hint">All reports of this person are decided.</p>}
      {p.open.map((r) => <ReportCard key={r.id} report={r} />)}
      {decides && p.open.length > 0 && <DecidePanel person={p} disabled={taken} onDecided={onDecided} onStale={reload} />}
      {!decides && <p class="hint">You may look. A moderator decides.</p>}
      <History person={p} me={me} />
    </section>
  );
}
