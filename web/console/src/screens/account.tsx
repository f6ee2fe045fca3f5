import { useState } from 'preact/hooks';
import { api } from '../api';
import { useAction, useLoaded } from '../hooks';
import { Mark } from '../parts/mark';
import { Time } from '../parts/time';
import { hasPasskeys, makePasskey } from '../passkey';
import type { Account } from '../types';

/** One's own account; at the first sign-in (`setup`) the only screen there is, until the account is complete. */
export function AccountScreen({ setup = false, onChanged, onSignOut }: { setup?: boolean; onChanged: () => void; onSignOut?: () => void }) {
  const { value: account, problem, reload } = useLoaded(api.account, 'account');
  const changed = () => { reload(); onChanged(); };
  const out = useAction();
  return (
    <main class={setup ? 'alone' : 'sheet'} id="main" tabIndex={-1}>
      {setup ? <header class="brand"><Mark /><h1>Complete your account</h1></header> : <h1>Account</h1>}
      {setup && <p class="hint">Set a password and a second factor, or make a passkey, which is both in one.</p>}
      <p class="problem" role="alert">{problem}</p>
      {account && <>
        <PasskeyPart account={account} onChanged={changed} />
        <PasswordPart account={account} setup={setup} onChanged={changed} />
        <CodePart account={account} onChanged={changed} />
      </>}
      {setup && <button class="button is-plain" onClick={() => out.run(async () => { await api.signOut(); onSignOut?.(); })}>Sign out</button>}
    </main>
  );
}

function PasskeyPart({ account, onChanged }: { account: Account; onChanged: () => void }) {
  const { busy, problem, run } = useAction();
  const add = () => run(async () => {
    const { options, ticket } = await api.offerPasskey();
    await api.setPasskey(ticket, navigator.platform || 'passkey', await makePasskey(options));
    onChanged();
  });
  return (
    <section class="card stack">
      <h2>Passkeys</h2>
      <ul class="plain">
        {account.ways.passkeys.map((k) => (
          <li class="row" key={k.id}>
            <span class="grow">{k.label}, made <Time at={k.added} />{k.used && <>, used <Time at={k.used} /></>}</span>
            <button class="button is-small" disabled={busy} onClick={() => run(async () => { await api.removePasskey(k.id); onChanged(); })}>Remove</button>
          </li>
        ))}
      </ul>
      {hasPasskeys()
        ? <button class="button" data-testid="add-passkey" disabled={busy} onClick={add}>Make a passkey on this device</button>
        : <p class="hint">This browser has none here.</p>}
      <p class="problem" role="alert">{problem}</p>
    </section>
  );
}

function PasswordPart({ account, setup, onChanged }: { account: Account; setup: boolean; onChanged: () => void }) {
  const [old, setOld] = useState('');
  const [password, setPassword] = useState('');
  const [done, setDone] = useState(false);
  const { busy, problem, run } = useAction();
  const needsOld = !setup && account.ways.password;
  const send = () => run(async () => {
    await api.setPassword(old, password);
    setOld('');
    setPassword('');
    setDone(true);
    onChanged();
  });
  return (
    <section class="card">
      <form class="stack" onSubmit={(e) => { e.preventDefault(); send(); }}>
        <h2>Password {account.ways.password && <span class="mark-ok">set</span>}</h2>
        {needsOld && <label class="field"><span class="label">Present password</span>
          <input class="input" type="password" autocomplete="current-password" required value={old} onInput={(e) => setOld(e.currentTarget.value)} /></label>}
        <label class="field"><span class="label">New password, 12 characters or more</span>
          <input class="input" data-testid="new-password" type="password" autocomplete="new-password" minLength={12} required value={password} onInput={(e) => setPassword(e.currentTarget.value)} /></label>
        <button class="button" data-testid="set-password" disabled={busy}>Set password</button>
        <p class="problem" role="alert">{problem}</p>
        {done && !problem && <p class="hint" role="status">The password is set. Other browsers were signed out.</p>}
      </form>
    </section>
  );
}

function CodePart({ account, onChanged }: { account: Account; onChanged: () => void }) {
  const [offer, setOffer] = useState<{ secret: string; url: string; qr: string; ticket: string } | null>(null);
  const [code, setCode] = useState('');
  const { busy, problem, run } = useAction();
  return (
    <section class="card stack">
      <h2>Authenticator app {account.ways.totp && <span class="mark-ok">set</span>}</h2>
      {!offer
        ? <button class="button" data-testid="add-code" disabled={busy} onClick={() => run(async () => setOffer(await api.offerCode()))}>{account.ways.totp ? 'Change it' : 'Set it up'}</button>
        : (
          <form class="stack" onSubmit={(e) => { e.preventDefault(); run(async () => { await api.setCode(offer.ticket, code); setOffer(null); setCode(''); onChanged(); }); }}>
            <img class="qr" src={offer.qr} width={232} height={232} alt="Code to scan with an authenticator app; the same as the secret below" />
            <p>Or type this secret: <code data-testid="secret">{offer.secret}</code></p>
            <label class="field"><span class="label">The code that the app shows</span>
              <input class="input is-code" data-testid="new-code" inputMode="numeric" autocomplete="one-time-code" maxLength={6} required value={code} onInput={(e) => setCode(e.currentTarget.value.replace(/\D/g, ''))} /></label>
            <button class="button is-primary" data-testid="set-code" disabled={busy || code.length !== 6}>Finish</button>
          </form>
        )}
      <p class="problem" role="alert">{problem}</p>
    </section>
  );
}
