/**
 * The facade: what a page calls, and what the effects of machine.ts do.
 *
 *   page → Passerby → Runner (machine) → effects → Line, Call, Meeting → events → page
 *   server → Line → #receive → inputs of the machine, or the meeting
 */
import { Call } from './call';
import type { Kind } from './crypto/sframe';
import { PasserbyError } from './errors';
import { Emitter, type Events, type Listener } from './events';
import { KeyRing } from './keyring';
import { Line } from './line';
import { initial, type Effect, type Input } from './machine';
import { Meeting, toMatch } from './meeting';
import { CAPS, decode, type ErrorMessage, type ServerMessage } from './protocol';
import { unknownQuality } from './quality';
import { answeredWish, findId, judge } from './refusal';
import { Requests } from './requests';
import { Runner } from './runner';
import { Vault } from './session';
import { support } from './support';
import type { Limits, Match, Message, Options, Quality, ReportReason, State, Wish } from './types';

/** Text that fits a message: the body also carries JSON, commitment, iv and tag, in base64url. */
const MAX_TEXT_BYTES = Math.floor((CAPS.textBytes * 3) / 4) - 200;
/** Failed connections in a row before `start` gives up, and before a running search or match mentions it. */
const START_TRIES = 4;
const OUTAGE_TRIES = 3;

/** One person's seat in the chat: from `start` to `stop` one warm connection, and on it one match after another. */
export class Passerby {
  /** The partner's sound and picture. The same object for the client's life: attach it once. */
  readonly remoteStream: MediaStream = new MediaStream();

  readonly #events = new Emitter<Events>();
  readonly #origin: URL;
  readonly #vault: Vault;
  readonly #ring = new KeyRing();
  readonly #runner: Runner;
  readonly #line: Line;
  readonly #requests: Requests;
  readonly #call: Call;
  readonly #meeting: Meeting;
  #wish: Wish | null = null;
  #limits: Limits = { graceMs: 10_000, resumeMs: 30_000 };
  #renewals = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #settle: ((result: boolean | PasserbyError) => void) | null = null;

  constructor(options: Options = {}) {
    this.#origin = new URL(options.url ?? location.origin);
    this.#vault = new Vault(options.storage === undefined ? sessionStorage : options.storage);
    this.#runner = new Runner(initial(options.autoNext ?? true), {
      clear: () => this.#meeting.clear(),
      state: (state, previous) => this.#events.emit('state', { state, previous }),
      do: (effect) => this.#do(effect),
    });
    this.#line = new Line(this.#origin, this.#vault, {
      up: () => this.#run({ on: 'up' }),
      down: (tries) => this.#down(tries),
      message: (message) => this.#receive(message),
      failed: (error) => this.#run({ on: 'fatal', error }),
    });
    this.#requests = new Requests((message) => this.#line.send(message));
    this.#call = new Call(options, this.remoteStream, {
      offer: (offer) => void this.#line.send(offer),
      reachable: () => this.#line.up,
      data: (frame) => this.#receiveData(frame),
      channel: () => this.#meeting.talk?.reconnected(),
      connected: () => this.#meeting.resumed(),
      firstFrame: (...frame) => void this.#meeting.firstFrame(...frame),
      failed: (error) => (error.fatal ? this.#run({ on: 'fatal', error }) : this.#events.emit('error', error)),
    });
    this.#meeting = new Meeting({
      events: this.#events,
      vault: this.#vault,
      ring: this.#ring,
      send: (message) => this.#line.send(message),
      media: () => this.#call.media,
      frames: () => this.#call.frames,
      presence: () => this.#call.presence,
      avoid: (match) => {
        this.#line.send({ type: 'block', match });
        this.#run({ on: 'next' });
      },
      distrust: (code, cause) => {
        this.#events.emit('error', new PasserbyError(code, { cause }));
        this.#run({ on: 'distrust' });
      },
    });
  }

  get state(): State {
    return this.#runner.model.state;
  }

  get match(): Match | null {
    return this.#meeting.match;
  }

  /** The messages of the current match, oldest first. */
  get messages(): readonly Message[] {
    return this.#meeting.talk?.messages ?? [];
  }

  /** What the server keeps to; its defaults until it has told. */
  get limits(): Limits {
    return this.#limits;
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

  /** Leaves the partner and looks for another. The state changes at once. */
  next(): void {
    this.#run({ on: 'next' });
  }

  /** Looks with other wishes from now on: at once while waiting, where the place is kept, else from the next search. */
  find(wish: Omit<Wish, 'mode'>): void {
    if (!this.#wish) throw new PasserbyError('wrong_state');
    this.#wish = { ...wish, mode: this.#wish.mode };
    this.#line.keep(this.#wish);
    this.#run({ on: 'wish' });
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
    this.#call.setEnabled(kind, on);
    this.#meeting.tellMedia();
  }

  /** Sends another camera or microphone from now on, or none. */
  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    await this.#call.replaceTrack(kind, track);
    this.#meeting.tellMedia();
  }

  /**
   * Reports the partner of a match, the current one or one of the last eight, with what he wrote as proof. It also
   * blocks him, and ends the match when it still runs. Rejects with `no_match` when it is too long ago.
   */
  async report(match: string, reason: ReportReason, note = ''): Promise<void> {
    // At most three bytes of UTF-8 for each UTF-16 unit.
    const short = note.slice(0, Math.floor(CAPS.noteBytes / 3));
    const evidence = this.#meeting.evidence(match);
    await this.#requests.send({ type: 'report', match, reason, ...(short ? { note: short } : {}), evidence });
    this.#run({ on: 'ended', match, reason: 'blocked' });
  }

  /** How many messages of the partner a report of this match would carry. */
  proofs(match: string): number {
    return this.#meeting.evidence(match).length;
  }

  /** Never meets the partner of this match again, the current one or one of the last eight; ends it when it still runs. */
  async block(match: string): Promise<void> {
    await this.#requests.send({ type: 'block', match });
    this.#run({ on: 'ended', match, reason: 'blocked' });
  }

  async getStats(): Promise<Quality> {
    return (await this.#meeting.quality()) ?? unknownQuality;
  }

  /** Stops, and ends the Worker. The client cannot be used again. */
  destroy(): void {
    this.stop();
    this.#call.destroy();
    this.#events.clear();
  }

  #run(input: Input): void {
    this.#runner.run(input);
  }

  async #enter(input: Input, wish: Wish, media: MediaStream | null): Promise<boolean> {
    const able = support();
    if (!able.text) throw new PasserbyError('insecure', { fatal: true });
    if (wish.mode === 'video' && !able.media) throw new PasserbyError('unsupported', { fatal: true });
    this.#wish = wish;
    this.#renewals = 0;
    this.#call.begin(wish.mode === 'video', media);
    return new Promise<boolean>((resolve, reject) => {
      this.#settle = (result) => {
        this.#settle = null;
        if (result instanceof PasserbyError) reject(result);
        else resolve(result);
      };
      this.#run(input);
    });
  }

  #do(effect: Exclude<Effect, { do: 'clear' }>): void {
    switch (effect.do) {
      case 'open': {
        const { takingOver } = this.#runner.model;
        this.#ring.warm();
        this.#line.open(effect.fresh, takingOver);
        if (!takingOver) this.#call.prepare(this.#line.iceServers);
        return;
      }
      case 'hello':
        return this.#line.hello(effect.resume);
      case 'sync':
        return this.#line.say(() => ({ type: 'ping', id: 'sync' }));
      case 'offer': {
        const offer = this.#call.offer(this.#line.iceServers);
        return this.#line.say(() => offer);
      }
      case 'mend':
        return this.#call.mend();
      case 'find': {
        const { wish, after, same } = effect;
        return this.#line.ask(async () => {
          const own = (same && this.#ring.own) || (await this.#ring.fresh());
          return { type: 'find', id: findId(wish), ...this.#wish!, key: own.text, after };
        });
      }
      case 'next': {
        const { after } = effect;
        return this.#line.ask(async () => ({ type: 'next', id: 'next', key: (await this.#ring.fresh()).text, after }));
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

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.#line.close();
    this.#call.close();
    this.#ring.forget();
    this.#meeting.forget();
    this.#requests.failAll();
    if (this.state !== 'error') this.#settle?.(false);
  }

  // What server and network say

  #down(tries: number): void {
    this.#requests.failAll();
    const code = navigator.onLine ? 'unreachable' : 'offline';
    if (this.state === 'connecting' && !this.#line.resumable && tries >= START_TRIES) {
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
        this.#limits = { graceMs: message.limits.grace_ms, resumeMs: message.limits.resume_ms };
        this.#call.setIceServers(this.#line.welcomed(message, this.#wish));
        return this.#run({ on: 'welcome', resumed: message.resumed });
      }
      case 'pong':
        return message.id === 'sync' ? this.#run({ on: 'synced' }) : undefined;
      case 'answer':
        return this.#call.answer(message.id, message.sdp);
      case 'waiting': {
        const { id, since, position, estimate_ms: estimateMs } = message;
        return this.#run({ on: 'waiting', since, position, estimateMs, wish: answeredWish(id) });
      }
      case 'matched':
        return this.#run({ on: 'matched', matched: message, wish: answeredWish(message.id) });
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

  #refused(message: ErrorMessage): void {
    const { input, error, offer, holdOffMs } = judge(message, this.#renewals);
    if (input?.on === 'expired') this.#renewals++;
    if (holdOffMs !== undefined) this.#line.holdOff(holdOffMs);
    if (offer) this.#call.refused();
    if (error) this.#events.emit('error', error);
    if (input) this.#run(input);
  }
}
