import { useState } from 'preact/hooks';
import { api } from '../api';
import { useAction, useLoaded } from '../hooks';
import { Time } from '../parts/time';
import type { Me, Member, OneTime, Role } from '../types';
import { exact } from '../words';

const roles: [Role, string][] = [['viewer', 'viewer: looks'], ['moderator', 'moderator: decides'], ['admin', 'admin: also adds people']];

export function Members({ me, onChanged }: { me: Me; onChanged: () => void }) {
  const { value, problem, reload } = useLoaded(api.moderators, 'members');
  const [told, setTold] = useState<{ name: string; one: OneTime } | null>(null);
  const changed = () => { reload(); onChanged(); };
  return (
    <main class="sheet" id="main" tabIndex={-1}>
      <h1>Moderators</h1>
      <p class="problem" role="alert">{problem}</p>
      {told && <p class="card" role="status">One-time password of <strong>{told.name}</strong>: <code data-testid="one-time">{told.one.password}</code><br /><span class="hint">Shown once, good until {exact(told.one.until)}. Hand it over in person or by a safe way.</span></p>}
      {value && (
        <table class="table" data-testid="members">
          <thead><tr><th>Name</th><th>Role</th><th>Signs in by</th><th>Since</th><th><span class="unseen">Change</span></th></tr></thead>
          <tbody>{value.moderators.map((m) => <MemberRow key={m.id} m={m} me={me} onChanged={changed} onOneTime={(one) => setTold({ name: m.name, one })} />)}</tbody>
        </table>
      )}
      <AddMember onAdded={(name, one) => { setTold({ name, one }); changed(); }} />
    </main>
  );
}

function MemberRow({ m, me, onChanged, onOneTime }: { m: Member; me: Me; onChanged: () => void; onOneTime: (one: OneTime) => void }) {
  const { busy, problem, run } = useAction();
  const change = (role: Role, disabled: boolean) => run(async () => { await api.changeModerator(m.id, role, disabled); onChanged(); });
  const ways = [m.ways.password && 'password', m.ways.totp && 'app', m.ways.passkeys.length > 0 && 'passkey', m.ways.oidc && 'organisation', m.ways.one_time && 'one-time password'].filter(Boolean);
  return (
    <tr data-off={m.disabled}>
      <td>{m.name}{m.id === me.id && ' (you)'}</td>
      <td><select class="select is-small" aria-label={`Role of ${m.name}`} disabled={busy} value={m.role} onChange={(e) => change(e.currentTarget.value as Role, m.disabled)}>{roles.map(([r]) => <option key={r} value={r}>{r}</option>)}</select></td>
      <td>{ways.join(', ') || 'nothing'}</td>
      <td><Time at={m.created} /></td>
      <td class="row">
        <button class="button is-small" disabled={busy} onClick={() => change(m.role, !m.disabled)}>{m.disabled ? 'Let in again' : 'Bar'}</button>
        <button class="button is-small" disabled={busy} onClick={() => run(async () => { onOneTime(await api.resetModerator(m.id)); onChanged(); })}>New one-time password</button>
        <span class="problem" role="alert">{problem}</span>
      </td>
    </tr>
  );
}

function AddMember({ onAdded }: { onAdded: (name: string, one: OneTime) => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('moderator');
  const { busy, problem, run } = useAction();
  return (
    <form class="card row" onSubmit={(e) => { e.preventDefault(); run(async () => { onAdded(name, await api.addModerator(name, role)); setName(''); }); }}>
      <label class="field grow"><span class="label">Name; with OpenID Connect the e-mail address</span>
        <input class="input" data-testid="add-name" autocomplete="off" autocapitalize="none" required value={name} onInput={(e) => setName(e.currentTarget.value)} /></label>
      <label class="field"><span class="label">Role</span>
        <select class="select" data-testid="add-role" value={role} onChange={(e) => setRole(e.currentTarget.value as Role)}>{roles.map(([r, title]) => <option key={r} value={r}>{title}</option>)}</select></label>
      <button class="button is-primary" data-testid="add" disabled={busy}>Add</button>
      <p class="problem" role="alert">{problem}</p>
    </form>
  );
}
