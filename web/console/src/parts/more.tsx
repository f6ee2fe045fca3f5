import { useEffect, useState } from 'preact/hooks';
import { told } from '../hooks';

export interface Pages<T> {
  all: T[] | null;
  problem: string;
  more: (() => void) | null;
}

const full = 50;

/** A list that comes in pages of fifty, from its newest on. `key` says when it is another list. */
export function usePages<T extends { id: string }>(load: (before?: string) => Promise<T[]>, key: string): Pages<T> {
  const [all, setAll] = useState<T[] | null>(null);
  const [last, setLast] = useState(0);
  const [problem, setProblem] = useState('');
  const turn = (before: string | undefined, old: T[], stale = () => false) => load(before).then(
    (next) => { if (!stale()) { setAll([...old, ...next]); setLast(next.length); setProblem(''); } },
    (e) => { if (!stale()) setProblem(told(e)); },
  );
  useEffect(() => {
    let gone = false;
    void turn(undefined, [], () => gone);
    return () => { gone = true; };
  }, [key]);
  return { all, problem, more: all && last >= full ? () => void turn(all.at(-1)!.id, all) : null };
}

export function More<T>({ pages }: { pages: Pages<T> }) {
  return pages.more && <button class="button" onClick={pages.more}>Older ones</button>;
}
