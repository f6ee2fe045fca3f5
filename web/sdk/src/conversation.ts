/**
 * One match as this side lives it: keys, text, signals, verification. Made when the match begins, closed before
 * anything of the next one happens. Every asynchronous step looks whether it is still open before it acts.
 */
import type { Codec } from './crypto/packing';
import { openSignal, sealSignal, type Signal } from './crypto/signal';
import { computeKeyId, deriveMatchKeys, keyKind, type KeyPair, type MatchKeys } from './crypto/keys';
import type { Verification } from './events';
import { loadTalk } from './load';
import type { ClientMessage, Matched, MediaKeys, Refused, ServerMessage } from './protocol';
import type { Talk } from './talk';
import type { Proof, SavedText } from './text';
import type { Blur, Message } from './types';

export interface ConversationDeps {
  /** Over the data channel when it is open, else the socket. */
  send(message: ClientMessage): void;
  save(saved: SavedText): void;
  /** Whether the server reads texts, and people have been told. */
  clear(): boolean;
  message(message: Message): void;
  update(message: Message): void;
  typing(on: boolean): void;
  partner(media: { audio: boolean; video: boolean; screen?: boolean; paused?: boolean; codecs?: Codec[] }): void;
  blur(theirs: Blur): void;
  /** Null: the keys have changed, and with them all that was compared. */
  verify(result: Verification | null): void;
}

/** What an earlier page knows of the same match: a reloaded one little, one in another tab all. */
export interface Past {
  match: string;
  text: SavedText;
  messages: Message[];
  proofs: Proof[];
}

/** Whether the keys of a `matched` can be used. */
export type KeyCheck =
  | { ok: true; keys: MatchKeys }
  /** Make a P-256 pair and send `rekey`: the partner has no X25519. */
  | { ok: false; why: 'rekey' }
  /** The partner will send such a `rekey`. */
  | { ok: false; why: 'wait' }
  /** The server's key id is not the one of these two keys. */
  | { ok: false; why: 'mismatch' }
  | { ok: false; why: 'broken'; cause: unknown };

/** Computes the key id, compares it with the server's, and derives all keys. */
export async function agreeOnKeys(own: KeyPair, matched: Matched, provable: boolean): Promise<KeyCheck> {
  const { match, initiator, key_id, peer } = matched;
  const keyId = computeKeyId(match, initiator ? own.text : peer.key, initiator ? peer.key : own.text);
  if (keyId !== key_id) return { ok: false, why: 'mismatch' };
  if (own.kind === 'x25519' && keyKind(peer.key) === 'p256') return { ok: false, why: 'rekey' };
  if (own.kind === 'p256' && keyKind(peer.key) === 'x25519') return { ok: false, why: 'wait' };
  try {
    return { ok: true, keys: await deriveMatchKeys(own, peer.key, match, initiator, provable) };
  } catch (cause) {
    return { ok: false, why: 'broken', cause };
  }
}

export type FromPartner = ServerMessage & { type: 'text' | 'ack' | 'signal' };

/** How much may come before the keys; the rest is sent again by the partner's client. */
const MAX_HELD = 64;
export class Conversation {
  readonly id: string;
  readonly messages: Message[];
  keys: MatchKeys | null = null;
  /** What opens the server's recording of the partner, once he has committed to it. Outlives the conversation. */
  mediaKeys: MediaKeys | null = null;
  /** When it ended, performance.now. */
  closedAt = Infinity;
  readonly #past: Past;
  /** Null until it is loaded; what has to be done then. */
  #talk: Talk | null = null;
  #begin: (talk: Talk) => void = () => {};
  #waiting: ((talk: Talk) => void)[] = [];
  #signals: Promise<void> = Promise.resolve();
  /** Signals sent, and the number of the partner's newest under these keys. */
  #said = 0;
  #newest = 0;
  /** What came before the keys. */
  #held: FromPartner[] = [];
  #closed = false;

  constructor(
    matched: Matched,
    private readonly deps: ConversationDeps,
    past?: Past,
  ) {
    this.id = matched.match;
    this.#past = past ?? { match: this.id, text: { last: 0, acked: 0, received: 0, pending: [] }, messages: [], proofs: [] };
    const unsent = this.#past.text.pending.flatMap(({ kind, id, text, at }): Message[] => (kind === 'text' ? [{ id, from: 'me', text, at, state: 'sending' }] : []));
    const before = this.#past.messages.map((message) => unsent.find(({ id }) => id === message.id) ?? message);
    this.messages = [...new Set([...before, ...unsent])];
  }

  /** For another page that goes on with this match. */
  get past(): Past {
    return { ...this.#past, ...this.#talk?.past, messages: this.messages };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Keys are derived, for the first time or again after a rekey. */
  begin(keys: MatchKeys, own: KeyPair, matched: Matched): void {
    this.keys = keys;
    this.#newest = 0;
    this.#begin = (talk) => talk.begin(keys, own, matched);
    if (this.#talk) this.#begin(this.#talk);
    // What the server remembers of texts has to be answered for.
    else if (matched.sent || this.#past.text.last) this.#do(() => {});
    for (const message of this.#held.splice(0)) this.receive(message);
  }

  /** Media flow, or there are none: time to verify. */
  verify(): void {
    this.#do((talk) => talk.verify());
  }

  /** The way to the partner changed or came back. */
  reconnected(): void {
    this.#talk?.texts.flush();
  }

  sendText(id: string, text: string): Message {
    const message: Message = { id, from: 'me', text, at: Date.now(), state: 'sending' };
    this.messages.push(message);
    const clear = this.deps.clear();
    this.#do((talk) => talk.send(message, clear));
    return message;
  }

  /** The server does not deliver one of our texts. */
  refused({ n, reason }: Refused): void {
    this.#talk?.texts.receiveRefused(n, reason);
  }

  retry(id: string): void {
    this.#talk?.texts.retry(id);
  }

  setTyping(on: boolean): void {
    this.#do((talk) => talk.setTyping(on));
  }

  signal(signal: Signal): void {
    this.#enqueue(async (keys) => {
      const sealed = await sealSignal(keys.send.signal, { n: ++this.#said, ...signal });
      if (!this.#closed) this.deps.send({ type: 'signal', match: this.id, data: JSON.stringify({ e: sealed }) });
    });
  }

  /** The newest messages of the partner with their proofs, oldest first, within both limits. */
  evidence(items: number, bytes: number): Proof[] {
    return this.#talk?.evidence(items, bytes) ?? [];
  }

  receive(message: FromPartner): void {
    if (this.#closed || message.match !== this.id) return;
    if (!this.keys) {
      if (this.#held.length < MAX_HELD) this.#held.push(message);
      return;
    }
    if (message.type === 'signal') this.#receiveSignal(message.data);
    else this.#do(({ texts }) => {
      if (message.type === 'ack') texts.receiveAck(message.n);
      else if ('tag' in message) texts.receiveText(message.n, message.body, message.at, message.tag);
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.closedAt = performance.now();
    this.keys = null;
    if (this.#talk) return this.#talk.close();
    for (const message of this.messages) {
      if (message.state !== 'sending') continue;
      message.state = 'failed';
      this.deps.update(message);
    }
  }

  /** Does what needs texts or verification, in order: at once, or when they are loaded. */
  #do(act: (talk: Talk) => void): void {
    if (this.#closed) return;
    if (this.#talk) return act(this.#talk);
    if (this.#waiting.push(act) > 1) return;
    void loadTalk().then(({ Talk }) => {
      if (this.#closed) return;
      const talk = (this.#talk = new Talk(this.id, {
        ...this.deps,
        save: (state) => this.#closed || this.deps.save(state),
        message: (message) => {
          this.messages.push(message);
          this.deps.message(message);
        },
        signal: (signal) => this.signal(signal),
      }, this.#past, this.messages));
      this.#begin(talk);
      for (const act of this.#waiting) act(talk);
    });
  }

  /** Signals are handled one after the other, so that their order survives the cryptography. */
  #enqueue(work: (keys: MatchKeys) => Promise<void>): void {
    const { keys } = this;
    if (!keys) return;
    this.#signals = this.#signals.then(async () => {
      if (this.keys === keys) await work(keys).catch(() => {});
    });
  }

  #receiveSignal(data: string): void {
    this.#enqueue(async (keys) => {
      const { e, v } = JSON.parse(data) as { e?: unknown; v?: Record<string, unknown> };
      if (typeof e === 'string') this.#act(await openSignal(keys.receive.signal, e));
      else if (v) this.#do((talk) => talk.receive(v));
    });
  }

  #act(signal: Signal): void {
    if (this.#closed) return;
    const { n, typing } = signal;
    if (n! < this.#newest) return;
    this.#newest = n!;
    if (typing !== undefined) this.#do((talk) => talk.showTyping(typing));
    if (signal.media) this.deps.partner(signal.media);
    if (signal.blur) this.deps.blur(signal.blur);
  }
}
