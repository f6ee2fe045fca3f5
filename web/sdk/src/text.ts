/**
 * Text of one match: numbering, acknowledgement, sending again, order, doubles (docs/protocol.md, Text).
 *
 *   send → number n → seal → channel or socket, again after 1, 2, 4, 8, 8 … s until an ack covers it
 *   receive → open → in order of n, each once → shown → cumulative ack
 *
 * At most WINDOW messages are under way at once; the rest wait for acks. What is not acknowledged is saved, so that
 * a reloaded page goes on where it was. No clock or transport inside: the owner gives both.
 */
import type { Content, Opened } from './crypto/envelope';
import type { Message } from './types';

const WINDOW = 16;
const AHEAD = 256;
const FIRST_RETRY = 1000;
const MAX_RETRY = 8000;
/** Acks wait this long for company. */
const ACK_DELAY = 20;

export interface TextDeps {
  seal(n: number, content: Content): Promise<string>;
  open(n: number, body: string): Promise<Opened>;
  send(message: { type: 'text'; n: number; body: string } | { type: 'ack'; n: number }): void;
  /** A message of the partner, in order, once. */
  deliver(message: Message, proof: Proof): void;
  /** An own message changed its state. */
  update(message: Message): void;
  save(saved: SavedText): void;
  /** Whether texts are sent in clear now, because the server reads them. */
  clear(): boolean;
  now(): number;
  after(ms: number, fn: () => void): () => void;
}

/** What a report needs to prove that a message was sent (message franking). */
export interface Proof {
  n: number;
  text: string;
  kf: string;
  commitment: string;
  tag: string;
  at: number;
}

interface SavedMessage {
  n: number;
  id: string;
  text: string;
  at: number;
  kind: Content['kind'];
  /** Written after people were told that the server reads. */
  clear?: true;
}

/** What survives a reload: numbers, and own messages that nobody has acknowledged. */
export interface SavedText {
  last: number;
  acked: number;
  received: number;
  pending: SavedMessage[];
}

interface Pending {
  n: number;
  kind: Content['kind'];
  message: Message;
  clear: boolean;
  body: string | null;
  tries: number;
  due: number;
}

interface Arrived {
  opened: Opened;
  at: number;
  tag: string;
}

export class TextFlow {
  #last: number;
  #acked: number;
  #received: number;
  #pending: Pending[] = [];
  readonly #early = new Map<number, Arrived>();
  #sending: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | null = null;
  #cancelAck: (() => void) | null = null;
  /** Counts rekeys, so that nothing sealed under former keys is kept. */
  #generation = 0;
  #ready = false;
  #closed = false;

  /** `saved` is what an earlier page left behind for the same match, `messages` those of it that are shown already. */
  constructor(
    private readonly deps: TextDeps,
    saved?: SavedText,
    messages: readonly Message[] = [],
  ) {
    this.#last = saved?.last ?? 0;
    this.#acked = saved?.acked ?? 0;
    this.#received = saved?.received ?? 0;
    for (const { n, id, text, at, kind, clear } of saved?.pending ?? []) {
      this.#add(n, kind, messages.find((message) => message.id === id) ?? { id, from: 'me', text, at, state: 'sending' }, clear);
    }
  }

  get saved(): SavedText {
    return {
      last: this.#last,
      acked: this.#acked,
      received: this.#received,
      pending: this.#pending.map(({ n, kind, message, clear }) => ({ n, kind, id: message.id, text: said(kind, message), at: message.at, ...(clear ? { clear } : {}) })),
    };
  }

  /** Own messages that are not acknowledged yet. */
  get unacknowledged(): Message[] {
    return this.#pending.filter((p) => p.kind === 'text').map((p) => p.message);
  }

  /**
   * Keys are ready, or new ones after a rekey: everything under way is sealed and sent again. `sent` and `acked` are
   * the server's memory of this side; numbers that it saw from a page that is gone are filled up.
   */
  rekey(sent = 0, acked = 0): void {
    this.#ready = true;
    this.#received = Math.max(this.#received, acked);
    this.#last = Math.max(this.#last, sent);
    const known = new Set(this.#pending.map((p) => p.n));
    for (let n = this.#acked + 1; n <= this.#last; n++) {
      if (!known.has(n)) this.#add(n, 'gap', { id: '', from: 'me', text: '', at: this.deps.now() });
    }
    this.#pending.sort((a, b) => a.n - b.n);
    this.#generation++;
    for (const p of this.#pending) p.body = null;
    this.flush();
  }

  /** `clear`: whether texts were sent in clear when it was written. */
  send(message: Message, clear = this.deps.clear()): void {
    this.#add(++this.#last, 'text', message, clear);
    this.#save();
    this.#push();
  }

  /** The way to the partner changed or came back: send everything again now, and the last ack too. */
  flush(): void {
    for (const p of this.#pending) {
      p.due = 0;
      p.tries = 0;
    }
    if (this.#received > 0) this.#ackSoon();
    this.#push();
  }

  retry(id: string): void {
    const pending = this.#pending.find((p) => p.message.id === id);
    if (!pending) return;
    pending.due = 0;
    this.#push();
  }

  receiveAck(n: number): void {
    if (this.#closed || n <= this.#acked || n > this.#last) return;
    this.#acked = n;
    const done = this.#pending.filter((p) => p.n <= n);
    this.#pending = this.#pending.filter((p) => p.n > n);
    this.#save();
    for (const { kind, message } of done) {
      if (kind !== 'text') continue;
      message.state = 'delivered';
      this.deps.update(message);
    }
    this.#push();
  }

  /** The server does not deliver one of ours: its number becomes a gap, so that the partner's count has no hole. */
  receiveRefused(n: number, reason: 'filter' | 'unchecked' | 'form'): void {
    const pending = this.#pending.find((p) => p.n === n && p.kind === 'text');
    if (this.#closed || !pending) return;
    if (reason === 'form') pending.body = null; // sealed before the server said how it wants texts: again in a moment, as it wants them
    else this.#withhold(pending, reason);
    this.#push();
  }

  #withhold(p: Pending, why: 'filter' | 'unchecked' | 'encryption'): void {
    p.kind = 'gap';
    p.body = null;
    p.due = 0;
    p.message.state = 'refused';
    p.message.refused = why;
    this.#save();
    this.deps.update(p.message);
  }

  receiveText(n: number, body: string, at: number, tag: string): void {
    if (this.#closed || n > this.#received + AHEAD) return;
    if (n <= this.#received) this.#ackSoon(); // the sender has missed it
    else if (!this.#early.has(n)) void this.#open(n, body, at, tag);
  }

  /** The match is over: what was not delivered never will be. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer?.();
    this.#cancelAck?.();
    for (const { kind, message } of this.#pending) {
      if (kind !== 'text') continue;
      message.state = 'failed';
      this.deps.update(message);
    }
    this.#pending = [];
  }

  /** Opening is asynchronous and may end in another order; #deliver restores it. */
  async #open(n: number, body: string, at: number, tag: string): Promise<void> {
    let opened: Opened;
    try {
      opened = await this.deps.open(n, body);
    } catch {
      return; // changed, or sealed under a key that is over: the sender's client seals and sends it again
    }
    if (this.#closed || n <= this.#received) return;
    this.#early.set(n, { opened, at, tag });
    this.#deliver();
  }

  #deliver(): void {
    const before = this.#received;
    const fresh: [number, Arrived][] = [];
    for (let next; (next = this.#early.get(this.#received + 1)); ) {
      this.#early.delete(++this.#received);
      fresh.push([this.#received, next]);
    }
    if (this.#received === before) return;
    this.#save();
    for (const [n, { opened, at, tag }] of fresh) {
      if (opened.kind !== 'text') continue;
      const { text, kf, commitment } = opened;
      this.deps.deliver({ id: `p${n}`, from: 'partner', text, at }, { n, text, kf, commitment, tag, at });
    }
    this.#ackSoon();
  }

  #add(n: number, kind: Content['kind'], message: Message, clear = false): void {
    this.#pending.push({ n, kind, message, clear, body: null, tries: 0, due: 0 });
  }

  #ackSoon(): void {
    this.#cancelAck ??= this.deps.after(ACK_DELAY, () => {
      this.#cancelAck = null;
      if (!this.#closed) this.deps.send({ type: 'ack', n: this.#received });
    });
  }

  /** Sends what is due, in order, and sets the timer for the rest. */
  #push(): void {
    if (!this.#ready || this.#closed) return;
    this.#sending = this.#sending.then(async () => {
      for (const p of this.#pending.slice(0, WINDOW)) {
        if (this.#closed) return;
        if (p.due > this.deps.now() || !this.#pending.includes(p)) continue;
        p.due = this.deps.now() + Math.min(MAX_RETRY, FIRST_RETRY * 2 ** p.tries++);
        await this.#transmit(p);
      }
      this.#schedule();
    });
  }

  async #transmit(p: Pending): Promise<void> {
    // What was written while texts were encrypted is not said in clear.
    if (p.kind === 'text' && this.deps.clear() && !p.clear) this.#withhold(p, 'encryption');
    try {
      // The same bytes each time, unless the keys changed while sealing: then again under the new ones.
      while (p.body === null) {
        const generation = this.#generation;
        const sealed = await this.deps.seal(p.n, { kind: p.kind, text: said(p.kind, p.message) });
        if (generation === this.#generation) p.body = sealed;
      }
      if (!this.#closed) this.deps.send({ type: 'text', n: p.n, body: p.body });
    } catch {
      p.body = null; // no keys right now: the timer comes back to it
    }
  }

  #schedule(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const due = Math.min(...this.#pending.slice(0, WINDOW).map((p) => p.due));
    if (this.#closed || !Number.isFinite(due)) return;
    this.#cancelTimer = this.deps.after(Math.max(10, due - this.deps.now()), () => this.#push());
  }

  #save(): void {
    this.deps.save(this.saved);
  }
}

/** What goes on the way: of a gap nothing. */
const said = (kind: Content['kind'], message: Message) => (kind === 'gap' ? '' : message.text);
