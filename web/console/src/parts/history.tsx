import { useName } from '../names';
import type { Me, Person } from '../types';
import { count, decisions, reasonOf, span } from '../words';
import { BanLine } from './ban';
import { Time } from './time';

/** What happened to somebody before, and when he talked: never what was said. */
export function History({ person: p }: { person: Person; me: Me }) {
  const name = useName();
  return (
    <details class="card history" open={p.bans.length > 0 || p.decided.length > 0}>
      <summary>History: {count(p.bans.length, 'ban')}, {count(p.decided.length, 'decided report')}, {count(p.chats.length, 'conversation')} of late</summary>
      {p.bans.length > 0 && <ul class="plain">{p.bans.map((b) => <li key={b.id}><BanLine ban={b} /></li>)}</ul>}
      {p.decided.length > 0 && (
        <ul class="plain">
          {p.decided.map((r) => (
            <li key={r.id}>{reasonOf(r.reason)}: {decisions[r.decision ?? ''] ?? r.status} by {name(r.decided_by)}{r.decided && <>, <Time at={r.decided} /></>}{r.note && <>: <bdi dir="auto">{r.note}</bdi></>}</li>
          ))}
        </ul>
      )}
      {p.appeals.length > 0 && <ul class="plain">{p.appeals.map((a) => <li key={a.id}>Appeal {a.status}, <Time at={a.at} />: <bdi dir="auto">{a.text}</bdi></li>)}</ul>}
      {p.chats.length > 0 && (
        <table class="table">
          <thead><tr><th>Conversation</th><th>Began</th><th>Lasted</th><th>Ended by</th><th>Tags</th></tr></thead>
          <tbody>
            {p.chats.map((c) => (
              <tr key={c.id}><td>{c.mode}</td><td><Time at={c.started} /></td><td>{lasted(c.started, c.ended)}</td><td>{c.reason ?? '–'}</td><td><bdi dir="auto">{c.tags.join(', ') || '–'}</bdi></td></tr>
            ))}
          </tbody>
        </table>
      )}
    </details>
  );
}

function lasted(from: string, to?: string): string {
  if (!to) return '–';
  return span(Math.max(0, Date.parse(to) - Date.parse(from)) / 1000);
}
