/**
 * What a match needs once it is under way, its texts and the verification of its keys, and what people do seldom: a file of its own, loaded
 * with the first picture or text. One Talk belongs to one Conversation, which closes it.
 */
import { utf8 } from './crypto/bytes';
import { clearText, openText, readClearText, sealText } from './crypto/envelope';
import type { KeyPair, MatchKeys } from './crypto/keys';
import type { Signal } from './crypto/signal';
import { Verifier, type Step } from './crypto/verify';
import type { ConversationDeps, Past } from './conversation';
import type { Matched } from './protocol';
import { TextFlow, type Proof } from './text';
import type { Message } from './types';

export { ageCheck } from './age';
export { Desk } from './desk';
export { dial } from './dial';
export { elsewhere, takeFrom } from './takeover';

export interface TalkDeps extends Omit<ConversationDeps, 'partner' | 'blur'> {
  /** Seals it for the partner. */
  signal(signal: Signal): void;
}

const VERIFY_REPEAT = 2000;
const TYPING_LASTS = 6000;
const TYPING_REPEAT = 3000;
/** Messages of the partner that are kept with their proofs. */
const PROOFS = 32;

export class Talk {
  readonly texts: TextFlow;
  #keys: MatchKeys | null = null;
  #verifier: Verifier | null = null;
  #verified = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #typingSent = 0;
  #proofs: readonly Proof[];

  /** `past` is what an earlier page left behind, `messages` what is shown of it already. */
  constructor(
    private readonly match: string,
    private readonly deps: TalkDeps,
    past: Past,
    messages: readonly Message[],
  ) {
    this.#proofs = past.proofs;
    const keys = () => {
      if (!this.#keys) throw new Error('no keys');
      return this.#keys;
    };
    const place = (n: number) => ({ match, keyId: keys().keyId, n });
    this.texts = new TextFlow(
      {
        clear: () => deps.clear(),
        seal: (n, content) => deps.clear() ? clearText(content) : sealText(keys().send.text, place(n), content),
        open: (n, body) => deps.clear() ? readClearText(body) : openText(keys().receive.text, place(n), body),
        send: (message) => deps.send({ ...message, match }),
        deliver: (message, proof) => {
          this.#proofs = [...this.#proofs, proof].slice(-PROOFS);
          this.showTyping(false);
          deps.message(message);
        },
        update: (message) => deps.update(message),
        save: (state) => deps.save(state),
        now: () => Date.now(),
        after: (ms, fn) => {
          const timer = setTimeout(fn, ms);
          return () => clearTimeout(timer);
        },
      },
      past.text,
      messages,
    );
  }

  /** For another page that goes on with this match. */
  get past(): Pick<Past, 'text' | 'proofs'> {
    return { text: this.texts.saved, proofs: [...this.#proofs] };
  }

  send(message: Message, clear: boolean): void {
    this.#typingSent = 0;
    this.texts.send(message, clear);
  }

  /** Tells the partner, at most every few seconds while it stays on. */
  setTyping(on: boolean): void {
    const now = Date.now();
    if (on ? now - this.#typingSent < TYPING_REPEAT : this.#typingSent === 0) return;
    this.#typingSent = on ? now : 0;
    this.deps.signal({ typing: on });
  }

  /** The partner types, or does not any more. */
  showTyping(on: boolean): void {
    const was = this.#typingTimer !== undefined;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = on ? setTimeout(() => this.showTyping(false), TYPING_LASTS) : undefined;
    if (on !== was) this.deps.typing(on);
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

  /** Keys are there, for the first time or again after a rekey. */
  begin(keys: MatchKeys, own: KeyPair, { match, initiator, peer, sent, acked }: Matched): void {
    clearTimeout(this.#timer);
    if (this.#verified) this.deps.verify(null);
    this.#verified = '';
    this.#keys = keys;
    const [initiatorKey, responderKey] = initiator ? [own.text, peer.key] : [peer.key, own.text];
    this.#verifier = new Verifier({ match, initiator, initiatorKey, responderKey });
    this.texts.rekey(sent, acked);
  }

  /** Repeats by itself until the other side moves on. */
  verify(): void {
    clearTimeout(this.#timer);
    this.#say(this.#verifier?.pending());
    this.#timer = setTimeout(() => this.verify(), VERIFY_REPEAT);
  }

  /** A step of the partner's. One under other keys is late news from before a rekey. */
  receive(step: Record<string, unknown>): void {
    const verifier = this.#verifier;
    if (!verifier || (step['key_id'] !== undefined && step['key_id'] !== this.#keys?.keyId)) return;
    this.#say(verifier.receive(step));
    const { outcome } = verifier;
    const said = JSON.stringify(outcome);
    if (outcome === null || said === this.#verified) return;
    this.#verified = said;
    this.deps.verify('failed' in outcome ? { failed: true } : outcome);
  }

  close(): void {
    this.#keys = null;
    this.#verifier = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#typingTimer);
    this.texts.close();
  }

  #say(step: Step | null | undefined): void {
    if (step) this.deps.send({ type: 'signal', match: this.match, data: JSON.stringify({ v: { ...step, key_id: this.#keys?.keyId } }) });
  }
}
