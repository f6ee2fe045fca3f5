/**
 * A match from `matched` to its end: agrees on keys, installs them, says `keyed`, waits for the first picture, says
 * `shown`, starts the verification. Holds the conversation; `clear` forgets everything at once.
 *
 *   matched → key id checked → keys derived → Worker installed → keyed … first frame opened → decoded → shown
 */
import type { Call } from './call';
import { agreeOnKeys, Conversation, type FromPartner, type Past } from './conversation';
import type { KeyKind } from './crypto/keys';
import type { Kind } from './crypto/sframe';
import type { Emitter, Events } from './events';
import type { ErrorCode } from './errors';
import type { KeyRing } from './keyring';
import { CAPS, type ClientMessage, type Committed, type Matched, type MediaKeys, type Refused } from './protocol.gen';
import type { QualityMeter } from './quality';
import type { Vault } from './session';
import type { Proof } from './text';
import type { Blur, Limits, Match, Quality } from './types';

export interface MeetingDeps {
  events: Emitter<Events>;
  vault: Vault;
  ring: KeyRing;
  /** Over the socket; says whether it is up. */
  send(message: ClientMessage): boolean;
  call: Call;
  /** What the server keeps to by now. */
  limits(): Limits;
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

/** A partner who sends pictures and has not committed to their keys by then never will; milliseconds. */
const COMMIT_PATIENCE = 10_000;
/** How long the server keeps a recording of a match that is over. */
const RECORDED_AFTER = 60_000;

/** What is taken of a partner who has said nothing yet. */
const usual: Events['partner'] = { state: 'online', audio: true, video: true, screen: false, paused: false };

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
  /** When the next partner was asked for; 0 for never, or unknown after a reload. */
  #asked = 0;
  #shown = false;
  /** The match began on this page: it did not go on here after a reload. */
  #fresh = false;
  #abort = new AbortController();
  #rekeys = 0;
  #rekeyTimer: Timer | undefined;
  #paused = false;
  #partner: Events['partner'] = usual;
  #blur: Blur = { on: false, ready: false };
  #meter: QualityMeter | null = null;
  readonly #timers = new Set<Timer>();
  #commitment: Committed | null = null;
  /** Who waits for the partner's commitment. */
  #unbound: (() => void)[] = [];

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

  /**
   * What opens the server's recording of the partner of a match: while it runs and for a minute, if he has committed to
   * his keys.
   */
  mediaKeys(match: string): MediaKeys | null {
    const talk = this.#recent.find(({ id }) => id === match);
    return talk && performance.now() - talk.closedAt < RECORDED_AFTER ? talk.mediaKeys : null;
  }

  /** The partner is bound to the keys of his media: to those that are used here, or he cheats. */
  committed(message: Committed): void {
    this.#commitment = message;
    this.#compare();
  }

  /** The server does not deliver a text. */
  refused(message: Refused): void {
    if (this.#talk?.id === message.match) this.#talk.refused(message);
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
    if (!this.deps.call.frames) return;
    this.#talk?.signal({ media: { ...this.deps.call.presence, ...(this.#paused && { paused: true }) }, ...(this.#blur.on || this.#blur.ready ? { blur: this.#blur } : {}) });
  }

  /** Tells the partner, in this match and later ones, until it changes. */
  setPaused(on: boolean): void {
    if (on === this.#paused) return;
    this.#paused = on;
    this.tellMedia();
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
      await this.deps.call.media?.shown(rtpTimestamp, this.#abort.signal);
    } catch {
      return; // over before it was seen
    }
    if (talk.closed || talk.keys?.keyId !== keyId) return;
    if (talk.keys.proof && !(await this.#bound(talk, keyId))) return;
    this.deps.call.settle();
    this.deps.send({ type: 'shown', match: match.id, ...this.#took() });
    if (!this.#shown) {
      this.#shown = true;
      this.deps.events.emit('firstframe', { match, ms: Math.round(performance.now() - this.#at), rtpTimestamp });
    }
    talk.verify();
  }

  /** A partner is asked for: by a press, or since the one before has gone. While that goes on, saying so again changes nothing. */
  asked(): void {
    if (!this.#match && this.#asked === 0) this.#asked = performance.now();
  }

  /** How long the first picture took: for the operator's measurements, once for a match that began on this page. */
  #took(): { ms?: number; next_ms?: number } {
    if (this.#shown || !this.#fresh) return {};
    const since = (at: number) => Math.min(CAPS.shownMs, Math.max(1, Math.round(performance.now() - at)));
    return { ms: since(this.#at), ...(this.#asked > 0 ? { next_ms: since(this.#asked) } : {}) };
  }

  /** Null without a connection. */
  async quality(): Promise<Quality | null> {
    const { QualityMeter } = await import('./quality.js');
    const report = await this.deps.call.seen?.pc.getStats();
    if (!report) return null;
    this.#meter ??= new QualityMeter();
    return this.#meter.measure(report as unknown as Map<string, unknown>, this.#match?.mode === 'video' && this.#partner.video && !this.#partner.screen);
  }

  /** Forgets keys and match: the Worker first, so that nothing more is sent or shown. */
  clear(): void {
    this.deps.call.frames?.clear();
    this.deps.call.settle(true);
    void this.deps.call.suit([]);
    this.#abort.abort();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#rekeyTimer);
    this.#rekeyTimer = undefined;
    this.#talk?.close();
    this.#talk = null;
    this.#match = null;
    this.#matched = null;
    this.#asked = 0;
    this.#commitment = null;
    for (const wake of this.#unbound.splice(0)) wake();
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
        send: (message) => void (this.deps.call.media?.send(JSON.stringify(message)) || this.deps.send(message)),
        clear: () => this.deps.limits().clearText,
        save: (saved) => vault.saveText(matched.match, saved),
        message: (message) => events.emit('message', { message }),
        update: (message) => events.emit('update', { message }),
        typing: (on) => events.emit('typing', { on }),
        partner: ({ audio, video, screen = false, paused = false, codecs = [] }) => {
          this.#tellPartner({ audio, video, screen, paused });
          void this.deps.call.suit(codecs);
        },
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
    this.#fresh = !matched.resumed;
    this.#rekeys = 0;
    this.#abort = new AbortController();
    this.#partner = usual;
    this.#blur = { on: false, ready: false };
    this.#meter = null;
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
    const check = await agreeOnKeys(own, matched, matched.mode === 'video' && this.deps.limits().reportMediaMs > 0);
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
    const installed = this.deps.call.frames?.install(check.keys);
    talk.begin(check.keys, own, matched);
    this.#compare();
    if (!this.#current(talk, matched)) return;
    this.tellMedia();
    if (!installed) return talk.verify();
    const underWay = await installed;
    if (!this.#current(talk, matched)) return;
    if (!underWay) void this.deps.call.media?.makeKeyFrame();
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
    const { proof, keyId } = talk.keys ?? {};
    if (this.deps.call.frames) this.deps.send({ type: 'keyed', match: talk.id, ...(proof && keyId ? { key_id: keyId, commit: proof.own } : {}) });
  }

  /** Compares what the partner has committed to with what is used here. */
  #compare(): void {
    const talk = this.#talk;
    const said = this.#commitment;
    const proof = talk?.keys?.proof;
    if (!talk || !proof || said?.match !== talk.id || said.key_id !== talk.keys?.keyId) return;
    if (said.commit !== proof.theirs) return this.deps.distrust('key_mismatch');
    talk.mediaKeys = { key_id: said.key_id, audio: proof.audio, video: proof.video };
    for (const wake of this.#unbound.splice(0)) wake();
  }

  /**
   * Where media can be proven nothing is shown that could not be: waits until the partner has committed to his keys,
   * which he does before his first picture. False when these keys are not in use any more.
   */
  async #bound(talk: Conversation, keyId: string): Promise<boolean> {
    if (talk.mediaKeys?.key_id === keyId) return true;
    await new Promise<void>((wake) => {
      this.#unbound.push(wake);
      this.#later(COMMIT_PATIENCE, () => {
        if (!talk.closed && talk.keys?.keyId === keyId && talk.mediaKeys?.key_id !== keyId) this.deps.distrust('key_mismatch');
        wake();
      });
    });
    return !talk.closed && talk.mediaKeys?.key_id === keyId;
  }

  #tellPartner(change: Partial<Events['partner']>): void {
    const next = { ...this.#partner, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#partner)) return;
    this.#partner = next;
    this.deps.events.emit('partner', next);
  }

  async #measure(talk: Conversation): Promise<void> {
    const { events } = this.deps;
    const quality = events.heard('quality') && (await this.quality().catch(() => null));
    if (talk.closed) return;
    if (quality) events.emit('quality', quality);
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
  return { id: match, mode, initiator, tags: peer.tags ?? [], ...(peer.language ? { language: peer.language } : {}), ...(peer.name ? { name: peer.name } : {}), at };
}
