/** Proof of work: asked for only while the server is under attack, so the Worker that does it is fetched only then. */
import type { Challenge, Proof } from './protocol';

/** More numbers than this are not tried: a phone would be at it for a minute. The server asks for at most 1.6 million. */
const MOST = 20_000_000;

/** Solves a challenge. `share` is told how much was tried, 0–1. Rejects when the Worker does not start or there is no solution. */
export type Prove = (challenge: Challenge, share: (done: number) => void, signal: AbortSignal) => Promise<Proof>;

export function proveIn(url: () => string | URL): Prove {
  return async (challenge, share, signal) => {
    const { algorithm, maxnumber, signature, salt, challenge: target } = challenge;
    if (algorithm !== 'SHA-256' || !(maxnumber <= MOST)) throw new Error('a puzzle that this version does not know');
    const worker = new Worker(url(), { type: 'module', name: 'passerby-prover' });
    try {
      const number = await new Promise<number | null>((resolve, reject) => {
        signal.onabort = () => reject(signal.reason);
        worker.onerror = () => reject(new Error('the Worker did not start'));
        worker.onmessage = ({ data }: MessageEvent<{ share: number } | { number: number | null }>) => {
          if ('share' in data) share(data.share);
          else resolve(data.number);
        };
        worker.postMessage({ challenge: target, maxnumber, salt });
      });
      if (number === null) throw new Error('a puzzle without a solution');
      return { algorithm, challenge: target, number, salt, signature };
    } finally {
      worker.terminate();
    }
  };
}
