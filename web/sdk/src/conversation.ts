/**
 * One match as this side lives it: keys, text, signals, verification. Made when the match begins, closed before
 * anything of the next one happens. Every asynchronous step looks whether it is still open before it acts.
 */
import { utf8 } from './crypto/bytes';
import { Verifier, type Step } from './crypto/verify';
import { openSignal, openText, sealSignal, sealText, type Signal } from './crypto/envelope';
import { computeKeyId, deriveMatchKeys, keyKind, type KeyPair, type MatchKeys } from './crypto/keys';
import type { Verification } from './events';
import type { ClientMessage, Matched, ServerMessage } from './protocol';
import { TextFlow, type Proof, type SavedText } from './text';
import type { Blur, Message } from './types';

export interface ConversationDeps {
  /** Over the data channel when it is open, else the socket. */
  send(message: ClientMessage): void;
  save(saved: SavedText): void;
  message(message: Message): void;
  update(message: Message): void;
  typing(on: boolean): void;
  partner(media: { audio: boolean; video: boolean }): void;
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
export async function agreeOnKeys(own: KeyPair, matched: Matched): Promise<KeyCheck> {
  const { match, initiator, key_id, peer } = matched;
  const keyId = computeKeyId(match, initiator ? own.text : peer.key, initiator ? peer.key : own.text);
  if (keyId !== key_id) return { ok: false, why: 'mismatch' };
  if (own.kind === 'x25519' && keyKind(peer.key) === 'p256') return { ok: false, why: 'rekey' };
  if (own.kind === 'p256' && keyKind(peer.key) === 'x25519') return { ok: false, why: 'wait' };
  try {
    return { ok: true, keys: await deriveMatchKeys(own, peer.key, match, initiator) };
  } catch (cause) {
    return { ok: false, why: 'broken', cause };
  }
}

export type FromPartner = ServerMessage & { type: 'text' | 'ack' | 'signal' };

/** How much may come before the keys; the rest is sent again by the partner's client. */
const MAX_HELD = 64;
const VERIFY_REPEAT = 2000;
const TYPING_LASTS = 6000;
const TYPING_REPEAT = 3000;

export class Conversation {
  readonly id: string;
  readonly #proofs: Proof[];
  readonly messages: Message[];
  keys: MatchKeys | null = null;
  readonly #text: TextFlow;
  #verifier: Verifier | null = null;
  #verified = '';
  #verifyTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #typingSent = 0;
  #signals: Promise<void> = Promise.resolve();
  /** What came before the keys. */
  #held: FromPartner[] = [];
  #closed = false;

  constructor(
    matched: Matched,
    private readonly deps: ConversationDeps,
    past?: Past,
  ) {
    this.id = matched.match;
    this.#text = new TextFlow(
      {
        seal: (n, content) => sealText(this.#need().send.text, this.#place(n), content),
        open: (n, body) => openText(this.#need().receive.text, this.#place(n), body),
        send: (message) => deps.send({ ...message, match: this.id }),
        deliver: (message, proof) => this.#deliver(message, proof),
        update: (message) => deps.update(message),
        save: (state) => this.#closed || deps.save(state),
        now: () => Date.now(),
        after: (ms, fn) => {
          const timer = setTimeout(fn, ms);
          return () => clearTimeout(timer);
        },
      },
      past?.text,
    );
    this.#proofs = past?.proofs ?? [];
    const waiting = new Map(this.#text.unacknowledged.map((message) => [message.id, message]));
    const before = (past?.messages ?? []).map((message) => waiting.get(message.id) ?? message);
    this.messages = [...new Set([...before, ...waiting.values()])];
  }

  /** For another page that goes on with this match. */
  get past(): Past {
    return { match: this.id, text: this.#text.saved, messages: this.messages, proofs: this.#proofs };
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Keys are derived, for the first time or again after a rekey. */
  begin(keys: MatchKeys, own: KeyPair, matched: Matched): void {
    if (this.#verified) this.deps.verify(null);
    this.keys = keys;
    const { match, initiator, peer } = matched;
    this.#verifier = new Verifier({
      match,
      initiator,
      initiatorKey: initiator ? own.text : peer.key,
      responderKey: initiator ? peer.key : own.text,
    });
    this.#verified = '';
    clearTimeout(this.#verifyTimer);
    this.#text.rekey(matched.sent, matched.acked);
    for (const message of this.#held.splice(0)) this.receive(message);
  }

  /** Media flow, or there are none: time to verify. Repeats by itself until the other side moves on. */
  verify(): void {
    clearTimeout(this.#verifyTimer);
    if (this.#closed) return;
    this.#enqueue(async (verifier) => this.#sendStep(verifier.pending()));
    this.#verifyTimer = setTimeout(() => this.verify(), VERIFY_REPEAT);
  }

  /** The way to the partner changed or came back. */
  reconnected(): void {
    this.#text.flush();
  }

  sendText(id: string, text: string): Message {
    this.#typingSent = 0;
    const message = this.#text.send(id, text);
    this.messages.push(message);
    return message;
  }

  retry(id: string): void {
    this.#text.retry(id);
  }

  /** Tells the partner, at most every few seconds while it stays on. */
  setTyping(on: boolean): void {
    const now = Date.now();
    if (on ? now - this.#typingSent < TYPING_REPEAT : this.#typingSent === 0) return;
    this.#typingSent = on ? now : 0;
    this.signal({ typing: on });
  }

  signal(signal: Signal): void {
    const keys = this.keys;
    if (!keys || this.#closed) return;
    this.#enqueue(async () => {
      const sealed = await sealSignal(keys.send.signal, signal);
      if (!this.#closed) this.deps.send({ type: 'signal', match: this.id, data: JSON.stringify({ e: sealed }) });
    });
  }

  /** The newest messages of the partner with their proofs, oldest first, within both limits. */
  evidence(items: number, bytes: number): Proof[] {
    const out: Proof[] = [];
    for (const proof of this.#proofs.slice(-items).reverse()) {
      bytes -= utf8(JSON.stringify(proof)).length + 1;
      if (bytes < 0) break;
      out.unshift(proof);
    }
    return out;
  }

  receive(message: FromPartner): void {
    if (this.#closed || message.match !== this.id) return;
    if (!this.keys) {
      if (this.#held.length < MAX_HELD) this.#held.push(message);
      return;
    }
    if (message.type === 'ack') this.#text.receiveAck(message.n);
    else if (message.type === 'signal') this.#receiveSignal(message.data);
    else if ('tag' in message) this.#text.receiveText(message.n, message.body, message.at, message.tag);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.keys = null;
    clearTimeout(this.#verifyTimer);
    clearTimeout(this.#typingTimer);
    this.#text.close();
  }

  #need(): MatchKeys {
    if (!this.keys) throw new Error('no keys');
    return this.keys;
  }

  #place(n: number) {
    return { match: this.id, keyId: this.#need().keyId, n };
  }

  #deliver(message: Message, proof: Proof): void {
    this.#proofs.push(proof);
    if (this.#proofs.length > 32) this.#proofs.shift();
    this.#showTyping(false);
    this.messages.push(message);
    this.deps.message(message);
  }

  /** Signals are handled one after the other, so that their order survives the cryptography. */
  #enqueue(work: (verifier: Verifier) => Promise<void>): void {
    const verifier = this.#verifier;
    if (!verifier) return;
    this.#signals = this.#signals.then(async () => {
      if (!this.#closed && this.#verifier === verifier) await work(verifier).catch(() => {});
    });
  }

  #receiveSignal(data: string): void {
    this.#enqueue(async (verifier) => {
      const { e, v } = JSON.parse(data) as { e?: unknown; v?: Record<string, unknown> };
      if (typeof e === 'string') this.#act(await openSignal(this.#need().receive.signal, e));
      // A step under other keys is late news from before a rekey.
      else if (v && (v['key_id'] === undefined || v['key_id'] === this.keys?.keyId)) {
        this.#sendStep(verifier.receive(v));
        this.#tellVerified(verifier);
      }
    });
  }

  #act(signal: Signal): void {
    if (this.#closed) return;
    if (signal.typing !== undefined) this.#showTyping(signal.typing);
    if (signal.media) this.deps.partner(signal.media);
    if (signal.blur) this.deps.blur(signal.blur);
  }

  #showTyping(on: boolean): void {
    const was = this.#typingTimer !== undefined;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = on ? setTimeout(() => this.#showTyping(false), TYPING_LASTS) : undefined;
    if (on !== was) this.deps.typing(on);
  }

  #sendStep(step: Step | null): void {
    if (!step || this.#closed || !this.keys) return;
    const data = JSON.stringify({ v: { ...step, key_id: this.keys.keyId } });
    this.deps.send({ type: 'signal', match: this.id, data });
  }

  #tellVerified(verifier: Verifier): void {
    const { outcome } = verifier;
    const said = JSON.stringify(outcome);
    if (outcome === null || said === this.#verified) return;
    this.#verified = said;
    this.deps.verify('failed' in outcome ? { failed: true } : outcome);
  }
}
