/**
 * What carries picture and sound: the own tracks, the Worker, and the peer connection, which is made ahead and offered
 * when it is asked for. In text mode a data channel alone.
 */
import type { Kind } from './crypto/sframe';
import { PasserbyError } from './errors';
import { FrameWorker } from './frameworker';
import { MediaLink } from './link';
import type { Media } from './media';
import type { ClientMessage } from './protocol';
import type { Options } from './types';

/** Put in place by the build of an app that knows the worker's hashed name. */
declare const __WORKER_URL__: string | undefined;

export interface CallEvents {
  /** Send this offer: one after the first. */
  offer(offer: ClientMessage): void;
  /** Whether an offer could be sent now. */
  reachable(): boolean;
  data(frame: unknown): void;
  channel(): void;
  connected(): void;
  firstFrame(keyId: string, kind: Kind, rtpTimestamp: number): void;
  /** Goes on trying, unless the error is fatal. */
  failed(error: PasserbyError): void;
}

export class Call {
  readonly #tracks: Record<Kind, MediaStreamTrack | null> = { audio: null, video: null };
  readonly #enabled: Record<Kind, boolean> = { audio: true, video: true };
  #video = false;
  #link: MediaLink | null = null;
  #offer: Promise<ClientMessage | null> | null = null;
  #frames: FrameWorker | null = null;

  constructor(
    private readonly options: Options,
    private readonly stream: MediaStream,
    private readonly events: CallEvents,
  ) {}

  get media(): Media | null {
    return this.#link?.media ?? null;
  }

  /** Null in text mode. */
  get frames(): FrameWorker | null {
    return this.#video ? this.#frames : null;
  }

  /** Which of camera and microphone are not muted. */
  get enabled(): Readonly<Record<Kind, boolean>> {
    return this.#enabled;
  }

  /** Which of camera and microphone are there and on. */
  get presence(): Record<Kind, boolean> {
    const on = (kind: Kind) => this.#enabled[kind] && this.#tracks[kind] !== null;
    return { audio: on('audio'), video: on('video') };
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

  setEnabled(kind: Kind, on: boolean): void {
    this.#enabled[kind] = on;
    const track = this.#tracks[kind];
    if (track) track.enabled = on;
  }

  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    if (track) track.enabled = this.#enabled[kind];
    this.#tracks[kind] = track;
    await this.#link?.replaceTrack(kind, track);
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

  mend(): void {
    this.#link?.mend();
  }

  answer(id: string | undefined, sdp: string): void {
    void this.#link?.answer(id, sdp);
  }

  /** The server did not take the last offer. */
  refused(): void {
    this.#link?.refused();
  }

  setIceServers(iceServers: RTCIceServer[]): void {
    this.media?.setIceServers(iceServers);
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
          tracks: { ...this.#tracks },
          iceServers: [],
          iceTransportPolicy: this.options.iceTransportPolicy ?? 'all',
          blockUdp: this.options.blockUdp ?? false,
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
          connected: () => this.events.connected(),
          failing: () => video && this.events.failed(new PasserbyError('media_failed')),
        },
      );
      this.#link = link;
      const without = () => first?.(null); // it was closed before it had an offer
      link.renew(iceServers).then(without, (cause: unknown) => {
        without();
        if (this.#link !== link || !video) return; // text also travels over the socket
        this.events.failed(new PasserbyError('media_failed', { cause, fatal: true }));
      });
    });
  }

  #startWorker(): FrameWorker {
    const built = typeof __WORKER_URL__ === 'undefined' ? new URL('./worker.js', import.meta.url) : __WORKER_URL__;
    return new FrameWorker(this.options.workerUrl ?? built, {
      first: (keyId, kind, timestamp) => this.events.firstFrame(keyId, kind, timestamp),
      failed: (cause) => {
        this.#frames = null;
        if (this.#video) this.events.failed(new PasserbyError('worker_failed', { cause, fatal: true }));
      },
    });
  }
}
