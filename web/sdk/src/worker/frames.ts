/**
 * What happens to one frame, apart from the browser: which key, what is dropped, what is reported.
 *
 *   send:    no key → a video key frame waits a moment for it, all else is dropped
 *            video: drop until the first key frame under a new key │ seal, next counter
 *   receive: unknown key → wait a moment for it, if none is installed │ replayed, changed → drop, want a key frame
 *
 * Two connections may carry the same frames while one takes the place of the other. What is received is judged for each
 * line (connection) alone; the counters of what is sent go on over all.
 *
 * Not safe for concurrent use per stream: the caller finishes one frame before it hands over the next, which also
 * keeps their order. Keys may change while a frame is under way; such a frame is dropped.
 */
import { ReplayWindow, isKeyFrame, openFrame, sealFrame, splitFrame, type Format, type FrameKey, type Kind } from '../crypto/sframe';
import type { Bytes } from '../crypto/bytes';

interface SendState {
  key: FrameKey;
  counter: number;
  started: boolean;
}

interface ReceiveState {
  key: FrameKey;
  window: ReplayWindow;
  started: boolean;
}

interface Entry {
  keyId: string;
  kid: bigint;
  send: Record<Kind, SendState>;
  theirs: Record<Kind, FrameKey>;
  receive: Map<number, Record<Kind, ReceiveState>>;
}

/** How long a received frame may wait for keys that are being derived, in milliseconds. */
const PATIENCE = 400;
/**
 * How long a key frame to be sent may. The server asks for one when it decides a match, so that its news and the
 * request travel side by side: without this wait the encoder could be quicker than the keys.
 */
const HOLD = 250;

export interface FrameEvents {
  /** The first frame of a key and kind was opened. */
  first(keyId: string, kind: Kind, frame: unknown, line: number): void;
}

export class Frames {
  #current: Entry | null = null;
  /** Key ids that are over, so that their late frames are not waited for. */
  #retired: bigint[] = [];
  readonly #used = new Set<string>();
  #waiters = new Set<() => void>();
  #held = false;

  constructor(
    private readonly events: FrameEvents,
    private readonly after: (ms: number, fn: () => void) => void = (ms, fn) => void setTimeout(fn, ms),
  ) {}

  /** Whether a key frame to be sent waits for keys. */
  get holding(): boolean {
    return this.#held;
  }

  /** Whether there is a key at all. */
  get keyed(): boolean {
    return this.#current !== null;
  }

  /**
   * Installs the keys of a match. The same key id again changes nothing: its counters must go on. One that was in use
   * before is refused with false: a server that brought it back would make nonces repeat.
   */
  install(keyId: string, send: Record<Kind, FrameKey>, receive: Record<Kind, FrameKey>): boolean {
    if (this.#current?.keyId === keyId) return true;
    if (this.#used.has(keyId)) return false;
    this.#used.add(keyId);
    this.clear();
    const sending = (key: FrameKey): SendState => ({ key, counter: 0, started: false });
    this.#current = {
      keyId,
      kid: BigInt('0x' + keyId),
      send: { audio: sending(send.audio), video: sending(send.video) },
      theirs: receive,
      receive: new Map(),
    };
    this.#wake();
    return true;
  }

  /** Frames will come on another line: what was received on the ones before counts as old there. */
  begin(line: number): void {
    if (this.#current) receiving(this.#current, line);
  }

  /** Forgets all keys. */
  clear(): void {
    if (this.#current) this.#retired = [this.#current.kid, ...this.#retired].slice(0, 8);
    this.#current = null;
  }

  /** Returns what to send in place of the frame, or null to send nothing. */
  async seal(kind: Kind, data: Bytes, format: Format = kind, key = isKeyFrame(data)): Promise<Bytes | null> {
    if (data.length === 0) return null;
    if (!this.#current && kind === 'video' && key) {
      this.#held = true;
      await this.#installed(HOLD);
      this.#held = false;
    }
    const entry = this.#current as Entry | null; // may have changed while waiting
    if (!entry) return null;
    const state = entry.send[kind];
    if (kind === 'video' && !state.started && !key) return null;
    state.started = true;
    const sealed = await sealFrame(state.key, entry.kid, state.counter++, format, data);
    return this.#current === entry ? sealed : null;
  }

  /** Returns the opened frame, or null to drop it. `frame` is handed to `first`. */
  async open(kind: Kind, data: Bytes, frame: unknown, line = 0, format: Format = kind, key = isKeyFrame(data)): Promise<Bytes | null> {
    const parts = splitFrame(format, data);
    if (!parts) return null;
    const entry = await this.#entry(parts.kid);
    if (!entry) return null;
    const state = receiving(entry, line)[kind];
    if (!state.window.fresh(parts.ctr)) return null;
    if (kind === 'video' && !state.started && !key) return null;
    let plain: Bytes;
    try {
      plain = await openFrame(state.key, parts);
    } catch {
      return null;
    }
    if (this.#current !== entry) return null;
    state.window.add(parts.ctr);
    if (!state.started) {
      state.started = true;
      this.events.first(entry.keyId, kind, frame, line);
    }
    return plain;
  }

  /** Finds a key; a frame that overtakes its key waits for it, unless another match is on or this one is over. */
  async #entry(kid: bigint): Promise<Entry | null> {
    if (!this.#current && !this.#retired.includes(kid)) await this.#installed(PATIENCE);
    const entry = this.#current as Entry | null; // may have changed while waiting
    return entry?.kid === kid ? entry : null;
  }

  #installed(patience: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#waiters.delete(done);
        resolve();
      };
      this.#waiters.add(done);
      this.after(patience, done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}

function receiving(entry: Entry, line: number): Record<Kind, ReceiveState> {
  const known = entry.receive.get(line);
  if (known) return known;
  const state = (kind: Kind): ReceiveState => {
    const past = [...entry.receive.values()].map((states) => states[kind].window.highest);
    return { key: entry.theirs[kind], window: new ReplayWindow(Math.max(-1, ...past)), started: false };
  };
  const fresh = { audio: state('audio'), video: state('video') };
  entry.receive.set(line, fresh);
  return fresh;
}
