import { PasserbyError, explainMediaError, support, type Limits, type Passerby, type ReportReason, type Wish } from '@passerby/client';
import { Camera, type Kind } from './camera';
import { saveDraft, toWish } from './draft';
import { Memory } from './memory';
import { RemoteVideo } from './remote';
import { t } from './strings';
import { canNext, initialView, reduce, type Action, type Ended, type View } from './view';

const reopenWait = 6000;
/** Nobody sees a stranger, decides and presses in less, in milliseconds: until then a press means the one before. */
const reaction = 600;

/**
 * Joins the client, the camera and the view: the only place that acts.
 * Screens call its methods and show its view; they know nothing else.
 */
export class Controller {
  readonly camera = new Camera();
  readonly remote: RemoteVideo;
  view: View;
  readonly #client: Passerby;
  readonly #memory = new Memory();
  readonly #listeners = new Set<() => void>();
  /** Matches that a report or block is being sent about: if one ends now, it was ended here. */
  readonly #own = new Map<string, Ended>();
  /** Grows with each start and stop, so that a late answer of the camera changes nothing. */
  #attempt = 0;

  constructor(client: Passerby) {
    this.#client = client;
    this.remote = new RemoteVideo(client, (silenced) => this.dispatch({ type: 'silenced', on: silenced }));
    this.view = { ...initialView(), autoNext: this.#memory.autoNext, online: navigator.onLine };
    const able = support();
    if (!able.media && !able.text) this.view.trouble = { code: isSecureContext ? 'too_old' : 'insecure_page' };
    else if (!able.media) this.view.draft = { ...this.view.draft, mode: 'text' };
    this.camera.onlost = (kind) => this.#lost(kind);
    this.#listen();
  }

  /** What the server keeps to. */
  get limits(): Limits {
    return this.#client.limits;
  }

  subscribe(fn: () => void): () => void {
    this.#listeners.add(fn);
    return () => void this.#listeners.delete(fn);
  }

  dispatch(action: Action): void {
    this.view = reduce(this.view, action);
    for (const fn of this.#listeners) fn();
  }

  // Starting and stopping

  /** Start: asks for the camera if the mode needs it, then for a stranger. Call it inside the click. */
  async start(wish: Wish = toWish(this.view.draft), devices = { audio: true, video: true }): Promise<void> {
    saveDraft(this.view.draft);
    const attempt = ++this.#attempt;
    if (this.#client.state !== 'idle') this.#client.stop();
    const video = wish.mode === 'video';
    this.dispatch({ type: 'begin', wish, step: video ? 'camera' : 'server' });
    if (video) this.remote.play();
    try {
      const stream = video ? await this.#open(devices) : null;
      if (attempt !== this.#attempt) return;
      if (!video) this.#close();
      this.dispatch({ type: 'begin', wish, step: 'server' });
      await this.#client.start({ ...wish, adult: true }, stream);
    } catch (e) {
      if (attempt === this.#attempt) this.#fail(e);
    }
  }

  /** The same again, after something went wrong. In a tab that was replaced this closes the other one: the newest wins. */
  again(): void {
    void this.start(this.view.wish ?? undefined);
  }

  textOnly(): void {
    this.dispatch({ type: 'draft', patch: { mode: 'text' } });
    void this.start({ ...(this.view.wish ?? toWish(this.view.draft)), mode: 'text' });
  }

  soundOnly(): void {
    void this.start(this.view.wish ?? undefined, { audio: true, video: false });
  }

  /** After a reload: back into the conversation that this tab was in. */
  async resume(): Promise<boolean> {
    const wish = this.#client.resumable;
    if (!wish || this.view.trouble) return false;
    const attempt = ++this.#attempt;
    this.dispatch({ type: 'resuming', wish });
    try {
      const stream = wish.mode === 'video' ? await this.#reopen(attempt) : null;
      if (attempt !== this.#attempt) return false;
      if (await this.#client.resume(stream)) return true;
    } catch (e) {
      if (attempt === this.#attempt) this.#fail(e);
      return false;
    }
    if (attempt === this.#attempt) this.stop();
    return false;
  }

  stop(): void {
    this.#attempt++;
    this.#client.stop();
    this.#close();
    this.dispatch({ type: 'stopped' });
  }

  // In a conversation

  next(): void {
    if (canNext(this.view)) this.#next();
  }

  /** Anyone, now: interests are dropped, and the language gives way when nobody speaks it. */
  widen(): void {
    const { state, wish } = this.view;
    if (state !== 'waiting' || !wish) return;
    const { tags: _, ...rest } = wish;
    const wider: Wish = { ...rest, widen: true };
    this.#client.find(wider);
    this.dispatch({ type: 'widened', wish: wider });
  }

  send(text: string): void {
    try {
      this.dispatch({ type: 'message', message: { ...this.#client.sendText(text) } });
    } catch (e) {
      this.dispatch({ type: 'notice', notice: { code: e instanceof PasserbyError ? e.code : 'unknown' } });
    }
  }

  retry(id: string): void {
    this.#client.retry(id);
  }

  typing(on: boolean): void {
    if (this.view.match) this.#client.setTyping(on);
  }

  toggle(kind: Kind): void {
    const on = !this.view.sending[kind];
    this.#client.setEnabled(kind, on);
    const track = this.camera.track(kind);
    if (track) track.enabled = on;
    this.dispatch({ type: 'sending', kind, on });
  }

  /** Reports the stranger of a match, whoever is here by now; `block` also keeps the two apart. */
  async report(match: string, reason: ReportReason, note: string, block: boolean): Promise<void> {
    await this.#end(match, 'own_report', () => this.#client.report(match, reason, note));
    if (block) await this.block(match);
  }

  /** How many messages a report of this match would carry. */
  proofs(match: string): number {
    return this.#client.proofs(match);
  }

  async block(match: string): Promise<void> {
    await this.#end(match, 'own_block', () => this.#client.block(match));
    if (this.view.last?.id === match) this.dispatch({ type: 'forget' });
  }

  setAutoNext(on: boolean): void {
    this.#memory.autoNext = on;
    this.dispatch({ type: 'autoNext', on });
    if (on && this.view.state === 'ended') this.#next();
  }

  setVolume(volume: number): void {
    this.remote.element.volume = volume;
    this.dispatch({ type: 'volume', volume });
  }

  /** Report and block end the match by themselves. */
  async #end(match: string, why: Ended, ask: () => Promise<void>): Promise<void> {
    this.#own.set(match, why);
    await ask().finally(() => this.#own.delete(match));
  }

  // Devices

  /** Opens camera and microphone for the check before the start. */
  async check(): Promise<void> {
    const attempt = ++this.#attempt;
    try {
      await this.#open({ audio: true, video: true });
      if (attempt !== this.#attempt && this.view.state === 'idle') this.#close();
    } catch {
      // The view says why.
    }
  }

  endCheck(): void {
    this.#attempt++;
    this.#close();
  }

  async choose(kind: Kind, deviceId: string): Promise<void> {
    try {
      const track = await this.camera.choose(kind, deviceId);
      track.enabled = this.view.sending[kind];
      this.#cameraChanged({ code: null });
      if (this.#client.state !== 'idle') await this.#client.replaceTrack(kind, track);
    } catch (e) {
      this.#cameraChanged({ code: explainMediaError(e).code });
    }
  }

  async #open(devices: { audio: boolean; video: boolean }): Promise<MediaStream> {
    this.#cameraChanged({ opening: true, code: null });
    try {
      const stream = await this.camera.open(devices);
      for (const track of stream.getTracks()) track.enabled = this.view.sending[track.kind as Kind];
      this.#cameraChanged({ opening: false });
      return stream;
    } catch (e) {
      this.#cameraChanged({ opening: false, code: explainMediaError(e).code });
      throw e;
    }
  }

  /** The camera after a reload. The stranger waits 30 seconds at most, so a browser that asks again must not hold this up. */
  async #reopen(attempt: number): Promise<MediaStream | null> {
    const opening = this.#open({ audio: true, video: true });
    const stream = await Promise.race([opening, new Promise<null>((done) => setTimeout(done, reopenWait, null))]).catch(() => null);
    if (!stream) void opening.then((late) => this.#addLate(late, attempt), () => {});
    return stream;
  }

  #addLate(stream: MediaStream, attempt: number): void {
    if (attempt !== this.#attempt) return;
    for (const track of stream.getTracks()) void this.#client.replaceTrack(track.kind as Kind, track).catch(() => {});
  }

  #close(): void {
    this.camera.close();
    this.#cameraChanged({ opening: false, code: null });
  }

  #cameraChanged(camera: Partial<View['camera']>): void {
    this.dispatch({ type: 'camera', camera: { ...camera, stream: this.camera.stream, version: this.view.camera.version + 1 } });
  }

  #lost(kind: Kind): void {
    this.#cameraChanged({});
    this.dispatch({ type: 'notice', notice: { code: kind === 'audio' ? 'microphone_lost' : 'camera_lost' } });
  }

  // What the client tells

  #next(): void {
    this.remote.hush();
    this.dispatch({ type: 'next' });
    this.#client.next();
  }

  #listen(): void {
    const client = this.#client;
    client.on('state', ({ state }) => this.dispatch({ type: 'state', state }));
    client.on('waiting', ({ position, estimateMs }) => this.dispatch({ type: 'waiting', position, estimateMs, at: Date.now() }));
    client.on('matched', ({ match }) => {
      this.dispatch({ type: 'matched', match, greeting: t.chat.greeting(match.tags) });
      setTimeout(() => this.dispatch({ type: 'settled', match }), reaction);
      this.remote.listen();
    });
    client.on('firstframe', () => this.dispatch({ type: 'firstframe' }));
    client.on('ended', ({ match, reason }) => {
      this.remote.hush();
      const own = reason === 'blocked' ? this.#own.get(match.id) : undefined;
      const farewell = own ? t.chat.endedByMe : t.chat.farewell[reason];
      this.dispatch({ type: 'ended', match, reason: own ?? reason, farewell });
      const again = reason !== 'moderated' && reason !== 'drain';
      // Not inside the event: the client first finishes what it is doing.
      if (again && this.view.autoNext) queueMicrotask(() => this.view.state === 'ended' && this.#searchOn());
    });
    client.on('message', ({ message }) => this.dispatch({ type: 'message', message: { ...message } }));
    client.on('update', ({ message }) => this.dispatch({ type: 'message', message: { ...message } }));
    client.on('typing', ({ on }) => this.dispatch({ type: 'typing', on }));
    client.on('partner', (partner) => this.dispatch({ type: 'partner', partner }));
    client.on('quality', ({ level }) => this.dispatch({ type: 'quality', level }));
    client.on('verify', (verification) => this.dispatch({ type: 'verify', verification }));
    client.on('error', (error) => this.#error(error));
    addEventListener('online', () => this.dispatch({ type: 'online', on: true }));
    addEventListener('offline', () => this.dispatch({ type: 'online', on: false }));
  }

  /** Like Next, but the page goes on saying why the last conversation ended. */
  #searchOn(): void {
    this.#client.next();
  }

  #error(error: PasserbyError): void {
    const { code, message } = error;
    const retryAt = error.retryAfterMs === undefined ? undefined : Date.now() + error.retryAfterMs;
    const trouble = { code, message, retryAt };
    if (code === 'key_mismatch' || code === 'crypto_failed') {
      this.remote.hush();
      this.dispatch({ type: 'distrust', code });
    } else if (error.fatal) {
      this.remote.hush();
      this.dispatch({ type: 'trouble', trouble });
    } else if (code === 'draining' && !this.view.match) {
      this.dispatch({ type: 'restarting' });
    } else {
      this.dispatch({ type: 'notice', notice: trouble });
    }
  }

  #fail(e: unknown): void {
    const error = e instanceof PasserbyError ? e : new PasserbyError('unknown', { cause: e });
    this.#error(new PasserbyError(error.code, { message: error.message, retryAfterMs: error.retryAfterMs, fatal: true }));
  }
}
