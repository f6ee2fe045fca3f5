/** The search of a proof of work, docs/protocol.md#proof: a pure function, so that it can be tested without a Worker. */
import { NumberedHash } from '../crypto/sha256';

export interface Puzzle {
  challenge: string;
  maxnumber: number;
  salt: string;
}

/** The numbers that are tried between two signs of life. */
const STRIDE = 20_000;

/** Finds the number whose hash is the challenge, or null. `progress` gets the share that was tried, 0–1. */
export function search({ challenge, maxnumber, salt }: Puzzle, progress: (share: number) => void = () => {}): number | null {
  if (!/^[0-9a-f]{64}$/.test(challenge)) return null;
  const wanted = Int32Array.from({ length: 8 }, (_, i) => Number.parseInt(challenge.slice(8 * i, 8 * i + 8), 16) | 0);
  const hash = new NumberedHash(salt);
  for (let n = 0; n <= maxnumber; n++) {
    const words = hash.of(n);
    if (words[0] === wanted[0] && words.every((word, i) => word === wanted[i])) return n;
    if (n % STRIDE === STRIDE - 1) progress(n / maxnumber);
  }
  return null;
}
