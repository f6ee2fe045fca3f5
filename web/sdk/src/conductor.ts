/**
 * Joins the parts of the client: what happens becomes inputs of the machine, and what the machine says is done.
 *
 *   page ──────────────┐
 *   server → Line ─────┼→ inputs → Runner (machine.ts) → effects → Line, Call, Meeting → events → page
 *   browser → Call ────┘
 */
import { Call } from './call';
import { PasserbyError } from './errors';
import type { FromPartner } from './conversation';
import type { Desk } from './desk';
import { Emitter, type Events } from './events';
import { KeyRing } from './keyring';
import { Line } from './line';
import { loadNow, loadTalk } from './load';
import { initial, type Effect, type Input } from './machine';
import { Meeting, toMatch } from './meeting';
import { decode, type ErrorMessage, type Notice, type ServerMessage } from './protocol';
import { answeredWish, findId, judge } from './refusal';
import { Runner } from './runner';
import { ownStorage, Vault } from './session';
import { support } from './support';
import { Tabs, type Parcel } from './tabs';
import type { Limits, Mode, Options, State, TakenOver, Warning, Wish } from './types';

/** Failed connections in a row before `start` gives up, and before a running search or match mentions it. */
const START_TRIES = 4;
const OUTAGE_TRIES = 3;

export class Conductor {
  readonly events = new Emitter<Events>();
  readonly origin: URL;
  readonly vault: Vault;
  readonly call: Call;
  readonly meeting: Meeting;
  readonly tabs: Tabs;
  /** What the server keeps to; its defaults until it has told. */
  limits: Limits = { graceMs: 10_000, resumeMs: 30_000, rematchMs: 0, reportMediaMs: 0, clearText: false };
  /** Whether the page says so to people when the server reads texts. */
  readonly allowClearText: boolean;
  readonly #notices = new Map<string, { notice: Warning; understood: boolean }>();
  readonly #ring = new KeyRing();
  readonly #runner: Runner;
  #desk: Desk | null = null;
  readonly #line: Line;
  #wish: Wish | null = null;
  #renewals = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #settle: ((result: boolean | PasserbyError) => void) | null = null;

  constructor(options: Options, stream: MediaStream) {
    this.origin = new URL(options.url ?? location.origin);
    this.allowClearText = options.allowClearText === true;
    this.vault = new Vault(options.storage === undefined ? ownStorage() : options.storage);
    this.tabs = new Tabs(this.origin.origin);
    this.#runner = new Runner(initial(options.autoNext ?? true), {
      clear: () => this.#clear(),
      state: (state, previous) => this.events.emit('state', { state, previous }),
      do: (effect) => this.#do(effect),
    });
    this.#line = new Line(this.origin, this.vault, async (...work) => (await import('./proof.js')).prove(options.proverUrl, ...work), {
      proving: (share) => this.events.emit('proving', { share }),
      up: () => this.run({ on: 'up' }),
      beside: () => this.run({ on: 'beside' }),
      late: (message) => {
        if (!this.#desk?.requests.receive(message) && isFromPartner(message)) this.meeting.receive(message);
      },
      down: (tries) => this.#down(tries),
      message: (message) => this.#receive(message),
      failed: (error) => this.run({ on: 'fatal', error }),
    }, options.session);
    this.call = new Call(options, stream, {
      offer: (offer) => void this.#line.send(offer),
      reachable: () => this.#line.up,
      data: (frame) => this.#receiveData(frame),
      channel: () => this.meeting.talk?.reconnected(),
      connected: () => this.meeting.resumed(),
      named: () => this.meeting.tellMedia(),
      firstFrame: (...frame) => void this.meeting.firstFrame(...frame),
      failed: (error) => (error.fatal ? this.run({ on: 'fatal', error }) : this.events.emit('error', error)),
    });
    this.meeting = new Meeting({
      events: this.events,
      vault: this.vault,
      ring: this.#ring,
      send: (message) => this.#line.send(message),
      call: this.call,
      limits: () => this.limits,
      avoid: (match) => {
        this.#line.send({ type: 'block', match });
        this.run({ on: 'next' });
      },
      distrust: (code, cause) => {
        this.events.emit('error', new PasserbyError(code, { cause }));
        this.run({ on: 'distrust' });
      },
    });
  }

  get state(): State {
    return this.#runner.model.state;
  }

  /** Why the server would give no session now; null when it would. */
  knock(): Promise<PasserbyError | null> {
    return this.#line.knock();
  }

  /** Whether `start` and `resume` may begin something. */
  get idle(): boolean {
    return this.state === 'idle' || this.state === 'error';
  }

  /** Where reports and blocks go. */
  async desk(): Promise<Desk> {
    const { Desk } = await loadNow();
    return (this.#desk ??= new Desk((message) => this.#line.send(message), PasserbyError));
  }

  run(input: Input): void {
    this.#runner.run(input);
  }

  /** Begins, by `start` or `resume`. Resolves with whether it came to a search or a match; rejects with what is in the way. */
  async enter(input: Input, wish: Wish, media: MediaStream | null): Promise<boolean> {
    const able = support();
    if (!able.text) throw new PasserbyError('insecure', { fatal: true });
    if (wish.mode === 'video' && !able.media) throw new PasserbyError('unsupported', { fatal: true });
    this.#wish = wish;
    this.#renewals = 0;
    this.call.begin(wish.mode === 'video', media);
    if (wish.mode === 'text') void loadTalk(); // in video it is not due before the picture
    return new Promise<boolean>((resolve, reject) => {
      this.#settle = (result) => {
        this.#settle = null;
        if (result instanceof PasserbyError) reject(result);
        else resolve(result);
      };
      this.run(input);
    });
  }

  async takeOver(session: string): Promise<TakenOver | null> {
    const parcel = await (await loadNow()).takeFrom(this.tabs, session);
    if (!this.idle) return null;
    const taken = parcel?.stored.wish ? { wish: parcel.stored.wish, sending: parcel.sending } : null;
    if (parcel && taken) {
      this.vault.session = parcel.stored;
      this.meeting.inherit(parcel.past);
      for (const kind of ['audio', 'video'] as const) this.call.setEnabled(kind, parcel.sending[kind]);
    }
    // What goes on here by `resume` can be asked for from now on: that may wait for a camera.
    const { session: name, resume } = this.vault.session ?? {};
    if (name === session && resume) this.tabs.hold(session, () => this.#give());
    return taken;
  }

  /** Ends everything, and what was only about to begin. */
  stop(): void {
    this.run({ on: 'stop' });
    this.tabs.release();
  }

  find(wish: Partial<Wish>, media: MediaStream | null): void {
    if (!this.#wish || this.idle) throw new PasserbyError('wrong_state');
    const { mode } = this.#wish;
    const next: Wish = { mode, ...wish };
    if (next.mode !== mode) this.#change(next.mode, media);
    this.#wish = next;
    this.#line.keep(this.#wish);
    this.run({ on: 'wish' });
  }

  /** Video instead of text alone, or the reverse: another connection in the running session, before the search for it. */
  #change(mode: Mode, media: MediaStream | null): void {
    if (this.#runner.model.match) throw new PasserbyError('wrong_state');
    if (mode === 'video' && !support().media) throw new PasserbyError('unsupported');
    this.call.close();
    this.call.begin(mode === 'video', media);
    this.call.prepare(this.#line.iceServers);
    if (this.#line.up) this.#do({ do: 'offer' });
  }

  /** Shows a screen to the partner of the running match in place of the camera; null: the camera again. */
  async share(screen: MediaStreamTrack | null): Promise<void> {
    if (screen && !(this.meeting.talk && this.call.frames)) {
      screen.stop();
      throw new PasserbyError('no_match');
    }
    if (screen) {
      screen.contentHint ||= 'detail';
      screen.addEventListener('ended', () => this.call.screen === screen && void this.share(null).catch(() => {}));
    }
    const changing = this.call.share(screen);
    const on = this.call.screen !== null;
    if (!(await changing) || on !== (this.call.screen !== null)) return;
    this.meeting.tellMedia();
    this.events.emit('sharing', { on });
  }

  /** The match is over: nothing is sent or shown any more, the screen least of all. */
  #clear(): void {
    this.meeting.clear();
    if (this.call.screen) void this.share(null).catch(() => {});
  }

  #do(effect: Exclude<Effect, { do: 'clear' }>): void {
    switch (effect.do) {
      case 'open': {
        const { takingOver } = this.#runner.model;
        this.#ring.warm();
        this.#line.open(effect.fresh, takingOver);
        if (!takingOver) this.call.prepare(this.#line.iceServers);
        return;
      }
      case 'hello':
        return this.#line.hello(effect.resume, effect.beside);
      case 'beside':
        return this.#line.move();
      case 'sync':
        return this.#line.say(() => ({ type: 'ping', id: 'sync' }));
      case 'offer': {
        const offer = this.call.offer(this.#line.iceServers);
        return this.#line.say(() => offer);
      }
      case 'mend':
        return this.call.mend();
      case 'move':
        return this.call.move(this.#line.iceServers);
      case 'find': {
        this.meeting.asked();
        const { wish, after, same } = effect;
        return this.#line.ask(async () => {
          const own = (same && this.#ring.own) || (await this.#ring.fresh());
          return { type: 'find', id: findId(wish), ...this.#wish!, key: own.text, after };
        });
      }
      case 'next': {
        this.meeting.asked();
        const { after } = effect;
        return this.#line.ask(async () => ({ type: 'next', id: 'next', key: (await this.#ring.fresh()).text, after }));
      }
      case 'leave':
        return void this.#line.send({ type: 'leave' });
      case 'goodbye':
        return this.#line.goodbye();
      case 'retryLater':
        clearTimeout(this.#retryTimer);
        this.#retryTimer = setTimeout(() => this.run({ on: 'retry' }), effect.afterMs);
        return;
      case 'begin':
        this.#settle?.(true);
        return this.meeting.begin(effect.matched, effect.again);
      case 'tellWaiting':
        this.#settle?.(true);
        return this.events.emit('waiting', effect.place);
      case 'tellEnded':
        return this.events.emit('ended', { match: toMatch(effect.matched), reason: effect.reason });
      case 'tellError':
        this.#settle?.(effect.error);
        return this.events.emit('error', effect.error);
      case 'close':
        return this.#close();
    }
  }

  /** The session with all that it needs to go on in another tab. It ends here. */
  #give(): Parcel | null {
    const stored = this.vault.session;
    if (!stored?.resume) return null;
    const parcel = structuredClone({ stored, sending: this.call.enabled, past: this.meeting.past });
    const error = new PasserbyError('replaced', { fatal: true });
    if (!this.idle) this.run({ on: 'fatal', error });
    else {
      // It was about to go on here.
      this.#clear();
      this.#close();
      this.events.emit('error', error);
    }
    return parcel;
  }

  #close(): void {
    clearTimeout(this.#retryTimer);
    this.tabs.release();
    this.#line.close();
    this.call.close();
    this.#ring.forget();
    this.meeting.forget();
    this.#desk?.requests.failAll();
    if (this.state !== 'error') this.#settle?.(false);
  }

  // What server and network say

  #down(tries: number): void {
    this.#desk?.requests.failAll();
    const code = navigator.onLine ? 'unreachable' : 'offline';
    if (this.state === 'connecting' && !this.#line.resumable && tries >= START_TRIES) {
      return this.run({ on: 'fatal', error: new PasserbyError(code, { fatal: true }) });
    }
    this.run({ on: 'down' });
    if (tries === OUTAGE_TRIES) this.events.emit('error', new PasserbyError(code));
  }

  #receive(message: ServerMessage): void {
    if (this.#desk?.requests.receive(message)) return;
    if (isFromPartner(message)) return this.meeting.receive(message);
    switch (message.type) {
      case 'welcome': {
        this.#renewals = 0;
        const { grace_ms: graceMs, resume_ms: resumeMs, rematch_ms: rematchMs = 0, report_media_ms: reportMediaMs = 0 } = message.limits;
        this.limits = { graceMs, resumeMs, rematchMs, reportMediaMs, clearText: message.limits.clear_text === true };
        this.call.setIceServers(this.#line.welcomed(message, this.#wish));
        this.tabs.hold(message.session, () => this.#give());
        return this.run({ on: 'welcome', resumed: message.resumed, media: message.media });
      }
      case 'moved':
        return this.run({ on: 'moved' });
      case 'pong':
        return message.id === 'sync' ? this.run({ on: 'synced' }) : undefined;
      case 'answer':
        return this.call.answer(message.id, message.sdp);
      case 'waiting': {
        const { id, since, position, estimate_ms: estimateMs } = message;
        const place = { since, ...(position && { position }), ...(estimateMs !== undefined && { estimateMs }) };
        return this.run({ on: 'waiting', place, wish: answeredWish(id) });
      }
      case 'matched':
        return this.run({ on: 'matched', matched: message, wish: answeredWish(message.id), unwanted: message.mode !== this.#wish?.mode });
      case 'ended':
        return this.run({ on: 'ended', match: message.match, reason: message.reason });
      case 'committed':
        return this.meeting.committed(message);
      case 'refused':
        return this.meeting.refused(message);
      case 'notice':
        return this.#noticed(message);
      case 'partner':
        return this.meeting.partner(message.match, message.state);
      case 'error':
        return this.#refused(message);
    }
  }

  /** A moderator's word: told once; what was understood while the way was shut is said again. */
  #noticed({ notice: id, reason, message, at }: Notice): void {
    const known = this.#notices.get(id);
    if (known?.understood) return void this.#line.send({ type: 'understood', notice: id });
    if (known) return;
    const notice: Warning = { id, reason, at, ...(message === undefined ? {} : { message }) };
    this.#notices.set(id, { notice, understood: false });
    this.events.emit('notice', { notice });
  }

  understood(id: string): void {
    const known = this.#notices.get(id);
    if (!known) return;
    known.understood = true;
    this.#line.send({ type: 'understood', notice: id });
  }

  /** What was told and not understood yet. */
  get notices(): Warning[] {
    return [...this.#notices.values()].filter(({ understood }) => !understood).map(({ notice }) => notice);
  }

  #receiveData(frame: unknown): void {
    const message = decode(frame);
    if (message && isFromPartner(message)) this.meeting.receive(message);
  }

  #refused(message: ErrorMessage): void {
    const { input, error, offer, holdOffMs } = judge(message, this.#renewals);
    if (input?.on === 'expired') this.#renewals++;
    if (holdOffMs !== undefined) this.#line.holdOff(holdOffMs);
    if (offer) this.call.refused();
    if (error) this.events.emit('error', error);
    if (input) this.run(input);
  }
}

const isFromPartner = (message: ServerMessage): message is FromPartner => ['text', 'ack', 'signal'].includes(message.type);
