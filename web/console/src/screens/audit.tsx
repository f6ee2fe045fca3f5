import { useEffect, useState } from 'preact/hooks';
import { api } from '../api';
import { told, useAction } from '../hooks';
import { useName } from '../names';
import type { Entry, Head } from '../types';
import { exact } from '../words';

export function Audit() {
  const [entries, setEntries] = useState<Entry[] | null>(null);
  const [problem, setProblem] = useState('');
  const [head, setHead] = useState<Head | null>(null);
  const [kept, setKept] = useState('');
  const check = useAction();
  const name = useName();
  const load = (before?: number) => api.audit(before).then((a) => setEntries((old) => [...(before ? old ?? [] : []), ...a.entries]), (e) => setProblem(told(e)));
  useEffect(() => void load(), []);
  const verify = () => check.run(async () => {
    const [seq, hash] = kept.trim().split(/\s+/);
    setHead(await api.verify(Number(seq) || 0, hash ?? ''));
  });
  return (
    <main class="sheet" id="main" tabIndex={-1}>
      <h1>Audit log</h1>
      <form class="card stack" onSubmit={(e) => { e.preventDefault(); verify(); }}>
        <p class="hint">Each entry carries a code over itself and the one before. Keep the last number and code elsewhere: with them it shows later whether the end was cut off.</p>
        <div class="row">
          <label class="field grow"><span class="label">Number and code that you kept (may be empty)</span>
            <input class="input" autocomplete="off" spellcheck={false} value={kept} onInput={(e) => setKept(e.currentTarget.value)} /></label>
          <button class="button" data-testid="verify" disabled={check.busy}>Verify</button>
        </div>
        <p class="problem" role="alert">{check.problem}{head && !head.ok && `The log was changed: ${head.fault}`}</p>
        {head?.ok && <p role="status" data-testid="verified">The log holds. Last: <code>{head.seq} {head.hash}</code></p>}
      </form>
      <p class="problem" role="alert">{problem}</p>
      {entries && (
        <table class="table" data-testid="audit">
          <thead><tr><th>No.</th><th>When</th><th>Who</th><th>What</th><th>About</th><th>Detail</th></tr></thead>
          <tbody>{entries.map((e) => <tr key={e.seq}><td>{e.seq}</td><td>{exact(e.at)}</td><td>{name(e.actor)}</td><td>{e.action}</td><td class="break">{target(e.target, name)}</td><td class="break hint">{words(e.detail)}</td></tr>)}</tbody>
        </table>
      )}
      {entries && entries.length % 100 === 0 && entries.length > 0 && <button class="button" onClick={() => void load(entries.at(-1)!.seq)}>Older ones</button>}
    </main>
  );
}

const target = (t: string, name: (id?: string) => string) => (t.startsWith('moderator:') ? name(t.slice(10)) : t);

function words(detail: unknown): string {
  if (!detail || typeof detail !== 'object') return '';
  return Object.entries(detail).filter(([, v]) => v !== '' && v !== false && v !== null).map(([k, v]) => `${k}: ${Array.isArray(v) ? v.join(' ') : v}`).join(', ');
}
