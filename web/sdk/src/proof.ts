/**
 * Proof of work: asked for only while the server is under attack, so this and the Worker that does it are loaded only then. It imports
 * nothing, so that it is a file of its own.
 */
import type { Challenge, Proof } from './protocol';

/** More numbers than this are not tried: a phone would be at it for a minute. The server asks for at most 1.6 million. */
const MOST = 20_000_000;

/** Set by a build of a page. */
declare const __PROVER_URL__: string | undefined;

/** Solves a challenge. `share` is told how much was tried, 0–1. Rejects when the Worker does not start or there is no solution. */
export type Prove = (challenge: Challenge, share: (done: number) => void, signal: AbortSignal) => Promise<Proof>;

/** `url`: where the Worker lies; by default `prover.js` beside this file. */
export async function prove(url: string | URL | undefined, ...[{ algorithm, maxnumber, signature, salt, challenge }, share, signal]: Parameters<Prove>): Promise<Proof> {
  if (algorithm !== 'SHA-256' || !(maxnumber <= MOST)) throw new Error('a puzzle that this version does not know');
  const built = typeof __PROVER_URL__ === 'undefined' ? new URL('./prover.js', import.meta.url) : __PROVER_URL__;
  const worker = new Worker(url ?? built, { type: 'module', name: 'passerby-prover' });
  try {
    const number = await new Promise<number | null>((resolve, reject) => {
      signal.onabort = () => reject(signal.reason);
      worker.onerror = () => reject(new Error('the Worker did not start'));
      worker.onmessage = ({ data }: MessageEvent<{ share: number } | { number: number | null }>) => {
        if ('share' in data) share(data.share);
        else resolve(data.number);
      };
      worker.postMessage({ challenge, maxnumber, salt });
    });
    if (number === null) throw new Error('a puzzle without a solution');
    return { algorithm, challenge, number, salt, signature };
  } finally {
    worker.terminate();
  }
}
