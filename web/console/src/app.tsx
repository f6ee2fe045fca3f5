import { useCallback, useEffect, useState } from 'preact/hooks';
import { api, onSignedOut } from './api';
import { told } from './hooks';
import { AccountScreen } from './screens/account';
import { Desk } from './screens/desk';
import { SignIn } from './screens/sign-in';
import type { Me } from './types';

export function App() {
  const [me, setMe] = useState<Me | null>(null);
  const [problem, setProblem] = useState('');
  const ask = useCallback(() => {
    api.session().then((m) => { setMe(m); setProblem(''); }, (e) => setProblem(told(e)));
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
