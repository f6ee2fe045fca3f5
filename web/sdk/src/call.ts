/**
 * What carries picture and sound: the own tracks, the Worker, and the peer connection, which is made ahead and offered
 * when it is asked for. In text mode a data channel alone.
 */
import type { Kind } from './crypto/sframe';
import { choose, inHardware } from './codecs';
import type { Codec } from './crypto/packing';
import { PasserbyError } from './errors';
import { FrameWorker } from './frameworker';
import { MediaLink } from './link';
import type { Media } from './media';
import type { ClientMessage } from './protocol';
import type { Options } from './types';

/** Put in place by the build of an app that knows the worker's hashed name. */
declare const __WORKER_URL__: string | undefined;

/** What a partner is told. */
export type Presence = Record<Kind | 'screen', boolean> & { codecs?: Codec[] };

export interface CallEvents {
  /** Send this offer: one after the first. */
  offer(offer: ClientMessage): void;
  /** Whether an offer could be sent now. */
  reachable(): boolean;
  data(frame: unknown): void;
  channel(): void;
  connected(): void;
  /** What `presence` says has changed: codecs can be told apart. */
  named(): void;
  firstFrame(keyId: string, kind: Kind, rtpTimestamp: number): void;
  /** Goes on trying, unless the error is fatal. */
  failed(error: PasserbyError): void;
}

export class Call {
  readonly #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  #screen: MediaStreamTrack | null = null;
  #hardware: Promise<Codec[]> | null = null;
  #suits = 0;
  #theirs: readonly Codec[] = [];
  readonly #enabled: Record<Kind, boolean> = { audio: true, video: true };
  #video = false;
  #link: MediaLink | null = null;
  #offer: Promise<ClientMessage | null> | null = null;
  #frames: FrameWorker | null = null;
  #tcp: typeof import('./tcp') | null = null;

  constructor(
    private readonly options: Options,
    private readonly stream: MediaStream,
    private readonly events: CallEvents,
  ) {}

  get media(): Media | null {
    return this.#link?.media ?? null;
  }

  /** That which is seen; during a move another than `media`. */
  get seen(): Media | null {
    return this.#link?.seen ?? null;
  }

  /** Null in text mode. */
  get frames(): FrameWorker | null {
    return this.#video ? this.#frames : null;
  }

  /** Which of camera and microphone are not muted. */
  get enabled(): Readonly<Record<Kind, boolean>> {
    return this.#enabled;
  }

  /** Which of camera and microphone are there and on, and whether a screen is shown in place of the camera. */
  get presence(): Presence {
    const on = (kind: Kind) => this.#enabled[kind] && this.#tracks[kind] !== null;
    const screen = this.#screen !== null;
    return { audio: on('audio'), video: screen || on('video'), screen, ...(this.#frames?.named && this.media ? { codecs: this.media.codecs } : {}) };
  }

  /** From now on with video or text alone; `prepare` or `offer` makes the connection for it. */
  begin(video: boolean, media: MediaStream | null): void {
    this.#video = video;
    for (const kind of ['audio', 'video'] as const) {
      const track = media?.getTracks().find((t) => t.kind === kind) ?? null;
      this.#tracks[kind] = track;
      if (track) this.#enabled[kind] = track.enabled;
    }
  }

  /** Sends what the partner can show. */
  async suit(theirs: readonly Codec[]): Promise<void> {
    this.#theirs = theirs;
    const turn = ++this.#suits;
    const wishes = theirs.length ? (this.options.codecs ?? (await (this.#hardware ??= inHardware().catch(() => [])))) : [];
    const { media } = this;
    if (turn === this.#suits && media && (this.#frames?.named || !wishes.length)) await media.use(choose(wishes, media.codecs, theirs));
  }

  setEnabled(kind: Kind, on: boolean): void {
    this.#enabled[kind] = on;
    const track = this.#tracks[kind];
    if (track) track.enabled = on;
  }

  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    if (track) track.enabled = this.#enabled[kind];
    this.#tracks[kind] = track;
    await this.#link?.replaceTrack(kind, this.#sent(kind));
  }

  /** Sends a screen in place of the camera, or the camera again. The screen before is stopped. False when nothing changes. */
  async share(screen: MediaStreamTrack | null): Promise<boolean> {
    const before = this.#screen;
    if (before === screen) return false;
    this.#screen = screen;
    before?.stop();
    await this.#link?.replaceTrack('video', this.#sent('video'));
    return true;
  }

  get screen(): MediaStreamTrack | null {
    return this.#screen;
  }

  #sent(kind: Kind): MediaStreamTrack | null {
    return (kind === 'video' && this.#screen) || this.#tracks[kind];
  }

  /** Makes the connection ahead. */
  prepare(iceServers: Promise<RTCIceServer[]>): void {
    this.#offer = this.#connect(iceServers);
  }

  /** The first offer of the connection that was made ahead, or of a new one; null when there is none to make. */
  offer(iceServers: Promise<RTCIceServer[]>): Promise<ClientMessage | null> {
    const offer = this.#offer ?? this.#connect(iceServers);
    this.#offer = null;
    return offer;
  }

  /** Makes a connection to another server beside the present one; its offers go out by themselves. */
  move(iceServers: Promise<RTCIceServer[]>): void {
    void this.#link?.move(this.#servers(iceServers)).catch(() => {}); // the watch makes another
  }

  /** A move is over: the partner is seen by the new connection; or `now`, since there is nothing to see any more. */
  settle(now = false): void {
    if (now) this.#link?.abandon();
    else this.#link?.settle();
  }

  mend(): void {
    this.#link?.mend();
  }

  answer(id: string | undefined, sdp: string): void {
    // A relay that is reached over TCP itself uses UDP, which is no matter of this browser's.
    const relayed = this.options.iceTransportPolicy === 'relay';
    void this.#link?.answer(id, relayed ? sdp : (this.#tcp?.withoutUdp(sdp) ?? sdp));
  }

  /** The server did not take the last offer. */
  refused(): void {
    this.#link?.refused();
  }

  setIceServers(iceServers: RTCIceServer[]): void {
    this.media?.setIceServers(this.#tcp?.tcpServers(iceServers) ?? iceServers);
  }

  /** Closes the connection; the Worker stays for the next one. */
  close(): void {
    this.#link?.close();
    this.#link = null;
    this.#offer = null;
  }

  destroy(): void {
    this.close();
    this.#frames?.close();
    this.#frames = null;
  }

  #servers(known: Promise<RTCIceServer[]>): Promise<RTCIceServer[]> {
    if (!this.options.blockUdp) return known;
    return import('./tcp.js').then(async (tcp) => (this.#tcp = tcp).tcpServers(await known));
  }

  /** Resolves with the first offer; later ones go out by themselves. */
  #connect(iceServers: Promise<RTCIceServer[]>): Promise<ClientMessage | null> {
    this.#link?.close();
    const video = this.#video;
    if (video) this.#frames ??= this.#startWorker();
    return new Promise((resolve) => {
      let first: ((offer: ClientMessage | null) => void) | null = resolve;
      const link = new MediaLink(
        {
          frames: video ? this.#frames : null,
          tracks: { audio: this.#sent('audio'), video: this.#sent('video') },
          iceServers: [],
          iceTransportPolicy: this.options.iceTransportPolicy ?? 'all',
          stream: this.stream,
        },
        {
          offer: (id, sdp) => {
            const offer: ClientMessage = { type: 'offer', id, sdp };
            if (first) first(offer);
            else this.events.offer(offer);
            first = null;
          },
          reachable: () => this.events.reachable(),
          data: (frame) => this.events.data(frame),
          channel: () => this.events.channel(),
          connected: () => {
            void this.suit(this.#theirs); // a new connection begins with what all can show
            this.events.connected();
          },
          failing: () => video && this.events.failed(new PasserbyError('media_failed')),
        },
      );
      this.#link = link;
      const without = () => first?.(null); // it was closed before it had an offer
      link.renew(this.#servers(iceServers)).then(without, (cause: unknown) => {
        without();
        if (this.#link !== link || !video) return; // text also travels over the socket
        this.events.failed(new PasserbyError('media_failed', { cause, fatal: true }));
      });
    });
  }

  #startWorker(): FrameWorker {
    const built = typeof __WORKER_URL__ === 'undefined' ? new URL('./worker.js', import.meta.url) : __WORKER_URL__;
    return new FrameWorker(this.options.workerUrl ?? built, {
      first: (keyId, kind, timestamp, line) => line === this.media?.line && this.events.firstFrame(keyId, kind, timestamp),
      named: () => {
        void this.suit(this.#theirs);
        this.events.named();
      },
      failed: (cause) => {
        this.#frames = null;
        if (this.#video) this.events.failed(new PasserbyError('worker_failed', { cause, fatal: true }));
      },
    });
  }
}
