/**
 * The facade: runs the effects of machine.ts on socket, media, Worker and conversation, and tells the page.
 *
 *   page → Passerby → machine.step → effects → Socket, MediaLink, FrameWorker, Conversation → events → page
 */
import { agreeOnKeys, Conversation } from './conversation';
import { generateKeyPair, type KeyKind, type KeyPair } from './crypto/keys';
import type { Kind } from './crypto/sframe';
import { PasserbyError, sentence, type ErrorCode } from './errors';
import { Emitter, type Events, type Listener } from './events';
import { canTransform, FrameWorker } from './frameworker';
import { MediaLink } from './link';
import { initial, step, type Effect, type Input, type Model } from './machine';
import { decode, CAPS, type ClientMessage, type ErrorMessage, type Matched, type ServerMessage } from './protocol';
import { QualityMeter, unknownQuality } from './quality';
import { Requests } from './requests';
import { requestSession, Vault, type Credentials } from './session';
import { Socket } from './socket';
import type { Match, Message, Options, Quality, ReportReason, State, Support, Wish } from './types';

/** Put in place by the build of an app that knows the worker's hashed name. */
declare const __WORKER_URL__: string | undefined;

/** Whether this browser can do encrypted video, and text, and if not what the person can do. */
export function support(): Support {
  const text = typeof WebSocket !== 'undefined' && !!globalThis.crypto?.subtle;
  if (!text) return { media: false, text, reason: sentence('insecure') };
  const media = typeof RTCPeerConnection !== 'undefined' && canTransform();
  return media ? { media, text } : { media, text, reason: sentence('unsupported') };
}

/** Text that fits a message: the body also carries JSON, commitment, iv and tag, in base64url. */
const MAX_TEXT_BYTES = Math.floor((CAPS.textBytes * 3) / 4) - 200;
const VERIFY_LATEST = 3000;
const QUALITY_EVERY = 2000;
const REKEY_PATIENCE = 8000;
const MAX_REKEYS = 3;
const START_TRIES = 4;
const OUTAGE_TRIES = 3;

/** One person's seat in the chat: from `start` to `stop` one warm connection, and on it one match after another. */
export class Passerby {
  /** The partner's sound and picture. The same object for the client's life: attach it once. */
  readonly remoteStream: MediaStream = new MediaStream();

  readonly #events = new Emitter<Events>();
  readonly #origin: URL;
  readonly #vault: Vault;
  readonly #requests = new Requests((message) => this.#socket?.send(message) ?? false);
  readonly #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  readonly #enabled: Record<Kind, boolean> = { audio: true, video: true };
  #model: Model;
  #inputs: Input[] | null = null;
  #wish: Wish | null = null;
  #credentials: Promise<Credentials> | null = null;
  #resume: string | null = null;
  #renewals = 0;
  #socket: Socket | null = null;
  #speech: Promise<void> = Promise.resolve();
  #link: MediaLink | null = null;
  #prepared = false;
  #frames: FrameWorker | null = null;
  #pair: KeyPair | null = null;
  #spare: Promise<KeyPair> | null = null;
  #rekeys = 0;
  #rekeyTimer: ReturnType<typeof setTimeout> | undefined;
  #talk: Conversation | null = null;
  #lastTalk: Conversation | null = null;
  #match: Match | null = null;
  #matchedAt = 0;
  #shown = false;
  #abort = new AbortController();
  #partner: Events['partner'] = { state: 'online', audio: true, video: true };
  #meter = new QualityMeter();
  #timers: ReturnType<typeof setTimeout>[] = [];
  #settle: ((result: boolean | PasserbyError) => void) | null = null;

  constructor(private readonly options: Options = {}) {
    this.#origin = new URL(options.url ?? location.origin);
    this.#vault = new Vault(options.storage === undefined ? sessionStorage : options.storage);
    this.#model = initial(options.autoNext ?? true);
  }

  get state(): State {
    return this.#model.state;
  }

  get match(): Match | null {
    return this.#match;
  }

  /** The messages of the current match, oldest first. */
  get messages(): readonly Message[] {
    return this.#talk?.messages ?? [];
  }

  /** The wish of a session that `resume` may take over after a reload; null when there is none. */
  get resumable(): Wish | null {
    const stored = this.#vault.session;
    return stored?.resume && stored.origin === this.#origin.origin ? stored.wish : null;
  }

  /** Listens; call the result to stop. */
  on<K extends keyof Events>(event: K, fn: Listener<Events[K]>): () => void {
    return this.#events.on(event, fn);
  }

  /**
   * Connects and looks for a partner, all in one go. Resolves when the server has accepted the wish; rejects with a
   * PasserbyError when that cannot be. `media` brings camera and microphone; without it nothing is sent.
   */
  async start(wish: Wish & { adult: true }, media: MediaStream | null = null): Promise<void> {
    if (wish.adult !== true) throw new PasserbyError('adult_required');
    if (this.state !== 'idle' && this.state !== 'error') throw new PasserbyError('wrong_state');
    const { adult: _, ...rest } = wish;
    await this.#enter({ on: 'start' }, rest, media);
  }

  /** After a reload: takes the old session over. False when there is none; then `start` again. */
  async resume(media: MediaStream | null = null): Promise<boolean> {
    const wish = this.resumable;
    if (!wish || (this.state !== 'idle' && this.state !== 'error')) return false;
    return this.#enter({ on: 'resume' }, wish, media);
  }

  /** Leaves the partner and looks for another. The state changes at once. `widen` also lets wishes give way. */
  next(widen?: boolean): void {
    if (widen !== undefined && this.#wish) this.#wish = { ...this.#wish, widen };
    this.#run({ on: 'next', widen });
  }

  /** Ends everything: match, search and connection. */
  stop(): void {
    this.#run({ on: 'stop' });
  }

  /** Sends text to the partner. Follow its `state` by `update`. */
  sendText(text: string): Message {
    if (!this.#talk || !this.#match) throw new PasserbyError('no_match');
    if (new TextEncoder().encode(JSON.stringify(text)).length > MAX_TEXT_BYTES) throw new PasserbyError('too_large');
    const message = this.#talk.sendText(crypto.randomUUID(), text);
    return message;
  }

  /** Sends an unacknowledged message of this match again now, instead of a little later. */
  retry(id: string): void {
    this.#talk?.retry(id);
  }

  setTyping(on: boolean): void {
    this.#talk?.setTyping(on);
  }

  /** Mutes or unmutes, and tells the partner. */
  setEnabled(kind: Kind, on: boolean): void {
    this.#enabled[kind] = on;
    const track = this.#tracks[kind];
    if (track) track.enabled = on;
    this.#tellMedia();
  }

  /** Sends another camera or microphone from now on, or none. */
  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    if (track) track.enabled = this.#enabled[kind];
    this.#tracks[kind] = track;
    await this.#link?.media?.replaceTrack(kind, track);
    this.#tellMedia();
  }

  /** Reports the current or the last partner, with what he wrote as proof. The server ends the match. */
  async report(reason: ReportReason, note?: string): Promise<void> {
    const talk = this.#talk ?? this.#lastTalk;
    if (!talk) throw new PasserbyError('no_match');
    const evidence = talk.evidence(CAPS.evidenceItems, CAPS.frameBytes / 2);
    await this.#requests.send({ type: 'report', match: talk.id, reason, ...(note ? { note: note.slice(0, 300) } : {}), evidence });
  }

  /** Ends the match and never meets this person again. Also right after the match ended. */
  async block(): Promise<void> {
    const talk = this.#talk ?? this.#lastTalk;
    if (!talk) throw new PasserbyError('no_match');
    await this.#requests.send({ type: 'block', match: talk.id });
    this.#run({ on: 'ended', match: talk.id, reason: 'blocked' });
  }

  async getStats(): Promise<Quality> {
    const report = await this.#link?.media?.pc.getStats();
    return report ? this.#meter.measure(report as unknown as Map<string, unknown>) : unknownQuality;
  }

  /** Stops, and ends the Worker. The client cannot be used again. */
  destroy(): void {
    this.stop();
    this.#frames?.close();
    this.#frames = null;
    this.#events.clear();
  }

  #enter(input: Input, wish: Wish, media: MediaStream | null): Promise<boolean> {
    const able = support();
    if (!able.text || (wish.mode === 'video' && !able.media)) {
      return Promise.reject(new PasserbyError(able.text ? 'unsupported' : 'insecure', { fatal: true }));
    }
    this.#wish = wish;
    this.#renewals = 0;
    for (const kind of ['audio', 'video'] as const) {
      const track = media?.getTracks().find((t) => t.kind === kind) ?? null;
      this.#tracks[kind] = track;
      if (track) this.#enabled[kind] = track.enabled;
    }
    return new Promise<boolean>((resolve, reject) => {
      this.#settle = (result) => {
        this.#settle = null;
        if (result instanceof PasserbyError) reject(result);
        else resolve(result);
      };
      this.#run(input);
    });
  }

  // The machine and its effects

  /** One input after the other, also when a listener calls back in. Keys go before anybody is told. */
  #run(input: Input): void {
    if (this.#inputs) {
      this.#inputs.push(input);
      return;
    }
    this.#inputs = [input];
    for (let next; (next = this.#inputs.shift()); ) {
      const previous = this.#model.state;
      const { model, effects } = step(this.#model, next);
      this.#model = model;
      for (const effect of effects) if (effect.do === 'clear') this.#clear();
      if (model.state !== previous) this.#events.emit('state', { state: model.state, previous });
      for (const effect of effects) if (effect.do !== 'clear') this.#do(effect);
    }
    this.#inputs = null;
  }

  #do(effect: Exclude<Effect, { do: 'clear' }>): void {
    switch (effect.do) {
      case 'open':
        return this.#open(effect.fresh);
      case 'hello':
        return this.#hello(effect.resume);
      case 'sync':
        return this.#say(() => ({ type: 'ping', id: 'sync' }));
      case 'offer':
        return this.#offer();
      case 'mend':
        return this.#link?.mend();
      case 'find':
        return this.#say(async () => ({ type: 'find', id: 'find', ...this.#wish!, key: await this.#freshKey() }));
      case 'next':
        return this.#say(async () => {
          const widen = effect.widen === undefined ? {} : { widen: effect.widen };
          return { type: 'next', id: 'next', ...widen, key: await this.#freshKey() };
        });
      case 'leave':
        return void this.#socket?.send({ type: 'leave' });
      case 'retryLater':
        return this.#later(effect.afterMs, () => this.#run({ on: 'retry' }));
      case 'begin':
        return void this.#begin(effect.matched, effect.again).catch((cause: unknown) => this.#distrust('crypto_failed', cause));
      case 'tellWaiting': {
        const { since, position, estimateMs } = effect;
        this.#settle?.(true);
        this.#events.emit('waiting', {
          since, ...(position === undefined ? {} : { position }), ...(estimateMs === undefined ? {} : { estimateMs }),
        });
        return;
      }
      case 'tellEnded':
        return this.#events.emit('ended', { match: toMatch(effect.matched), reason: effect.reason });
      case 'tellError':
        if (this.#settle) this.#settle(effect.error);
        return this.#events.emit('error', effect.error);
      case 'close':
        return this.#close();
    }
  }

  /** Session and socket at once; the socket's first words wait for the session. */
  #open(fresh: boolean): void {
    const stored = this.#vault.session;
    const mine = stored?.origin === this.#origin.origin ? stored : null;
    if (fresh || !mine) this.#vault.session = null;
    const usable = mine && !fresh && (this.#model.takingOver || mine.expires > Date.now() + 30_000);
    this.#resume = this.#model.takingOver ? (mine?.resume ?? null) : null;
    const credentials = usable ? Promise.resolve<Credentials>(mine) : requestSession(this.#origin.origin);
    this.#credentials = credentials;
    credentials.catch((error: unknown) => {
      if (this.#credentials !== credentials) return;
      const known = error instanceof PasserbyError ? error : new PasserbyError('unreachable', { cause: error, fatal: true });
      this.#run({ on: 'fatal', error: known });
    });
    this.#spare ??= generateKeyPair();
    if (!this.#model.takingOver) {
      this.#prepareMedia();
      this.#prepared = true;
    }
    const url = new URL('/v1/ws', this.#origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket?.close();
    this.#socket = new Socket(url.href, {
      up: () => this.#run({ on: 'up' }),
      down: (tries) => this.#down(tries),
      message: (message) => this.#receive(message),
    });
    this.#socket.open();
  }

  /** Speaks in order: later words wait for earlier ones, and all are dropped with the socket they were meant for. */
  #say(words: () => ClientMessage | null | Promise<ClientMessage | null>): void {
    const socket = this.#socket;
    this.#speech = this.#speech.then(async () => {
      if (this.#socket !== socket || !socket?.up) return;
      const epoch = socket.epoch;
      const message = await words();
      if (message && this.#socket === socket && socket.epoch === epoch) socket.send(message);
    }, () => {}).catch(() => {});
  }

  #hello(resume: boolean): void {
    this.#say(async () => {
      const { token } = await this.#credentials!;
      return { type: 'hello', token, ...(resume && this.#resume ? { resume: this.#resume } : {}) };
    });
  }

  /** Offers a new peer connection; the one prepared while the socket opened, if it is still unused. */
  #offer(): void {
    if (!this.#prepared) this.#prepareMedia();
    this.#prepared = false;
    const offer = this.#offering;
    this.#say(async () => offer);
  }

  #offering: Promise<ClientMessage | null> = Promise.resolve(null);

  #prepareMedia(): void {
    const video = this.#wish?.mode === 'video';
    this.#link?.close();
    let first: ((offer: ClientMessage | null) => void) | null = null;
    this.#offering = new Promise((resolve) => (first = resolve));
    if (video) this.#frames ??= new FrameWorker(this.#workerURL(), {
      first: (keyId, kind, timestamp) => void this.#firstFrame(keyId, kind, timestamp),
      failed: (cause) => this.#wish?.mode === 'video' && this.#run({ on: 'fatal', error: new PasserbyError('worker_failed', { cause, fatal: true }) }),
    });
    const link = new MediaLink(
      {
        frames: video ? this.#frames : null,
        tracks: { ...this.#tracks },
        iceServers: [],
        iceTransportPolicy: this.options.iceTransportPolicy ?? 'all',
        blockUdp: this.options.blockUdp ?? false,
        pauseWhenIdle: this.options.whileWaiting === 'inactive',
        stream: this.remoteStream,
      },
      {
        offer: (id, sdp) => {
          const offer: ClientMessage = { type: 'offer', id, sdp };
          if (!first) return this.#socket?.send(offer) ?? false;
          first(offer);
          first = null;
          return true;
        },
        data: (frame) => {
          const message = decode(frame);
          if (message?.type === 'text' || message?.type === 'ack' || message?.type === 'signal') this.#talk?.receive(message);
        },
        channel: () => this.#talk?.reconnected(),
        connected: () => {
          if (this.#talk?.keys) this.#sayKeyed(this.#talk);
        },
        failing: () => video && this.#events.emit('error', new PasserbyError('media_failed')),
      },
    );
    this.#link = link;
    const servers = this.#credentials!.then(({ iceServers }) => iceServers);
    link.renew(servers).catch((cause: unknown) => {
      first?.(null);
      if (this.#link === link && video) this.#run({ on: 'fatal', error: new PasserbyError('media_failed', { cause, fatal: true }) });
    });
  }

  #workerURL(): string | URL {
    if (this.options.workerUrl) return this.options.workerUrl;
    return typeof __WORKER_URL__ === 'undefined' ? new URL('./worker.js', import.meta.url) : __WORKER_URL__;
  }

  async #freshKey(): Promise<string> {
    const pair = await (this.#spare ?? generateKeyPair());
    this.#spare = generateKeyPair();
    this.#pair = pair;
    this.#rekeys = 0;
    return pair.text;
  }

  #later(ms: number, fn: () => void): void {
    this.#timers.push(setTimeout(fn, ms));
  }

  #close(): void {
    for (const timer of this.#timers.splice(0)) clearTimeout(timer);
    this.#socket?.close();
    this.#socket = null;
    this.#credentials = null;
    this.#link?.close();
    this.#link = null;
    this.#prepared = false;
    this.#pair = null;
    this.#requests.failAll();
    const stored = this.#vault.session;
    if (stored) this.#vault.session = { ...stored, resume: null, wish: null };
    if (this.#model.state !== 'error') this.#settle?.(false);
  }

  // What the server and the network say

  #down(tries: number): void {
    this.#requests.failAll();
    const code = navigator.onLine ? 'unreachable' : 'offline';
    if (this.#model.state === 'connecting' && !this.#resume && tries >= START_TRIES) {
      return this.#run({ on: 'fatal', error: new PasserbyError(code, { fatal: true }) });
    }
    this.#run({ on: 'down' });
    if (tries === OUTAGE_TRIES) this.#events.emit('error', new PasserbyError(code));
  }

  #receive(message: ServerMessage): void {
    if (this.#requests.receive(message)) return;
    switch (message.type) {
      case 'welcome':
        return this.#welcome(message);
      case 'pong':
        return message.id === 'sync' ? this.#run({ on: 'synced' }) : undefined;
      case 'answer':
        return void this.#link?.answer(message.id, message.sdp);
      case 'waiting':
        return this.#run({ on: 'waiting', since: message.since, position: message.position, estimateMs: message.estimate_ms });
      case 'matched':
        return this.#run({ on: 'matched', matched: message });
      case 'ended':
        return this.#run({ on: 'ended', match: message.match, reason: message.reason });
      case 'partner':
        if (message.match !== this.#talk?.id) return;
        this.#tellPartner({ state: message.state });
        if (message.state === 'online') {
          this.#talk.reconnected();
          this.#tellMedia();
        }
        return;
      case 'text':
      case 'ack':
      case 'signal':
        return this.#talk?.receive(message);
      case 'error':
        return this.#refused(message);
    }
  }

  #welcome(message: ServerMessage & { type: 'welcome' }): void {
    const iceServers = message.ice_servers ?? [];
    const credentials: Credentials = { token: message.token, expires: Date.parse(message.expires_at) || 0, iceServers };
    this.#credentials = Promise.resolve(credentials);
    this.#resume = message.resume;
    this.#renewals = 0;
    this.#vault.session = { ...credentials, origin: this.#origin.origin, resume: message.resume, wish: this.#wish };
    this.#link?.media?.setIceServers(iceServers);
    this.#run({ on: 'welcome', resumed: message.resumed });
  }

  #refused({ id, code, message, retry_after_ms, fatal }: ErrorMessage): void {
    const error = new PasserbyError(code, {
      retryAfterMs: retry_after_ms,
      fatal,
      message: code === 'bad_request' ? message : sentence(code, message),
    });
    switch (code) {
      case 'token_invalid':
      case 'token_expired':
        return this.#run(++this.#renewals > 2 ? { on: 'fatal', error } : { on: 'expired' });
      case 'slow_consumer':
      case 'hello_required':
        return; // the socket comes back by itself
      case 'flooding':
        this.#socket?.holdOff(retry_after_ms ?? 5000);
        return this.#events.emit('error', new PasserbyError(code, { retryAfterMs: retry_after_ms }));
    }
    if (fatal) return this.#run({ on: 'fatal', error });
    if (id?.startsWith('offer-')) return this.#link?.refused();
    if (id === 'find' || id === 'next') return this.#notFound(id, error);
    if (code !== 'no_match' && code !== 'wrong_state') this.#events.emit('error', error);
  }

  /** `find` or `next` was refused: ask again in a while, unless asking again cannot help. */
  #notFound(id: 'find' | 'next', error: PasserbyError): void {
    if (error.code === 'wrong_state' && id === 'next') return this.#run({ on: 'retry' });
    if (error.code === 'bad_request' || error.code === 'wrong_state') {
      return this.#run({ on: 'fatal', error: new PasserbyError(error.code, { message: error.message, fatal: true }) });
    }
    this.#events.emit('error', error);
    this.#run({ on: 'refused', afterMs: Math.max(250, error.retryAfterMs ?? 1500) });
  }

  // A match

  async #begin(matched: Matched, again: boolean): Promise<void> {
    const talk = this.#talk?.id === matched.match ? this.#talk : this.#newTalk(matched);
    if (!again) this.#events.emit('matched', { match: this.#match! });
    this.#settle?.(true);
    const current = () => !talk.closed && this.#model.match === matched;
    if (!current()) return;
    if (talk.keys?.keyId === matched.key_id) {
      talk.reconnected();
      this.#sayKeyed(talk);
      return this.#tellMedia();
    }
    const own = this.#pair;
    if (!own) return this.#rekey(talk);
    const check = await agreeOnKeys(own, matched);
    if (!current()) return;
    if (!check.ok) {
      // The server may not have had our newest key: one with a fresh key decides. Nothing is used before they agree.
      if (check.why === 'rekey') return this.#rekey(talk, 'p256');
      if (check.why === 'mismatch') return this.#rekey(talk);
      if (check.why === 'broken') this.#distrust('crypto_failed', check.cause);
      return;
    }
    clearTimeout(this.#rekeyTimer);
    this.#rekeyTimer = undefined;
    const installed = this.#wish?.mode === 'video' ? this.#frames?.install(check.keys) : undefined;
    talk.begin(check.keys, own, matched);
    this.#tellMedia();
    if (!installed) return talk.verify();
    void this.#link?.media?.setActive(true);
    await installed;
    if (!current()) return;
    this.#sayKeyed(talk);
    this.#later(VERIFY_LATEST, () => !talk.closed && talk.verify());
  }

  #newTalk(matched: Matched): Conversation {
    const talk: Conversation = new Conversation(
      matched,
      {
        send: (message) => this.#link?.media?.send(JSON.stringify(message)) || this.#socket?.send(message),
        save: (saved) => this.#vault.saveText(matched.match, saved),
        message: (message) => this.#events.emit('message', { message }),
        update: (message) => this.#events.emit('update', { message }),
        typing: (on) => this.#events.emit('typing', { on }),
        partner: (media) => this.#tellPartner(media),
        verify: (result) => this.#events.emit('verify', result),
      },
      this.#vault.text(matched.match),
    );
    this.#talk = talk;
    this.#lastTalk = talk;
    this.#match = toMatch(matched);
    this.#matchedAt = performance.now();
    this.#shown = false;
    this.#abort = new AbortController();
    this.#partner = { state: 'online', audio: true, video: true };
    this.#meter = new QualityMeter();
    if (matched.mode === 'video') this.#later(QUALITY_EVERY, () => void this.#measure(talk));
    for (const message of talk.messages) this.#events.emit('update', { message });
    return talk;
  }

  /** A new key pair for the running match: after a reload, for a partner without X25519, or when the server's view is old. */
  async #rekey(talk: Conversation, kind?: KeyKind): Promise<void> {
    if (this.#rekeyTimer !== undefined) return; // under way: what does not fit is older news
    if (++this.#rekeys > MAX_REKEYS) return this.#distrust('key_mismatch');
    this.#rekeyTimer = setTimeout(() => {
      this.#rekeyTimer = undefined;
      if (!talk.closed && this.state === 'matched') this.#distrust('key_mismatch');
    }, REKEY_PATIENCE);
    const pair = await generateKeyPair(kind);
    if (talk.closed) return;
    this.#pair = pair;
    this.#socket?.send({ type: 'rekey', match: talk.id, key: pair.text });
  }

  #distrust(code: ErrorCode, cause?: unknown): void {
    if (this.state !== 'matched') return;
    this.#events.emit('error', new PasserbyError(code, { cause }));
    this.#run({ on: 'distrust' });
  }

  /** Forgets keys and match: the Worker first, so that nothing more is sent or shown. */
  #clear(): void {
    this.#frames?.clear();
    this.#abort.abort();
    clearTimeout(this.#rekeyTimer);
    this.#rekeyTimer = undefined;
    this.#talk?.close();
    this.#talk = null;
    this.#match = null;
    this.#vault.forgetText();
    void this.#link?.media?.setActive(false);
  }

  /** Tells the server that the keys of a video match are installed: it asks for a key frame. */
  #sayKeyed(talk: Conversation): void {
    if (this.#wish?.mode === 'video') this.#socket?.send({ type: 'keyed', match: talk.id });
  }

  async #firstFrame(keyId: string, kind: Kind, timestamp: number): Promise<void> {
    const talk = this.#talk;
    const match = this.#match;
    if (kind !== 'video' || !talk || !match || talk.keys?.keyId !== keyId) return;
    try {
      await this.#link?.media?.shown(timestamp, this.#abort.signal);
    } catch {
      return;
    }
    if (talk.closed || talk.keys?.keyId !== keyId) return;
    this.#socket?.send({ type: 'shown', match: match.id });
    if (!this.#shown) {
      this.#shown = true;
      const ms = Math.round(performance.now() - this.#matchedAt);
      this.#events.emit('firstframe', { match, ms, rtpTimestamp: timestamp });
    }
    talk.verify();
  }

  #tellMedia(): void {
    const on = (kind: Kind) => this.#enabled[kind] && this.#tracks[kind] !== null;
    if (this.#wish?.mode === 'video') this.#talk?.signal({ media: { audio: on('audio'), video: on('video') } });
  }

  #tellPartner(change: Partial<Events['partner']>): void {
    const next = { ...this.#partner, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#partner)) return;
    this.#partner = next;
    this.#events.emit('partner', next);
  }

  async #measure(talk: Conversation): Promise<void> {
    const quality = await this.getStats().catch(() => null);
    if (talk.closed) return;
    if (quality) this.#events.emit('quality', quality);
    this.#later(QUALITY_EVERY, () => void this.#measure(talk));
  }
}

function toMatch({ match, mode, initiator, peer, at }: Matched): Match {
  return { id: match, mode, initiator, tags: peer.tags ?? [], ...(peer.language ? { language: peer.language } : {}), at };
}
