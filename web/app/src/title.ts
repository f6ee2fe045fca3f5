import { useEffect, useState } from 'preact/hooks';
import { t } from './strings';
import type { View } from './view';

/** The title of the page tells those who look at another tab: a match, a message. */
export function useTitle(view: View): void {
  const [hidden, setHidden] = useState(document.hidden);
  const [seen, setSeen] = useState(0);
  const received = view.lines.filter((line) => line.from === 'partner').length;
  useEffect(() => {
    const changed = () => setHidden(document.hidden);
    document.addEventListener('visibilitychange', changed);
    return () => document.removeEventListener('visibilitychange', changed);
  }, []);
  useEffect(() => void ((!hidden || received === 0) && setSeen(received)), [hidden, received]);
  const unread = hidden ? received - seen : 0;
  const title = titleOf(view, unread);
  useEffect(() => void (document.title = title), [title]);
}

function titleOf(view: View, unread: number): string {
  if (view.trouble) return t.title.error;
  if (view.state === 'idle') return t.title.idle;
  if (view.match) return unread > 0 ? t.title.unread(unread) : t.title.matched;
  if (view.state === 'ended') return t.title.ended;
  return t.title.waiting;
}
