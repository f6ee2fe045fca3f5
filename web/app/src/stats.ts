import { useEffect, useState } from 'preact/hooks';

/** The answer of `GET /v1/stats`: real numbers or none. */
export interface Stats {
  online: number;
  waiting: { video: number; text: number };
  matched: number;
}

const interval = 8000;

/** Live counts while the page is visible; null until known and when the server does not tell. */
export function useStats(): Stats | null {
  const [stats, setStats] = useState<Stats | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      if (document.hidden) return;
      try {
        const answer = await fetch('/v1/stats', { signal: abort.signal });
        setStats(answer.ok ? ((await answer.json()) as Stats) : null);
      } catch {
        if (!abort.signal.aborted) setStats(null);
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), interval);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, []);
  return stats;
}
