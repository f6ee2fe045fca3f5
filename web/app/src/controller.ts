import { PasserbyError, support, type Ban, type Limits, type Message, type Passerby, type Report, type Wish } from '@passerby/client';
import type { Kind } from './camera';
import { Devices } from './devices';
import { saveDraft, toWish } from './draft';
import { listen, troubleOf } from './listen';
import { Memory, type Settings } from './memory';
import type { Watch } from './nudity/watch';
import { watchPause } from './pause';
import { RemoteVideo } from './remote';
import { Sharing } from './sharing';
import { Safety } from './safety';
import { speak, type Locale } from './strings';
import { canNext, initialView, reduce, type Action, type Ended, type View } from './view';

/**
 * Joins the client, the devices and the view: the only place that acts.
 * Screens call its methods and show its view; they know nothing else.
 */
export class Controller {
  readonly devices: Devices;
  readonly remote: RemoteVideo;
  readonly sharing: Sharing;
  readonly safety = new Safety();
  view: View;
  readonly #client: Passerby;
  readonly #memory = new Memory();
  readonly #listeners = new Set<() => void>();
  /** Matches that a report or block is being sent about: if one ends now, it was ended here. */
  readonly #own = new Map<string, Ended>();
  /** Looks for nudity; there once a search for video has begun, where it is on. */
  #watch: Promise<Watch> | null = null;
  /** Grows with each start, stop and move, so that a late answer of the camera changes nothing. */
  #attempt = 0;

  constructor(client: Passerby, locale: Locale) {
    this.#client = client;
    this.devices = new Devices(client, this);
    this.remote = new RemoteVideo(client, (silenced) => this.dispatch({ type: 'silenced', on: silenced }));
    this.sharing = new Sharing(client, this.devices, this);
    const { autoNext, sending, settings } = this.#memory;
    this.view = { ...initialView(), autoNext, sending, locale, settings, online: navigator.onLine };
    for (const kind of ['audio', 'video'] as const) client.setEnabled(kind, sending[kind]);
    this.devices.quiet = settings.quiet;
    if (settings.speaker) this.remote.speak(settings.speaker);
    const able = support();
    if (!able.media && !able.text) this.view.trouble = { code: isSecureContext ? 'too_old' : 'insecure_page' };
    else if (!able.media) this.view.draft = { ...this.view.draft, mode: 'text' };
    listen(client, this.remote, this);
    watchPause(client, this.devices, this.remote);
    client.on('matched', ({ match }) => match.mode === 'video' && this.dispatch({ type: 'blur', own: { on: this.safety.begin(client), ready: false } }));
    client.on('firstframe', ({ rtpTimestamp }) => void this.#lookAt(rtpTimestamp));
    client.on('error', (error) => this.#error(error));
    this.safety.load();
    void this.safety.loaded.then(() => this.safety.clearText && this.dispatch({ type: 'clearText', on: true }));
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

  own(match: string): Ended | undefined {
    return this.#own.get(match);
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
    if (video) void this.#watching();
    try {
      const stream = video ? await this.devices.open(devices) : null;
      if (attempt !== this.#attempt) return;
      if (!video) this.devices.close();
      this.dispatch({ type: 'begin', wish, step: 'server' });
      await this.#client.start({ ...wish, adult: true }, stream);
    } catch (e) {
      if (attempt === this.#attempt) this.#fail(e);
    }
  }

  /** The same again, after something went wrong. */
  again(): void {
    void this.start(this.view.wish ?? undefined);
  }

  /** Why and until when this person is banned. */
  ban(): Promise<Ban | null> {
    return this.#client.ban();
  }

  /** A moderator's warning was read; without `read` it was put away, and comes again with the next visit. */
  putAway(id: string, read: boolean): void {
    if (read) this.#client.understood(id);
    this.dispatch({ type: 'understood', id });
  }

  /** What the server stores of this browser's person. */
  ownData(): Promise<object> {
    return this.#client.ownData();
  }

  /** Ends what runs, and has it deleted; answers what must stay. */
  deleteOwnData(): Promise<{ reports: number; bans: number }> {
    this.stop();
    return this.#client.deleteOwnData();
  }

  appeal(ban: Ban, text: string): Promise<void> {
    return this.#client.appeal(ban, text);
  }

  /** Whether this browser is known again on its next visit. */
  deviceKept(): Promise<boolean> {
    return this.#client.deviceKept();
  }

  /** Goes to the page that proves age, which leads back here. */
  async proveAge(ageUrl: string): Promise<void> {
    location.href = await this.#client.ageCheck(ageUrl, location.origin + location.pathname);
  }

  /** Text alone from now on, in the running session if there is one. The camera's light goes off at once. */
  textOnly(): void {
    this.dispatch({ type: 'draft', patch: { mode: 'text' } });
    const wish: Wish = { ...(this.view.wish ?? toWish(this.view.draft)), mode: 'text' };
    if (!this.#between) return void this.start(wish);
    this.#attempt++;
    this.#look(wish);
    this.devices.close();
  }

  /** Video after all: asks for the camera, while the search for text goes on. Call it inside the click. */
  async withVideo(): Promise<void> {
    const attempt = ++this.#attempt;
    this.remote.play();
    try {
      const stream = await this.devices.open();
      if (attempt !== this.#attempt) return;
      const { wish } = this.view;
      if (!this.#between || !wish) return this.devices.close(); // somebody came first
      this.dispatch({ type: 'draft', patch: { mode: 'video' } });
      this.#look({ ...wish, mode: 'video' }, stream);
    } catch (e) {
      if (attempt === this.#attempt) this.dispatch({ type: 'notice', notice: { code: e instanceof PasserbyError ? e.code : 'unknown' } });
    }
  }

  /** There is a session, and nobody in it: the mode can change. */
  get #between(): boolean {
    const { state, match } = this.#client;
    return !match && (state === 'waiting' || state === 'ended' || state === 'reconnecting');
  }

  #look(wish: Wish, media: MediaStream | null = null): void {
    this.#client.find(wish, media);
    this.dispatch({ type: 'wish', wish });
  }

  soundOnly(): void {
    void this.start(this.view.wish ?? undefined, { audio: true, video: false });
  }

  /** When the page opens: back into the conversation that this tab was in before a reload, or that it was copied from. */
  async arrive(): Promise<void> {
    const wish = this.#client.resumable;
    if (this.view.trouble || !wish) return;
    const attempt = ++this.#attempt;
    this.dispatch({ type: 'resuming', wish });
    await this.#takeOver();
    if (attempt === this.#attempt && !(await this.#resume(attempt)) && attempt === this.#attempt) this.stop();
  }

  /** Whether another tab of this browser is in a conversation, which could go on here. */
  async lookElsewhere(): Promise<void> {
    const [session = null] = await this.#client.elsewhere();
    if (session !== this.view.elsewhere) this.dispatch({ type: 'elsewhere', session });
  }

  /**
   * Use here: a conversation moves here from another tab, with its words. When that tab does not answer, a tab that had
   * it before looks for somebody new: the newest wins, and the conversation ends in the other.
   */
  async useHere(session?: string): Promise<void> {
    const attempt = ++this.#attempt;
    const before = this.view.trouble !== null;
    this.dispatch({ type: 'moving' });
    this.remote.play(); // inside the click
    const taken = await this.#takeOver(session);
    if (attempt !== this.#attempt) return;
    if (taken && (await this.#resume(attempt))) return;
    if (attempt !== this.#attempt) return;
    if (before) return this.again();
    this.stop();
    this.dispatch({ type: 'notice', notice: { code: 'not_moved' } });
  }

  /** Asks another tab for a session, by default the one of this tab; what was muted there stays muted. */
  async #takeOver(session?: string): Promise<boolean> {
    const taken = await this.#client.takeOver(session);
    if (!taken) return false;
    for (const kind of ['audio', 'video'] as const) this.dispatch({ type: 'sending', kind, on: taken.sending[kind] });
    this.#memory.sending = this.view.sending;
    return true;
  }

  /** Goes on with the session that this tab has stored, if it still lives. */
  async #resume(attempt: number): Promise<boolean> {
    const wish = this.#client.resumable;
    if (!wish) return false;
    this.dispatch({ type: 'resuming', wish });
    try {
      if (wish.mode === 'text') this.devices.close(); // the check before the start
      const stream = wish.mode === 'video' ? await this.devices.reopen(() => attempt === this.#attempt) : null;
      return attempt === this.#attempt && (await this.#client.resume(stream));
    } catch (e) {
      if (attempt === this.#attempt) this.#fail(e);
      return true; // the trouble has its own ways out
    }
  }

  stop(): void {
    this.#attempt++;
    this.#client.stop();
    this.devices.close();
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
    this.#look(wider);
  }

  send(text: string): void {
    try {
      this.dispatch({ type: 'message', message: { ...this.#client.sendText(text) } });
    } catch (e) {
      this.dispatch({ type: 'notice', notice: { code: e instanceof PasserbyError ? e.code : 'unknown' } });
    }
  }

  /** Ready to see and be seen, in a match that began blurred. */
  reveal(): void {
    const own = { on: this.view.blur.own.on, ready: true };
    this.#client.setBlur(own);
    this.dispatch({ type: 'blur', own });
  }

  /** See this stranger although the check takes the picture for nudity. */
  showAnyway(): void {
    const { match } = this.view;
    void this.#watch?.then((watch) => watch.end());
    if (match) this.dispatch({ type: 'glance', match: match.id, glance: 'wanted' });
  }

  retry(id: string): void {
    this.#client.retry(id);
  }

  typing(on: boolean): void {
    if (this.view.match) this.#client.setTyping(on);
  }

  toggle(kind: Kind): void {
    this.devices.toggle(kind);
    this.#memory.sending = this.view.sending;
  }

  /** Reports the stranger of a match, whoever is here by now; `block` also keeps the two apart. */
  async report(match: string, report: Report, block: boolean): Promise<void> {
    await this.#end(match, 'own_report', () => this.#client.report(match, report));
    if (block) await this.block(match);
  }

  /** The stranger's messages that a report of this match can prove. */
  provable(match: string): readonly Message[] {
    return this.#client.provable(match);
  }

  /** How much of the stranger's picture and sound a report of this match can prove, in milliseconds. */
  provableMedia(match: string): number {
    return this.#client.provableMedia(match);
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

  set(patch: Partial<Settings>): void {
    const settings = { ...this.view.settings, ...patch };
    this.#memory.settings = settings;
    this.dispatch({ type: 'settings', settings });
    if (patch.quiet !== undefined) void this.devices.setQuiet(patch.quiet);
    if (patch.speaker !== undefined) this.remote.speak(patch.speaker);
  }

  /** The page in another language, from now on. */
  async setLocale(locale: Locale): Promise<void> {
    this.#memory.locale = locale;
    await speak(locale);
    this.dispatch({ type: 'locale', locale });
  }

  /** The nudity check, loaded when it is first needed; null where nobody wants it. */
  async #watching(): Promise<Watch | null> {
    await this.safety.loaded;
    if (!this.safety.nudityCheck) return null;
    return (this.#watch ??= import('./nudity/watch').then(({ Watch }) => new Watch({
      threshold: this.safety.nudityThreshold,
      partner: () => (this.view.shown && this.view.partner.video ? this.remote.element : null),
      own: () => (this.view.sending.video ? this.view.camera.stream : null),
      match: () => this.view.match?.id ?? null,
      tell: (match, glance) => this.dispatch({ type: 'glance', match, glance }),
      warn: () => this.dispatch({ type: 'notice', notice: { code: 'own_nudity' } }),
    })));
  }

  /** The first picture of a match is here. It stays blurred until it was looked at. */
  async #lookAt(rtpTimestamp: number): Promise<void> {
    if (!this.safety.nudityCheck || this.view.match?.mode !== 'video' || this.view.glance !== 'off') return;
    const { id } = this.view.match;
    this.dispatch({ type: 'glance', match: id, glance: 'looking' });
    const watch = await this.#watching().catch(() => null);
    await this.remote.painted(rtpTimestamp);
    if (watch) watch.begin(id);
    else this.dispatch({ type: 'glance', match: id, glance: 'late' });
  }

  /** Report and block end the match by themselves. */
  async #end(match: string, why: Ended, ask: () => Promise<unknown>): Promise<void> {
    this.#own.set(match, why);
    await ask().finally(() => this.#own.delete(match));
  }

  #next(): void {
    this.remote.hush();
    this.dispatch({ type: 'next' });
    this.#client.next();
  }

  // The check before the start

  /** Opens camera and microphone. */
  async check(): Promise<void> {
    this.#attempt++;
    try {
      await this.devices.open();
    } catch {
      // The view says why.
    }
  }

  endCheck(): void {
    this.#attempt++;
    this.devices.close();
  }

  // What goes wrong

  #error(error: PasserbyError): void {
    const action = troubleOf(error, this.view);
    if (action.type !== 'notice' && action.type !== 'restarting') this.remote.hush();
    if (error.code === 'replaced') {
      this.#attempt++;
      this.devices.close(); // many phones lend a camera to one tab alone
    }
    this.dispatch(action);
  }

  #fail(e: unknown): void {
    const error = e instanceof PasserbyError ? e : new PasserbyError('unknown', { cause: e });
    const { code, message, retryAfterMs, ban, ageUrl } = error;
    this.#error(new PasserbyError(code, { message, retryAfterMs, ban, ageUrl, fatal: true }));
  }
}
