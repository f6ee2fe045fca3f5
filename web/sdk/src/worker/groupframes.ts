/**
 * What happens to one frame of a group call, apart from the browser: many may be heard, each under a key of his own.
 *
 *   send:    no key → drop │ seal under the newest key in use, next counter
 *   receive: unknown key → drop, want a key frame │ replayed, changed → the same
 *
 * A new key of one's own is installed first and used later, so that the others have it before its first frame.
 */
import { ReplayWindow, isKeyFrame, openFrame, sealFrame, splitFrame, type FrameKey, type Kind } from '../crypto/sframe';
import type { Bytes } from '../crypto/bytes';

interface Own {
  keyId: string;
  kid: bigint;
  keys: Record<Kind, FrameKey>;
  counters: Record<Kind, number>;
}

interface Theirs {
  sender: string;
  keys: Record<Kind, FrameKey>;
  windows: Record<Kind, ReplayWindow>;
}

/** Keys of one sender that are kept: a new one is used a moment after it came, and several may come at once. */
const GENERATIONS = 8;

export class GroupFrames {
  #own: Own | null = null;
  readonly #used = new Set<string>();
  readonly #theirs = new Map<bigint, Theirs>();

  get keyed(): boolean {
    return this.#theirs.size > 0;
  }

  /** Seals under this key from now on. One used before is refused with false: its counters, and so its nonces, would begin again. */
  send(keyId: string, keys: Record<Kind, FrameKey>): boolean {
    if (this.#used.has(keyId)) return false;
    this.#used.add(keyId);
    this.#own = { keyId, kid: BigInt('0x' + keyId), keys, counters: { audio: 0, video: 0 } };
    return true;
  }

  /** Opens frames of this sender, also under this key. The same key again changes nothing: its windows must go on. */
  receive(sender: string, keyId: string, keys: Record<Kind, FrameKey>): void {
    const kid = BigInt('0x' + keyId);
    if (this.#theirs.has(kid)) return;
    const before = [...this.#theirs].filter(([, t]) => t.sender === sender).map(([kid]) => kid);
    for (const old of before.slice(0, Math.max(0, before.length + 1 - GENERATIONS))) this.#theirs.delete(old);
    this.#theirs.set(kid, { sender, keys, windows: { audio: new ReplayWindow(), video: new ReplayWindow() } });
  }

  /** Opens nothing of this sender any more. */
  forget(sender: string): void {
    for (const [kid, theirs] of this.#theirs) if (theirs.sender === sender) this.#theirs.delete(kid);
  }

  async seal(kind: Kind, data: Bytes): Promise<Bytes | null> {
    const own = this.#own;
    if (!own || data.length === 0) return null;
    return sealFrame(own.keys[kind], own.kid, own.counters[kind]++, kind, data);
  }

  /** The opened frame and whose it is, which the key proves, whatever the server says; null to drop it. */
  async open(kind: Kind, data: Bytes): Promise<{ plain: Bytes; sender: string } | null> {
    const parts = splitFrame(kind, data);
    const theirs = parts && this.#theirs.get(parts.kid);
    if (!theirs || !theirs.windows[kind].fresh(parts.ctr)) return null;
    try {
      const plain = await openFrame(theirs.keys[kind], parts);
      if (this.#theirs.get(parts.kid) !== theirs) return null;
      theirs.windows[kind].add(parts.ctr);
      return { plain, sender: theirs.sender };
    } catch {
      return null;
    }
  }
}

/**
 * Of one stream that is received: lets frames through from a key frame on, and after one that could not be opened from
 * the next. The server gives a slot to another sender at a key frame, so nobody's frames follow another's.
 */
export class Entrance {
  #open = false;

  pass(kind: Kind, data: Bytes, opened: boolean): boolean {
    if (kind === 'audio') return opened;
    if (!opened) this.#open = false;
    else if (isKeyFrame(data)) this.#open = true;
    return this.#open;
  }
}
