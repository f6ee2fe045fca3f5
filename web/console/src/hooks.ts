import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { Failure } from './api';

export interface Loaded<T> {
  value: T | null;
  problem: string;
  reload: () => void;
}

/** Loads something now, each time that `key` changes, and every `every` milliseconds while the page is seen. */
export function useLoaded<T>(load: () => Promise<T>, key: string, every = 0): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; problem: string }>({ key, value: null, problem: '' });
  const [turn, setTurn] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    let stale = false;
    loader.current().then(
      (value) => { if (!stale) setState({ key, value, problem: '' }); },
      (e) => { if (!stale) setState((old) => ({ key, value: old.key === key ? old.value : null, problem: told(e) })); },
    );
    return () => { stale = true; };
  }, [key, turn]);
  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => { if (document.visibilityState === 'visible') setTurn((t) => t + 1); }, every);
    return () => clearInterval(timer);
  }, [every]);
  const reload = useCallback(() => setTurn((t) => t + 1), []);
  return { value: state.key === key ? state.value : null, problem: state.problem, reload };
}

/** The sentence of a failure. */
export function told(e: unknown): string {
  if (e instanceof Failure) return e.message;
  if (e instanceof DOMException && e.name === 'NotAllowedError') return 'The passkey was not used. Try again.';
  console.error(e);
  return 'Something went wrong in this page. Reload it.';
}

/** Runs one action at a time and keeps what went wrong. */
export function useAction(): { busy: boolean; problem: string; run: (act: () => Promise<void>) => void } {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const running = useRef(false);
  const run = useCallback((act: () => Promise<void>) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setProblem('');
    act().catch((e) => setProblem(told(e))).finally(() => {
      running.current = false;
      setBusy(false);
    });
  }, []);
  return { busy, problem, run };
}

/** The part of the address after #, such as queue/ID. */
export function useHash(): [string, string] {
  const read = () => decodeURIComponent(location.hash.slice(1));
  const [hash, setHash] = useState(read);
  useEffect(() => {
    const changed = () => setHash(read());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const cut = hash.indexOf('/');
  return cut < 0 ? [hash, ''] : [hash.slice(0, cut), hash.slice(cut + 1)];
}
