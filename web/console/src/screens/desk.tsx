import { useEffect, useRef } from 'preact/hooks';
import { api } from '../api';
import { useAction, useHash, useLoaded } from '../hooks';
import { useKeys, useKeysOn } from '../keys';
import { Names } from '../names';
import { Mark } from '../parts/mark';
import type { Figures, Me } from '../types';
import { number } from '../words';
import { AccountScreen } from './account';
import { Appeals } from './appeals';
import { Audit } from './audit';
import { Bans } from './bans';
import { Members } from './members';
import { Queue } from './queue';

const every = 10_000;

/** The console of somebody who is signed in: places above, one of them below. */
export function Desk({ me, onChanged }: { me: Me; onChanged: () => void }) {
  const [place, rest] = useHash();
  const names = useLoaded(api.colleagues, 'names', 60_000);
  const figures = useLoaded(api.figures, 'figures', every);
  const places: [string, string, string][] = [['queue', 'Reports', 'g'], ['appeals', 'Appeals', 'p'], ['bans', 'Bans', 'b']];
  if (me.role === 'admin') places.push(['audit', 'Audit log', 'l'], ['members', 'Moderators', 'm']);
  places.push(['account', 'Account', 'a']);
  const here = places.some(([name]) => name === place) ? place : 'queue';
  useKeys(Object.fromEntries(places.map(([name, , key]) => [key, () => { location.hash = name; }])));
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) document.getElementById('main')?.focus();
    first.current = false;
    document.title = `${places.find(([name]) => name === here)?.[1]} · Passerby moderators`;
  }, [here]);
  const decides = me.role !== 'viewer';
  return (
    <Names.Provider value={{ ...names.value?.names, [me.id ?? '']: 'you' }}>
      <header class="top">
        <a class="skip" href="#main" onClick={(e) => { e.preventDefault(); document.getElementById('main')?.focus(); }}>To the content</a>
        <span class="brand"><Mark /><span class="brand-name">Passerby</span></span>
        <nav aria-label="Places">
          {places.map(([name, title, key]) => (
            <a key={name} href={`#${name}`} data-testid={`place-${name}`} aria-current={name === here ? 'page' : undefined} aria-keyshortcuts={key}>
              {title}{name === 'queue' && count(figures.value?.reports_open)}{name === 'appeals' && count(figures.value?.appeals_open)}
            </a>
          ))}
        </nav>
        <Who me={me} onOut={onChanged} />
      </header>
      <FiguresStrip figures={figures.value} />
      {here === 'queue' && <Queue me={me} open={rest} decides={decides} onDone={figures.reload} />}
      {here === 'appeals' && <Appeals me={me} decides={decides} onDone={figures.reload} />}
      {here === 'bans' && <Bans decides={decides} onDone={figures.reload} />}
      {here === 'audit' && <Audit />}
      {here === 'members' && <Members me={me} onChanged={names.reload} />}
      {here === 'account' && <AccountScreen onChanged={onChanged} />}
    </Names.Provider>
  );
}

const count = (n?: number) => (n ? <span class="count">{number(n)}<span class="unseen"> waiting</span></span> : null);

function Who({ me, onOut }: { me: Me; onOut: () => void }) {
  const { busy, run } = useAction();
  const [keysOn, setKeysOn] = useKeysOn();
  return (
    <span class="who">
      <label class="check"><input type="checkbox" checked={keysOn} onChange={(e) => setKeysOn(e.currentTarget.checked)} /> Keys</label>
      <span class="who-name" data-testid="who">{me.name} <span class="hint">{me.role}</span></span>
      <button class="button is-small" data-testid="sign-out" disabled={busy} onClick={() => run(async () => { await api.signOut(); onOut(); })}>Sign out</button>
    </span>
  );
}

function FiguresStrip({ figures: f }: { figures: Figures | null }) {
  const shown: [string, number | undefined][] = [
    ['online', f?.online], ['wait for video', f?.waiting_video], ['wait for text', f?.waiting_text], ['talk', f?.matched],
    ['matches a minute', f ? Math.round(f.matches_per_minute * 10) / 10 : undefined], ['reports an hour', f?.reports_hour], ['banned', f?.bans_active],
  ];
  return (
    <section aria-label="Live figures">
      <dl class="figures" data-testid="figures">
        {shown.map(([name, n]) => <div key={name}><dt>{name}</dt><dd>{n === undefined ? '–' : number(n)}</dd></div>)}
      </dl>
    </section>
  );
}
