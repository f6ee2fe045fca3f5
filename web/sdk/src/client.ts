/** The facade: what a page calls. Behind it the conductor joins the parts. */
import { Conductor } from './conductor';
import type { Kind } from './crypto/sframe';
import { deviceKept, deviceKey, forgetDevice } from './device';
import { PasserbyError } from './errors';
import type { Events, Listener } from './events';
import { loadNow } from './load';
import { CAPS, type AppealAnswer, type Ban, type DeleteAnswer } from './protocol.gen';
import { keepAgeToken, request } from './session';
import type { Blur, Limits, Match, Message, Options, Quality, Report, State, TakenOver, Warning, Wish } from './types';

/** Text that fits a message: the body also carries JSON, commitment, iv and tag, in base64url. */
const MAX_TEXT_BYTES = Math.floor((CAPS.textBytes * 3) / 4) - 200;

/** Bytes of the picture that a report may carry. */
export const MAX_PICTURE = (CAPS.pictureBytes * 3) / 4;

/** One person's seat in the chat: from `start` to `stop` one warm connection, and on it one match after another. */
export class Passerby {
  /** The partner's sound and picture. The same object for the client's life: attach it once. */
  readonly remoteStream: MediaStream = new MediaStream();

  readonly #conductor: Conductor;

  constructor(options: Options = {}) {
    this.#conductor = new Conductor(options, this.remoteStream);
  }

  get state(): State {
    return this.#conductor.state;
  }

  get match(): Match | null {
    return this.#conductor.meeting.match;
  }

  /** The messages of the current match, oldest first. Those of an earlier page are there when `matched` is told. */
  get messages(): readonly Message[] {
    return this.#conductor.meeting.talk?.messages ?? [];
  }

  /** What the server keeps to; its defaults until it has told. */
  get limits(): Limits {
    return this.#conductor.limits;
  }

  /** The wish of a session that `resume` may take over after a reload; null when there is none. */
  get resumable(): Wish | null {
    const stored = this.#conductor.vault.session;
    return stored?.resume && stored.origin === this.#conductor.origin.origin ? stored.wish : null;
  }

  /** Listens; call the result to stop. */
  on<K extends keyof Events>(event: K, fn: Listener<Events[K]>): () => void {
    return this.#conductor.events.on(event, fn);
  }

  /**
   * Connects and looks for a partner, all in one go. Resolves when the server has accepted the wish; rejects with a
   * PasserbyError when that cannot be. `media` brings camera and microphone; without it nothing is sent.
   */
  async start(wish: Wish & { adult: true }, media: MediaStream | null = null): Promise<void> {
    if (wish.adult !== true) throw new PasserbyError('adult_required');
    if (!this.#conductor.idle) throw new PasserbyError('wrong_state');
    const { adult: _, ...rest } = wish;
    await this.#conductor.enter({ on: 'start' }, rest, media);
  }

  /** The sessions that other tabs of this browser hold, so that `takeOver` can move one here. */
  async elsewhere(): Promise<string[]> {
    return (await loadNow()).elsewhere(this.#conductor.tabs);
  }

  /**
   * Moves a session from another tab to this one: `resume` goes on with it. It ends in the other tab with the error
   * `replaced`. Null when no tab holds it or the one that does is too slow. Without a name: the session that this tab had.
   */
  async takeOver(session = this.#conductor.vault.session?.session): Promise<TakenOver | null> {
    if (session === undefined || !this.#conductor.idle) return null;
    return this.#conductor.takeOver(session);
  }

  /** After a reload or `takeOver`: goes on with the old session. False when there is none; then `start` again. */
  async resume(media: MediaStream | null = null): Promise<boolean> {
    const wish = this.resumable;
    if (!wish || !this.#conductor.idle) return false;
    return this.#conductor.enter({ on: 'resume' }, wish, media);
  }

  /** Leaves the partner and looks for another. The state changes at once. */
  next(): void {
    this.#conductor.run({ on: 'next' });
  }

  /**
   * Looks with other wishes from now on: at once while waiting, where the place is kept, else from the next search.
   * Another `mode` needs that nobody is here (`wrong_state`); with `video` comes `media`, which is sent from then on, and
   * with `text` nothing is sent any more: stop your tracks, so that the camera's light goes off.
   */
  find(wish: Partial<Wish>, media: MediaStream | null = null): void {
    this.#conductor.find(wish, media);
  }

  /** Ends everything: match, search and connection. */
  stop(): void {
    this.#conductor.stop();
  }

  /**
   * Sends text to the partner. Follow its `state` by `update`. Throws when nobody is there, when it is too long, and with `clear_text` when the
   * server reads texts and `allowClearText` is not set.
   */
  sendText(text: string): Message {
    const { talk } = this.#conductor.meeting;
    if (!talk) throw new PasserbyError('no_match');
    if (this.limits.clearText && !this.#conductor.allowClearText) throw new PasserbyError('clear_text');
    if (new TextEncoder().encode(JSON.stringify(text)).length > MAX_TEXT_BYTES) throw new PasserbyError('too_large');
    return talk.sendText(crypto.randomUUID(), text);
  }

  /** Sends an unacknowledged message of this match again now, instead of a little later. */
  retry(id: string): void {
    this.#conductor.meeting.talk?.retry(id);
  }

  /** Call it as often as you like while the person types. */
  setTyping(on: boolean): void {
    this.#conductor.meeting.talk?.setTyping(on);
  }

  /** Mutes or unmutes, and tells the partner. */
  setEnabled(kind: Kind, on: boolean): void {
    this.#conductor.call.setEnabled(kind, on);
    this.#conductor.meeting.tellMedia();
  }

  /** Says that the person is away for a moment: the page is hidden, or a phone call has the camera. See the event `partner`. */
  setPaused(on: boolean): void {
    this.#conductor.meeting.setPaused(on);
  }

  /** For this match: asks the partner's page to begin blurred, or says that one is ready to see and be seen. See the event `blur`. */
  setBlur(blur: Blur): void {
    this.#conductor.meeting.setBlur(blur);
  }

  /** Sends another camera or microphone from now on, or none. */
  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    await this.#conductor.call.replaceTrack(kind, track);
    this.#conductor.meeting.tellMedia();
  }

  /**
   * Shows a screen (a video track of getDisplayMedia) to the partner in place of the camera, without a new negotiation and
   * encrypted as everything is; null shows the camera again. It ends with the match. The track is stopped when it is not
   * needed any more. See the event `sharing`. Throws `no_match` when nobody is there.
   */
  async share(screen: MediaStreamTrack | null): Promise<void> {
    await this.#conductor.share(screen);
  }

  /**
   * Reports the partner of a match, the current one or one of the last eight. It also blocks him, and ends the match
   * when it still runs. Resolves with the number of the report, if the server gave one. Rejects with `no_match` when it
   * is too long ago, and with `evidence_invalid` when the server could not confirm a message: then nothing was taken.
   */
  async report(match: string, report: Report): Promise<string | undefined> {
    if (report.picture && report.picture.length > MAX_PICTURE) throw new PasserbyError('too_large');
    const { meeting } = this.#conductor;
    const number = await (await this.#conductor.desk()).report(match, report, meeting.evidence(match), report.media ? meeting.mediaKeys(match) : null);
    this.#conductor.run({ on: 'ended', match, reason: 'blocked' });
    return number;
  }

  /** What the partner of a match wrote that a report of it can prove, oldest first: the newest, as far as they fit. */
  provable(match: string): Message[] {
    return this.#conductor.meeting.evidence(match).map(({ n, text, at }) => ({ id: `p${n}`, from: 'partner', text, at }));
  }

  /**
   * How much of the partner's last picture and sound a report of this match could open and prove, in milliseconds: 0 when
   * the server records nothing, or for too long no more.
   */
  provableMedia(match: string): number {
    return this.#conductor.meeting.mediaKeys(match) ? this.#conductor.limits.reportMediaMs : 0;
  }

  /**
   * Keeps the two apart from now on, as long as both keep their tokens and the server remembers (docs/security.md).
   * The match is the current one or one of the last eight; it ends when it still runs.
   */
  async block(match: string): Promise<void> {
    await (await this.#conductor.desk()).block(match);
    this.#conductor.run({ on: 'ended', match, reason: 'blocked' });
  }

  /** Moderators' warnings that came and were not understood yet, the oldest first. */
  get notices(): readonly Warning[] {
    return this.#conductor.notices;
  }

  /** This person has read a warning: it does not come again. */
  understood(id: string): void {
    this.#conductor.understood(id);
  }

  /** Why and until when this person is banned; null when he is not, or the server does not say. */
  async ban(): Promise<Ban | null> {
    const error = await this.#conductor.knock();
    return error?.ban ?? null;
  }

  /** Appeals against a ban. Rejects with `wrong_state` when there is an open appeal, or there were too many. */
  async appeal(ban: Ban, text: string): Promise<void> {
    await request<AppealAnswer>(this.#conductor.origin.origin, '/v1/appeal', { token: ban.token, text });
  }

  /** All that the server stores of this browser's person, as JSON. */
  async ownData(): Promise<object> {
    return request(this.#conductor.origin.origin, '/v1/data/export', {}, ' export');
  }

  /**
   * Ends what runs here and has the server delete what it stores of this browser's person. Resolves with what must stay until its time is over:
   * how many reports about him, and bans. When there are none the browser's key goes too, and he is a stranger from then on. Ask before.
   */
  async deleteOwnData(): Promise<{ reports: number; bans: number }> {
    this.stop();
    const { kept } = await request<DeleteAnswer>(this.#conductor.origin.origin, '/v1/data/delete', { confirm: 'delete' }, ' delete');
    if (kept.reports === 0 && kept.bans === 0) {
      await forgetDevice().catch(() => {}); // not kept here: it goes with the page
      this.#conductor.vault.session = null;
      keepAgeToken('');
    }
    return kept;
  }

  /** The page that proves this device's age and leads back here with `#age=`, for `keepAgeToken`. */
  async ageCheck(ageUrl: string, back: string): Promise<string> {
    return (await loadNow()).ageCheck(ageUrl, back, (await deviceKey()).publicKey);
  }

  /** Whether this browser is known again on its next visit. Not where storage is refused, as in some private windows. */
  deviceKept(): Promise<boolean> {
    return deviceKept();
  }

  async getStats(): Promise<Quality> {
    return (await this.#conductor.meeting.quality()) ?? (await import('./quality.js')).unknownQuality;
  }

  /** Stops, and ends the Worker. The client cannot be used again. */
  destroy(): void {
    this.stop();
    this.#conductor.call.destroy();
    this.#conductor.events.clear();
  }
}
