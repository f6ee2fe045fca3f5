/**
 * The facade: runs the effects of machine.ts on line, media, Worker and meeting, and tells the page.
 *
 *   page → Passerby → machine.step → effects → Line, MediaLink, FrameWorker, Meeting → events → page
 */
import type { Kind } from './crypto/sframe';
import { PasserbyError, sentence } from './errors';
import { Emitter, type Events, type Listener } from './events';
import { FrameWorker } from './frameworker';
import { KeyRing } from './keyring';
import { Line } from './line';
import { MediaLink } from './link';
import { initial, step, type Effect, type Input, type Model } from './machine';
import { Meeting, toMatch } from './meeting';
import { CAPS, decode, type ClientMessage, type ErrorMessage, type ServerMessage } from './protocol';
import { unknownQuality } from './quality';
import { Requests } from './requests';
import { Vault } from './session';
import { support } from './support';
import type { Match, Message, Options, Quality, ReportReason, State, Wish } from './types';

/** Put in place by the build of an app that knows the worker's hashed name. */
declare const __WORKER_URL__: string | undefined;

/** Text that fits a message: the body also carries JSON, commitment, iv and tag, in base64url. */
const MAX_TEXT_BYTES = Math.floor((CAPS.textBytes * 3) / 4) - 200;
/** Failed connections in a row before `start` gives up, and before a running search or match mentions it. */
const START_TRIES = 4;
const OUTAGE_TRIES = 3;
const RETRY_DEFAULT = 1500;

/** One person's seat in the chat: from `start` to `stop` one warm connection, and on it one match after another. */
export class Passerby {
  /** The partner's sound and picture. The same object for the client's life: attach it once. */
  readonly remoteStream: MediaStream = new MediaStream();

  readonly #events = new Emitter<Events>();
  readonly #origin: URL;
  readonly #vault: Vault;
  readonly #ring = new KeyRing();
  readonly #line: Line;
  readonly #requests: Requests;
  readonly #meeting: Meeting;
  readonly #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  readonly #enabled: Record<Kind, boolean> = { audio: true, video: true };
  #model: Model;
  #inputs: Input[] | null = null;
  #wish: Wish | null = null;
  #renewals = 0;
  #link: MediaLink | null = null;
  /** The offer of a connection that was made ahead, until it is asked for. */
  #offer: Promise<ClientMessage | null> | null = null;
  #frames: FrameWorker | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #settle: ((result: boolean | PasserbyError) => void) | null = null;

  constructor(private readonly options: Options = {}) {
    this.#origin = new URL(options.url ?? location.origin);
    this.#vault = new Vault(options.storage === undefined ? sessionStorage : options.storage);
    this.#model = initial(options.autoNext ?? true);
    this.#line = new Line(this.#origin, this.#vault, {
      up: () => this.#run({ on: 'up' }),
      down: (tries) => this.#down(tries),
      message: (message) => this.#receive(message),
      failed: (error) => this.#run({ on: 'fatal', error }),
    });
    this.#requests = new Requests((message) => this.#line.send(message));
    this.#meeting = new Meeting({
      events: this.#events,
      vault: this.#vault,
      ring: this.#ring,
      send: (message) => this.#line.send(message),
      media: () => this.#link?.media ?? null,
      frames: () => (this.#video ? this.#frames : null),
      presence: () => ({ audio: this.#on('audio'), video: this.#on('video') }),
      distrust: (code, cause) => {
        this.#events.emit('error', new PasserbyError(code, { cause }));
        this.#run({ on: 'distrust' });
      },
    });
  }

  get state(): State {
    return this.#model.state;
  }

  get match(): Match | null {
    return this.#meeting.match;
  }

  /** The messages of the current match, oldest first. */
  get messages(): readonly Message[] {
    return this.#meeting.talk?.messages ?? [];
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

  /** Sends text to the partner. Follow its `state` by `update`. Throws when nobody is there or it is too long. */
  sendText(text: string): Message {
    const { talk } = this.#meeting;
    if (!talk) throw new PasserbyError('no_match');
    if (new TextEncoder().encode(JSON.stringify(text)).length > MAX_TEXT_BYTES) throw new PasserbyError('too_large');
    return talk.sendText(crypto.randomUUID(), text);
  }

  /** Sends an unacknowledged message of this match again now, instead of a little later. */
  retry(id: string): void {
    this.#meeting.talk?.retry(id);
  }

  /** Call it as often as you like while the person types. */
  setTyping(on: boolean): void {
    this.#meeting.talk?.setTyping(on);
  }

  /** Mutes or unmutes, and tells the partner. */
  setEnabled(kind: Kind, on: boolean): void {
    this.#enabled[kind] = on;
    const track = this.#tracks[kind];
    if (track) track.enabled = on;
    this.#meeting.tellMedia();
  }

  /** Sends another camera or microphone from now on, or none. */
  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    if (track) track.enabled = this.#enabled[kind];
    this.#tracks[kind] = track;
    await this.#link?.replaceTrack(kind, track);
    this.#meeting.tellMedia();
  }

  /** Reports the current or the last partner, with what he wrote as proof. The server ends the match. */
  async report(reason: ReportReason, note = ''): Promise<void> {
    const { recent } = this.#meeting;
    if (!recent) throw new PasserbyError('no_match');
    const evidence = recent.evidence(CAPS.evidenceItems, CAPS.frameBytes / 2);
    // At most three bytes of UTF-8 for each UTF-16 unit.
    const short = note.slice(0, Math.floor(CAPS.noteBytes / 3));
    await this.#requests.send({ type: 'report', match: recent.id, reason, ...(short ? { note: short } : {}), evidence });
    this.#run({ on: 'ended', match: recent.id, reason: 'blocked' });
  }

  /** Ends the match and never meets this person again. Also right after the match ended. */
  async block(): Promise<void> {
    const { recent } = this.#meeting;
    if (!recent) throw new PasserbyError('no_match');
    await this.#requests.send({ type: 'block', match: recent.id });
    this.#run({ on: 'ended', match: recent.id, reason: 'blocked' });
  }

  async getStats(): Promise<Quality> {
    return (await this.#meeting.quality()) ?? unknownQuality;
  }

  /** Stops, and ends the Worker. The client cannot be used again. */
  destroy(): void {
    this.stop();
    this.#frames?.close();
    this.#frames = null;
    this.#events.clear();
  }

  get #video(): boolean {
    return this.#wish?.mode === 'video';
  }

  #on(kind: Kind): boolean {
    return this.#enabled[kind] && this.#tracks[kind] !== null;
  }

  async #enter(input: Input, wish: Wish, media: MediaStream | null): Promise<boolean> {
    const able = support();
    if (!able.text) throw new PasserbyError('insecure', { fatal: true });
    if (wish.mode === 'video' && !able.media) throw new PasserbyError('unsupported', { fatal: true });
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
      if (effects.some((effect) => effect.do === 'clear')) this.#meeting.clear();
      if (model.state !== previous) this.#events.emit('state', { state: model.state, previous });
      for (const effect of effects) this.#do(effect);
    }
    this.#inputs = null;
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case 'clear':
        return; // done before the state was told
      case 'open':
        this.#ring.warm();
        this.#line.open(effect.fresh, this.#model.takingOver);
        if (!this.#model.takingOver) this.#offer = this.#connect();
        return;
      case 'hello':
        return this.#line.hello(effect.resume);
      case 'sync':
        return this.#line.say(() => ({ type: 'ping', id: 'sync' }));
      case 'offer': {
        const offer = this.#offer ?? this.#connect();
        this.#offer = null;
        return this.#line.say(() => offer);
      }
      case 'mend':
        return this.#link?.mend();
      case 'find':
        return this.#line.say(async () => ({ type: 'find', id: 'find', ...this.#wish!, key: (await this.#ring.fresh()).text }));
      case 'next': {
        const widen = effect.widen === undefined ? {} : { widen: effect.widen };
        return this.#line.say(async () => ({ type: 'next', id: 'next', ...widen, key: (await this.#ring.fresh()).text }));
      }
      case 'leave':
        return void this.#line.send({ type: 'leave' });
      case 'retryLater':
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => this.#run({ on: 'retry' }), effect.afterMs);
        return;
      case 'begin':
        this.#settle?.(true);
        return this.#meeting.begin(effect.matched, effect.again);
      case 'tellWaiting': {
        const { since, position, estimateMs } = effect;
        this.#settle?.(true);
        const known = { ...(position === undefined ? {} : { position }), ...(estimateMs === undefined ? {} : { estimateMs }) };
        return this.#events.emit('waiting', { since, ...known });
      }
      case 'tellEnded':
        return this.#events.emit('ended', { match: toMatch(effect.matched), reason: effect.reason });
      case 'tellError':
        this.#settle?.(effect.error);
        return this.#events.emit('error', effect.error);
      case 'close':
        return this.#close();
    }
  }

  /** Makes the peer connection. Resolves with its first offer; later ones go out by themselves. */
  #connect(): Promise<ClientMessage | null> {
    this.#link?.close();
    const video = this.#video;
    if (video) this.#frames ??= this.#startWorker();
    return new Promise((resolve) => {
      let first: ((offer: ClientMessage | null) => void) | null = resolve;
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
            if (first) first(offer);
            else this.#line.send(offer);
            first = null;
          },
          reachable: () => this.#line.up,
          data: (frame) => this.#receiveData(frame),
          channel: () => this.#meeting.talk?.reconnected(),
          connected: () => this.#meeting.resumed(),
          failing: () => video && this.#events.emit('error', new PasserbyError('media_failed')),
        },
      );
      this.#link = link;
      link.renew(this.#line.iceServers).catch((cause: unknown) => {
        first?.(null);
        if (this.#link !== link || !video) return; // text also travels over the socket
        this.#run({ on: 'fatal', error: new PasserbyError('media_failed', { cause, fatal: true }) });
      });
    });
  }

  #startWorker(): FrameWorker {
    const built = typeof __WORKER_URL__ === 'undefined' ? new URL('./worker.js', import.meta.url) : __WORKER_URL__;
    return new FrameWorker(this.options.workerUrl ?? built, {
      first: (keyId, kind, timestamp) => void this.#meeting.firstFrame(keyId, kind, timestamp),
      failed: (cause) => {
        this.#frames = null;
        if (this.#video) this.#run({ on: 'fatal', error: new PasserbyError('worker_failed', { cause, fatal: true }) });
      },
    });
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.#line.close();
    this.#link?.close();
    this.#link = null;
    this.#offer = null;
    this.#ring.forget();
    this.#requests.failAll();
    if (this.#model.state !== 'error') this.#settle?.(false);
  }

  // What server and network say

  #down(tries: number): void {
    this.#requests.failAll();
    const code = navigator.onLine ? 'unreachable' : 'offline';
    if (this.#model.state === 'connecting' && !this.#line.resumable && tries >= START_TRIES) {
      return this.#run({ on: 'fatal', error: new PasserbyError(code, { fatal: true }) });
    }
    this.#run({ on: 'down' });
    if (tries === OUTAGE_TRIES) this.#events.emit('error', new PasserbyError(code));
  }

  #receive(message: ServerMessage): void {
    if (this.#requests.receive(message)) return;
    switch (message.type) {
      case 'welcome': {
        this.#renewals = 0;
        const iceServers = this.#line.welcomed(message, this.#wish);
        this.#link?.media?.setIceServers(iceServers);
        return this.#run({ on: 'welcome', resumed: message.resumed });
      }
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
        return this.#meeting.partner(message.match, message.state);
      case 'text':
      case 'ack':
      case 'signal':
        return this.#meeting.receive(message);
      case 'error':
        return this.#refused(message);
    }
  }

  #receiveData(frame: unknown): void {
    const message = decode(frame);
    if (message?.type === 'text' || message?.type === 'ack' || message?.type === 'signal') this.#meeting.receive(message);
  }

  #refused({ id, code, message, retry_after_ms, fatal }: ErrorMessage): void {
    const text = code === 'bad_request' ? message : sentence(code, message); // it names the field
    const error = (final = fatal) => new PasserbyError(code, { retryAfterMs: retry_after_ms, fatal: final, message: text });
    switch (code) {
      case 'token_invalid':
      case 'token_expired':
        return this.#run(++this.#renewals > 2 ? { on: 'fatal', error: error() } : { on: 'expired' });
      case 'slow_consumer':
      case 'hello_required':
        return; // the socket comes back by itself
      case 'flooding':
        this.#line.holdOff(retry_after_ms ?? 5000);
        return this.#events.emit('error', error(false));
    }
    if (fatal) return this.#run({ on: 'fatal', error: error() });
    if (id?.startsWith('offer-')) return this.#link?.refused();
    if (id === 'find' || id === 'next') {
      // `find` repeats the wish, in case the server has forgotten it.
      if (code === 'wrong_state' && id === 'next') return this.#run({ on: 'retry' });
      if (code === 'wrong_state' || code === 'bad_request') return this.#run({ on: 'fatal', error: error(true) });
      this.#events.emit('error', error());
      return this.#run({ on: 'refused', afterMs: Math.max(250, retry_after_ms ?? RETRY_DEFAULT) });
    }
    if (code !== 'no_match' && code !== 'wrong_state') this.#events.emit('error', error());
    // Said to who waits, too: the place in the queue is gone.
    if (code === 'draining') this.#run({ on: 'refused', afterMs: Math.max(250, retry_after_ms ?? RETRY_DEFAULT) });
  }
}
