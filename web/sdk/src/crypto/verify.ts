/**
 * Verification by a short authentication string: commit, then reveal (as ZRTP, RFC 6189).
 *
 *   initiator                      responder
 *      │ 1 commit = SHA-256(nonce_i) ─→│
 *      │←─ 2 nonce_r                   │
 *      │ 3 nonce_i ───────────────────→│ checks the commitment
 *   both: four emoji of SHA-256(match, both keys, both nonces)
 *
 * Nobody in the middle can choose a nonce after seeing the other's, so an attacker has one try in 2^24.
 * Pure: `receive` and `pending` say what to send; the owner sends, and repeats `pending` every 2 s.
 */
import { base64url, fromBase64url, random, sha256, type Bytes } from './bytes';
import { fourEmoji } from './emoji';

export type Step = { step: 1; commit: string } | { step: 2; nonce: string } | { step: 3; nonce: string };

/** What is known: nothing yet, the emoji, or that somebody lied. */
export type Outcome = null | { emoji: string[]; names: string[] } | { failed: true };

export interface VerifyContext {
  match: string;
  initiator: boolean;
  initiatorKey: string;
  responderKey: string;
}

export class Verifier {
  readonly #nonce: Bytes;
  readonly #seen = new Map<number, string>();
  #outcome: Outcome = null;

  constructor(
    readonly context: VerifyContext,
    nonce: Bytes = random(32),
  ) {
    this.#nonce = nonce;
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** The step to send now, and again until the other side moves on; null when this side waits or is done. */
  pending(): Step | null {
    if (this.#failed) return null;
    if (this.context.initiator) {
      return this.#seen.has(2) ? null : { step: 1, commit: base64url(sha256(this.#nonce)) };
    }
    return this.#seen.has(1) && !this.#seen.has(3) ? { step: 2, nonce: base64url(this.#nonce) } : null;
  }

  /**
   * Takes one step of the other side and returns the answer to send at once, if any. The first value seen for a
   * step counts; a different later one fails the check, and so does a step that only this side may send.
   */
  receive(data: unknown): Step | null {
    const parsed = parseStep(data);
    if (!parsed || this.#failed) return null;
    const { step, value } = parsed;
    const seen = this.#seen.get(step);
    if ((step === 2) !== this.context.initiator || (seen !== undefined && seen !== value)) return this.#fail();
    if (step === 3 && !this.#seen.has(1)) return null;
    this.#seen.set(step, value);
    if (step === 1) return { step: 2, nonce: base64url(this.#nonce) };
    const own = base64url(this.#nonce);
    if (step === 2) {
      this.#succeed(own, value);
      return this.#failed ? null : { step: 3, nonce: own };
    }
    if (base64url(sha256(fromBase64url(value))) !== this.#seen.get(1)) return this.#fail();
    this.#succeed(value, own);
    return null;
  }

  get #failed(): boolean {
    return this.#outcome !== null && 'failed' in this.#outcome;
  }

  #fail(): null {
    this.#outcome = { failed: true };
    return null;
  }

  #succeed(nonceI: string, nonceR: string): void {
    const { match, initiatorKey, responderKey } = this.context;
    const hash = sha256(`passerby.v1 sas\n${match}\n${initiatorKey}\n${responderKey}\n${nonceI}\n${nonceR}`);
    this.#outcome ??= fourEmoji(hash); // a failure stays
  }
}

function parseStep(data: unknown): { step: number; value: string } | null {
  if (typeof data !== 'object' || data === null) return null;
  const { step, commit, nonce } = data as Record<string, unknown>;
  const value = step === 1 ? commit : step === 2 || step === 3 ? nonce : null;
  // 32 bytes, in the one canonical spelling: other spellings of the same bytes must not count as another value.
  if (typeof value !== 'string' || !/^[\w-]{43}$/.test(value)) return null;
  return { step: step as number, value: base64url(fromBase64url(value)) };
}
