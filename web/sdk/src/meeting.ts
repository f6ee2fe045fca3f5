/**
 * A match from `matched` to its end: agrees on keys, installs them, says `keyed`, waits for the first picture, says
 * `shown`, starts the verification. Holds the conversation; `clear` forgets everything at once.
 *
 *   matched → key id checked → keys derived → Worker installed → keyed … first frame opened → decoded → shown
 */
import { agreeOnKeys, Conversation, type FromPartner, type Past } from './conversation';
import type { KeyKind } from './crypto/keys';
import type { Kind } from './crypto/sframe';
import type { Emitter, Events } from './events';
import type { ErrorCode } from './errors';
import type { FrameWorker } from './frameworker';
import type { KeyRing } from './keyring';
import type { Media } from './media';
import { CAPS, type ClientMessage, type Matched } from './protocol';
import { QualityMeter } from './quality';
import type { Vault } from './session';
import type { Proof } from './text';
import type { Blur, Match, Quality } from './types';

export interface MeetingDeps {
  events: Emitter<Events>;
  vault: Vault;
  ring: KeyRing;
  /** Over the socket; says whether it is up. */
  send(message: ClientMessage): boolean;
  media(): Media | null;
  /** Null in text mode. */
  frames(): FrameWorker | null;
  /** Which of camera and microphone are on. */
  presence(): Record<Kind, boolean>;
  /** The match has to be left, for this reason. */
  distrust(code: ErrorCode, cause?: unknown): void;
  /** The partner's key is unusable: on to the next, and never this one again. */
  avoid(match: string): void;
}

/** Without a picture, verification starts this long after the keys; milliseconds. */
const VERIFY_LATEST = 3000;
const QUALITY_EVERY = 2000;
const REKEY_PATIENCE = 8000;
const MAX_REKEYS = 3;
const MAX_EARLY = 32;
/** Conversations that can be reported: the current one and as many as the server remembers (docs/protocol.md). */
const REMEMBERED = 1 + 8;

/** What a report has room for beside note and picture. */
const EVIDENCE_BYTES = CAPS.frameBytes - CAPS.pictureBytes - 4 * CAPS.noteBytes;

type Timer = ReturnType<typeof setTimeout>;

export class Meeting {
  #talk: Conversation | null = null;
  /** The current conversation and those before it, newest first. */
  #recent: Conversation[] = [];
  /** What came before its match; what belongs to another is thrown away when one begins. */
  #early: FromPartner[] = [];
  #match: Match | null = null;
  /** From another tab, for the match that it names. */
  #past: Past | null = null;
  #matched: Matched | null = null;
  #at = 0;
  #shown = false;
  #abort = new AbortController();
  #rekeys = 0;
  #rekeyTimer: Timer | undefined;
  #partner: Events['partner'] = { state: 'online', audio: true, video: true };
  #blur: Blur = { on: false, ready: false };
  #meter = new QualityMeter();
  readonly #timers = new Set<Timer>();

  constructor(private readonly deps: MeetingDeps) {}

  get talk(): Conversation | null {
    return this.#talk;
  }

  /** What the partner of a match wrote, with proofs, as far as it is remembered and fits a report. */
  evidence(match: string): Proof[] {
    return this.#recent.find(({ id }) => id === match)?.evidence(CAPS.evidenceItems, EVIDENCE_BYTES) ?? [];
  }

  get match(): Match | null {
    return this.#match;
  }

  /** What another tab knows of a match that goes on here. Its numbers outlive a reload that comes before that. */
  inherit(past: Past | null): void {
    this.#past = past;
    if (past) this.deps.vault.saveText(past.match, past.text);
  }

  /** For another tab: of the current match, or of the one that is about to go on here. */
  get past(): Past | null {
    return this.#talk?.past ?? this.#past ?? this.deps.vault.past() ?? null;
  }

  /** A match begins, or goes on after a reconnect or with new keys (`again`). */
  begin(matched: Matched, again: boolean): void {
    this.#matched = matched;
    const talk = this.#talk?.id === matched.match ? this.#talk : this.#open(matched);
    const known = talk.keys?.keyId === matched.key_id;
    // First the keys, which come from another thread, then the page, which draws meanwhile.
    if (!known) void this.#agree(talk, matched).catch((cause: unknown) => this.#current(talk, matched) && this.deps.distrust('crypto_failed', cause));
    if (!again) this.deps.events.emit('matched', { match: this.#match! });
    if (known && this.#current(talk, matched)) this.resumed();
  }

  /** The same match after the way to server or partner changed: send what is under way again. */
  resumed(): void {
    if (!this.#talk?.keys) return;
    this.#talk.reconnected();
    this.#sayKeyed(this.#talk);
    this.tellMedia();
  }

  /** Text, acks and signals of the partner. The data channel may be quicker than the socket's `matched`. */
  receive(message: FromPartner): void {
    if (this.#talk?.id === message.match) this.#talk.receive(message);
    else if (this.#early.length < MAX_EARLY && !this.#recent.some(({ id }) => id === message.match)) this.#early.push(message);
  }

  /** The server says whether the partner has a connection. */
  partner(match: string, state: 'online' | 'reconnecting'): void {
    if (match !== this.#talk?.id) return;
    this.#tellPartner({ state });
    if (state !== 'online') return;
    this.#talk.reconnected();
    this.tellMedia();
  }

  /** Tells the partner whether camera and microphone are on. */
  tellMedia(): void {
    if (!this.deps.frames()) return;
    this.#talk?.signal({ media: this.deps.presence(), ...(this.#blur.on || this.#blur.ready ? { blur: this.#blur } : {}) });
  }

  /** Tells the partner to begin blurred, or that one is ready; for this match alone. */
  setBlur(blur: Blur): void {
    this.#blur = blur;
    this.tellMedia();
  }

  /** The Worker opened the first frame of a key: when it has left the decoder, it can be shown. */
  async firstFrame(keyId: string, kind: Kind, rtpTimestamp: number): Promise<void> {
    const talk = this.#talk;
    const match = this.#match;
    if (kind !== 'video' || !talk || !match || talk.keys?.keyId !== keyId) return;
    try {
      await this.deps.media()?.shown(rtpTimestamp, this.#abort.signal);
    } catch {
      return; // over before it was seen
    }
    if (talk.closed || talk.keys?.keyId !== keyId) return;
    this.deps.send({ type: 'shown', match: match.id });
    if (!this.#shown) {
      this.#shown = true;
      this.deps.events.emit('firstframe', { match, ms: Math.round(performance.now() - this.#at), rtpTimestamp });
    }
    talk.verify();
  }

  async quality(): Promise<Quality | null> {
    const report = await this.deps.media()?.pc.getStats();
    return report ? this.#meter.measure(report as unknown as Map<string, unknown>, this.#match?.mode === 'video' && this.#partner.video) : null;
  }

  /** Forgets keys and match: the Worker first, so that nothing more is sent or shown. */
  clear(): void {
    this.deps.frames()?.clear();
    this.#abort.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#rekeyTimer);
    this.#rekeyTimer = undefined;
    this.#talk?.close();
    this.#talk = null;
    this.#match = null;
    this.#matched = null;
    this.deps.vault.forgetText();
  }

  /** Forgets the conversations before, too. */
  forget(): void {
    this.#recent = [];
    this.#past = null;
  }

  #open(matched: Matched): Conversation {
    const { events, vault } = this.deps;
    const talk: Conversation = new Conversation(
      matched,
      {
        send: (message) => void (this.deps.media()?.send(JSON.stringify(message)) || this.deps.send(message)),
        save: (saved) => vault.saveText(matched.match, saved),
        message: (message) => events.emit('message', { message }),
        update: (message) => events.emit('update', { message }),
        typing: (on) => events.emit('typing', { on }),
        partner: (media) => this.#tellPartner(media),
        blur: (theirs) => events.emit('blur', theirs),
        verify: (result) => events.emit('verify', result),
      },
      this.#past?.match === matched.match ? this.#past : vault.past(matched.match),
    );
    this.#past = null;
    this.#talk = talk;
    this.#recent = [talk, ...this.#recent].slice(0, REMEMBERED);
    this.#match = toMatch(matched);
    this.#at = performance.now();
    this.#shown = false;
    this.#rekeys = 0;
    this.#abort = new AbortController();
    this.#partner = { state: 'online', audio: true, video: true };
    this.#blur = { on: false, ready: false };
    this.#meter = new QualityMeter();
    if (matched.mode === 'video') this.#later(QUALITY_EVERY, () => void this.#measure(talk));
    for (const message of this.#early.splice(0)) talk.receive(message);
    return talk;
  }

  /** Every await ends with a look whether this is still the match that counts. */
  #current(talk: Conversation, matched: Matched): boolean {
    return !talk.closed && this.#matched === matched;
  }

  async #agree(talk: Conversation, matched: Matched): Promise<void> {
    const { own } = this.deps.ring;
    if (!own) return this.#rekey(talk);
    const check = await agreeOnKeys(own, matched);
    if (!this.#current(talk, matched)) return;
    if (!check.ok) {
      // The server may not have had our newest key: the answer to a fresh one decides. Nothing is used before.
      if (check.why === 'mismatch') {
        if (this.#rekeyTimer !== undefined && matched.id === this.#rekeyId) return this.deps.distrust('key_mismatch');
        await this.#rekey(talk);
      }
      if (check.why === 'rekey') await this.#rekey(talk, 'p256');
      if (check.why === 'broken') this.deps.avoid(talk.id);
      return;
    }
    clearTimeout(this.#rekeyTimer);
    this.#rekeyTimer = undefined;
    const installed = this.deps.frames()?.install(check.keys);
    talk.begin(check.keys, own, matched);
    this.tellMedia();
    if (!installed) return talk.verify();
    const underWay = await installed;
    if (!this.#current(talk, matched)) return;
    if (!underWay) void this.deps.media()?.makeKeyFrame();
    this.#sayKeyed(talk);
    this.#later(VERIFY_LATEST, () => talk.verify());
  }

  /** Id of the last rekey; its answer repeats it, news from before does not. */
  get #rekeyId(): string {
    return `rekey-${this.#rekeys}`;
  }

  /** A new key pair for the running match: after a reload, for a partner without X25519, or when the server's view is old. */
  async #rekey(talk: Conversation, kind?: KeyKind): Promise<void> {
    if (this.#rekeyTimer !== undefined) return; // under way: what does not fit is older news
    if (++this.#rekeys > MAX_REKEYS) return this.deps.distrust('key_mismatch');
    this.#rekeyTimer = setTimeout(() => {
      this.#rekeyTimer = undefined;
      if (!talk.closed) this.deps.distrust('key_mismatch');
    }, REKEY_PATIENCE);
    const { text } = await this.deps.ring.fresh(kind);
    if (!talk.closed) this.deps.send({ type: 'rekey', id: this.#rekeyId, match: talk.id, key: text });
  }

  /** The keys of a video match are installed: the server asks for a key frame. */
  #sayKeyed(talk: Conversation): void {
    if (this.deps.frames()) this.deps.send({ type: 'keyed', match: talk.id });
  }

  #tellPartner(change: Partial<Events['partner']>): void {
    const next = { ...this.#partner, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#partner)) return;
    this.#partner = next;
    this.deps.events.emit('partner', next);
  }

  async #measure(talk: Conversation): Promise<void> {
    const quality = await this.quality().catch(() => null);
    if (talk.closed) return;
    if (quality) this.deps.events.emit('quality', quality);
    this.#later(QUALITY_EVERY, () => void this.#measure(talk));
  }

  #later(ms: number, fn: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      fn();
    }, ms);
    this.#timers.add(timer);
  }
}

/** What a page sees of a match. */
export function toMatch({ match, mode, initiator, peer, at }: Matched): Match {
  return { id: match, mode, initiator, tags: peer.tags ?? [], ...(peer.language ? { language: peer.language } : {}), at };
}
