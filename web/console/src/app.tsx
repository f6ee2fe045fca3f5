import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { api, onSignedOut } from './api';
import { told } from './hooks';
import { AccountScreen } from './screens/account';
import { Desk } from './screens/desk';
import { SignIn } from './screens/sign-in';
import type { Me } from './types';

export function App() {
  const [me, setMe] = useState<Me | null>(null);
  const [problem, setProblem] = useState('');
  const asked = useRef(0);
  const ask = useCallback(() => {
    const turn = ++asked.current; // an answer that a later one has overtaken is old
    const latest = (fn: () => void) => turn === asked.current && fn();
    api.session().then((m) => latest(() => { setMe(m); setProblem(''); }), (e) => latest(() => setProblem(told(e))));
  }, []);
  useEffect(() => {
    onSignedOut(ask);
    ask();
  }, [ask]);
  if (!me) return problem ? <main class="alone"><p class="problem" role="alert">{problem}</p><button class="button" onClick={ask}>Try again</button></main> : null;
  if (!me.signed_in) return <SignIn oidc={me.oidc} onDone={ask} />;
  if (me.stage !== 'full') return <AccountScreen setup onChanged={ask} onSignOut={ask} />;
  return <Desk me={me} onChanged={ask} />;
}
