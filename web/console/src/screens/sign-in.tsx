import { useEffect, useRef, useState } from 'preact/hooks';
import { api } from '../api';
import { useAction } from '../hooks';
import { Mark } from '../parts/mark';
import { hasPasskeys, showPasskey } from '../passkey';

export function SignIn({ oidc, onDone }: { oidc: boolean; onDone: () => void }) {
  const [ticket, setTicket] = useState('');
  const [hint, setHint] = useState(location.search.includes('refused=oidc') ? 'The provider’s word was not enough: ask an admin whether you are a member.' : '');
  const { busy, problem, run } = useAction();

  const byPasskey = () => run(async () => {
    const { options, ticket } = await api.askPasskey();
    await api.passkey(ticket, await showPasskey(options));
    onDone();
  });
  const byPassword = (name: string, password: string) => run(async () => {
    setHint('');
    const step = await api.password(name, password);
    if (step.next === 'code') setTicket(step.ticket ?? '');
    else if (step.next === 'passkey') setHint('This account signs in with its passkey.');
    else onDone();
  });
  const byCode = (code: string) => run(async () => {
    await api.code(ticket, code);
    onDone();
  });
  const byProvider = () => run(async () => location.assign((await api.askOIDC()).url));

  return (
    <main class="alone">
      <header class="brand"><Mark /><h1>Moderators</h1></header>
      {!isSecureContext && <p class="problem" role="alert">Sign-in works over HTTPS alone (and on localhost).</p>}
      {ticket ? <CodeForm busy={busy} onCode={byCode} onBack={() => setTicket('')} /> : <PasswordForm busy={busy} onPassword={byPassword} />}
      <p class="problem" role="alert">{problem}</p>
      {hint && <p class="hint" role="status">{hint}</p>}
      {!ticket && (
        <div class="row">
          {hasPasskeys() && <button type="button" class="button" disabled={busy} onClick={byPasskey} data-testid="by-passkey">Sign in with a passkey</button>}
          {oidc && <button type="button" class="button" disabled={busy} onClick={byProvider} data-testid="by-oidc">Sign in with your organisation</button>}
        </div>
      )}
    </main>
  );
}

function PasswordForm({ busy, onPassword }: { busy: boolean; onPassword: (name: string, password: string) => void }) {
  const [name, setName] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const [password, setPassword] = useState('');
  return (
    <form class="stack" onSubmit={(e) => { e.preventDefault(); onPassword(name, password); }}>
      <label class="field"><span class="label">Name</span>
        <input ref={field} class="input" data-testid="name" autocomplete="username" autocapitalize="none" spellcheck={false} required value={name} onInput={(e) => setName(e.currentTarget.value)} />
      </label>
      <label class="field"><span class="label">Password</span>
        <input class="input" data-testid="password" type="password" autocomplete="current-password" required value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
      </label>
      <button class="button is-primary" data-testid="sign-in" disabled={busy}>Sign in</button>
    </form>
  );
}

function CodeForm({ busy, onCode, onBack }: { busy: boolean; onCode: (code: string) => void; onBack: () => void }) {
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form class="stack" onSubmit={(e) => { e.preventDefault(); onCode(code); }}>
      <label class="field"><span class="label">Code from your authenticator app</span>
        <input ref={field} class="input is-code" data-testid="code" inputMode="numeric" autocomplete="one-time-code" maxLength={6} required value={code} onInput={(e) => setCode(e.currentTarget.value.replace(/\D/g, ''))} />
      </label>
      <div class="row">
        <button class="button is-primary" data-testid="send-code" disabled={busy || code.length !== 6}>Go on</button>
        <button type="button" class="button is-plain" onClick={onBack}>Back</button>
      </div>
    </form>
  );
}
