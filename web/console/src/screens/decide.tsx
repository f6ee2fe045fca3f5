import { useState } from 'preact/hooks';
import { api, Failure } from '../api';
import { useAction } from '../hooks';
import { useKeys } from '../keys';
import type { Act, Person, Range } from '../types';
import { messages, reasonOf, reasons } from '../words';

interface Props {
  person: Person;
  disabled: boolean;
  onDecided: (said: string, undo: string) => void;
  onStale: () => void;
}

const bans: [number, string, string][] = [[1, '1 day', '1'], [7, '7 days', '7'], [30, '30 days', '3'], [0, 'For good', '0']];

const ranges: Range[] = ['', 'narrow', 'wide'];

/** One key, one decision, about all open reports that are shown. It can be taken back for a minute. */
export function DecidePanel({ person, disabled, onDecided, onStale }: Props) {
  const worst = [...person.open].sort((a, b) => b.severity - a.severity)[0]!.reason;
  const [reason, setReason] = useState(worst in reasons ? worst : 'other');
  const [message, setMessage] = useState<string | null>(null);
  const [note, setNote] = useState('');
  const [device, setDevice] = useState(true);
  const [range, setRange] = useState<Range>('');
  const { busy, problem, run } = useAction();
  const text = message ?? messages[reason] ?? '';

  const act = (kind: Act['kind'], days = 0, said: string) => {
    if (disabled) return;
    run(async () => {
      const ban = kind === 'ban';
      try {
        const done = await api.decide(person.id, {
          kind, days, reason: kind === 'dismiss' ? '' : reason, message: kind === 'dismiss' ? '' : text.trim(), note: note.trim(),
          reports: person.open.map((r) => r.id), device: ban && device, range: ban ? range : '',
        });
        onDecided(said, done.undo);
      } catch (e) {
        if (e instanceof Failure && e.code === 'decided') onStale();
        throw e;
      }
    });
  };
  const ban = (days: number, name: string) => () => act('ban', days, days ? `Banned for ${name}.` : 'Banned for good.');
  const dismiss = () => act('dismiss', 0, 'Dismissed.');
  const warn = () => act('warn', 0, 'Warned.');
  const further = () => setRange(ranges[(ranges.indexOf(range) + 1) % ranges.length]!);
  useKeys({ n: person.network ? further : undefined, d: dismiss, w: warn, ...Object.fromEntries(bans.map(([days, name, key]) => [key, ban(days, name)])) });

  return (
    <section class="card decide" aria-label="Decision">
      <div class="decide-fields">
        <label class="field"><span class="label">Reason</span>
          <select class="select" data-testid="reason" value={reason} onChange={(e) => setReason(e.currentTarget.value)}>
            {Object.keys(reasons).map((r) => <option key={r} value={r}>{reasonOf(r)}</option>)}
          </select></label>
        <label class="field is-wide"><span class="label">Message to the person</span>
          <textarea class="textarea" data-testid="message" rows={2} maxLength={1000} value={text} onInput={(e) => setMessage(e.currentTarget.value)} /></label>
        <label class="field is-wide"><span class="label">Note for colleagues</span>
          <input class="input" maxLength={2000} value={note} onInput={(e) => setNote(e.currentTarget.value)} /></label>
        <fieldset class="row">
          <legend class="label">A ban holds</legend>
          <label class="check"><input type="checkbox" checked={device} onChange={(e) => setDevice(e.currentTarget.checked)} /> the device</label>
          <label class="check">and <select class="select is-small" aria-label="and of the network" aria-keyshortcuts="n" data-testid="range" value={range} disabled={!person.network} onChange={(e) => setRange(e.currentTarget.value as Range)}>
            <option value="">no network</option>
            <option value="narrow">the address (IPv6: the /64)</option>
            <option value="wide">the addresses around it (/24, IPv6: /48)</option>
          </select> {person.network && <kbd>N</kbd>}</label>
          {!person.network && <span class="hint">The network is not known any more.</span>}
          {range && <span class="hint">Others may share it; 30 days at most.</span>}
        </fieldset>
      </div>
      <div class="row acts">
        <button class="button" data-testid="dismiss" aria-keyshortcuts="d" disabled={busy || disabled} onClick={dismiss}>Dismiss <kbd>D</kbd></button>
        <button class="button" data-testid="warn" aria-keyshortcuts="w" disabled={busy || disabled} onClick={warn}>Warn <kbd>W</kbd></button>
        <span class="acts-label" aria-hidden="true">Ban</span>
        {bans.map(([days, name, key]) => (
          <button key={days} class="button is-danger" data-testid={`ban-${days}`} aria-keyshortcuts={key} disabled={busy || disabled || (!device && !range) || (range !== '' && days === 0)} onClick={ban(days, name)}><span class="unseen">Ban: </span>{name} <kbd>{key}</kbd></button>
        ))}
      </div>
      <p class="problem" role="alert">{problem}</p>
    </section>
  );
}
