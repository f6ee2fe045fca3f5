/**
 * Keeps a working Media: makes it, offers it, restarts ICE when the network changed, makes a new one when that does
 * not help. The owner carries offers and answers and is told when media or channel come and go.
 *
 * A move to another node makes the new one beside the former, which goes on until the new one shows the partner.
 *
 *   disconnected 1.5 s, failed, network changed → restart ICE → 5 s, or another server answers → new connection → 8 s without an answer,
 *   25 s without success, or refused → another
 */
import type { Kind } from './crypto/sframe';
import { Media, type MediaEvents, type MediaOptions } from './media';

export interface LinkEvents {
  /** Whether an offer could be sent now; without that it is no use to try. */
  reachable(): boolean;
  /** Send this offer; its answer comes back through `answer` with the same id. */
  offer(id: string, sdp: string): void;
  data: MediaEvents['data'];
  channel: MediaEvents['channel'];
  connected(): void;
  /** Tried for a while without success; goes on trying. */
  failing(): void;
}

/** An offer without an answer is made again after this long, and one whose answer did not connect; milliseconds. */
const ANSWER_PATIENCE = 8000;
const CONNECT_PATIENCE = 25_000;
/** After a restart of ICE, which is quick when it helps. */
const RESTART_PATIENCE = 5000;
const REFUSED_DELAY = 1000;
const MAX_DELAY = 30_000;
const FAILING_AFTER = 3;
/** A connection that a move made is the one that is seen at the latest so long after it is there; a partner may have no picture. */
const SETTLE_LATEST = 3000;
/** So long the one before sends on: the partner's server changes over at our next key frame. */
const FORMER_SENDS = 2000;

export class MediaLink {
  #media: Media | null = null;
  /** Before the move that is under way. */
  #former: Media | null = null;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #offered: { id: string; media: Media } | null = null;
  /** Of all links, so that no link takes an answer to the offer of one before. */
  static #count = 0;
  #failures = 0;
  #restarting = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: MediaOptions,
    private readonly events: LinkEvents,
  ) {}

  get media(): Media | null {
    return this.#media;
  }

  /** The one that is seen. */
  get seen(): Media | null {
    return this.#settling === undefined && this.#former ? this.#former : this.#media;
  }

  /** Makes a connection to another server beside the present one, which goes on until `settle`. */
  async move(ready: Promise<RTCIceServer[]>): Promise<void> {
    const media = this.#media;
    if (media?.connected) {
      this.#closeFormer();
      media.retire();
      this.#former = media;
      this.#media = null;
    }
    await this.renew(ready);
  }

  /** The new connection shows the partner: it takes the place of the former, which sends on for a moment. */
  settle(): void {
    if (!this.#former || !this.#media || this.#settling !== undefined) return;
    this.#former.hide();
    this.#media.show();
    this.#settling = setTimeout(() => this.#closeFormer(), FORMER_SENDS);
  }

  /** What the former showed is over. */
  abandon(): void {
    this.settle();
    this.#closeFormer();
  }

  #closeFormer(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    this.#former?.close();
    this.#former = null;
  }

  /** Makes a new connection, and its offer as soon as `ready` says what the ICE servers are. */
  async renew(ready: Promise<RTCIceServer[]>): Promise<void> {
    this.#media?.close();
    const media: Media = new Media(this.options, {
      data: (frame) => (this.#media === media || this.#former === media) && this.events.data(frame),
      channel: (open) => this.#media === media && this.events.channel(open),
      connected: () => this.#media === media && this.#connected(),
      trouble: () => this.#media === media && this.mend(),
    }, this.#former !== null);
    this.#media = media;
    this.#restarting = false;
    this.#watch(ANSWER_PATIENCE);
    media.setIceServers(await ready);
    await this.#offer(media, false);
  }

  /** Looks after the connection: nothing if it is well, else a restart, else a new one. */
  mend(): void {
    const media = this.#media;
    if (media?.connected) return;
    if (!this.events.reachable()) return this.#watch(ANSWER_PATIENCE);
    this.#failures++;
    if (this.#failures === FAILING_AFTER) this.events.failing();
    this.#restarting = media !== null && this.#failures === 1 && media.pc.remoteDescription !== null;
    if (media && this.#restarting) {
      this.#watch(RESTART_PATIENCE);
      void this.#offer(media, true).catch(() => {});
    } else {
      void this.renew(Promise.resolve(this.options.iceServers)).catch(() => {});
    }
  }

  async answer(id: string | undefined, sdp: string): Promise<void> {
    if (!this.#offered || this.#offered.id !== id) return;
    const { media } = this.#offered;
    this.#offered = null;
    if (media.answeredElsewhere(sdp)) return void this.renew(Promise.resolve(this.options.iceServers)).catch(() => {});
    try {
      await media.answer(sdp);
      if (this.#media === media && !media.connected && !this.#restarting) this.#watch(CONNECT_PATIENCE);
    } catch {
      this.refused(); // the watch makes a new one
    }
  }

  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    this.options.tracks[kind] = track;
    await Promise.all([this.#media, this.#former].map((media) => media?.replaceTrack(kind, track)));
  }

  /** The server did not take the last offer. */
  refused(): void {
    this.#failures = Math.max(this.#failures, 1);
    this.#watch(Math.min(MAX_DELAY, REFUSED_DELAY * 2 ** this.#failures));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closeFormer();
    this.#media?.close();
    this.#media = null;
    this.#offered = null;
  }

  async #offer(media: Media, restart: boolean): Promise<void> {
    const sdp = await media.offer(restart);
    if (this.#media !== media) return;
    const id = `offer-${++MediaLink.#count}`;
    this.#offered = { id, media };
    this.events.offer(id, sdp);
  }

  #connected(): void {
    this.#failures = 0;
    clearTimeout(this.#timer);
    const media = this.#media;
    if (this.#former) setTimeout(() => this.#media === media && this.settle(), this.options.frames ? SETTLE_LATEST : 0);
    this.events.connected();
  }

  #watch(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.mend(), ms);
  }
}
