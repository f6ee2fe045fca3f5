import type { Passerby } from '@passerby/client';
import { takeSnapshot, type Snapshot } from './snapshot';

/** How long a decoded picture may take to the screen, in milliseconds. */
const PAINT = 500;

/**
 * The stranger's picture and sound: one element for the whole life of the page.
 * It starts to play inside the click on Start, so that the browser lets it play later matches with sound.
 */
export class RemoteVideo {
  readonly element = document.createElement('video');
  readonly #client: Passerby;
  readonly #silenced: (on: boolean) => void;
  /** Pictures that came to the screen, and the RTP timestamp of the last one; undefined where the browser does not tell. */
  #pictures = 0;
  #last: number | undefined;
  readonly #looks = new Set<() => void>();

  constructor(client: Passerby, silenced: (on: boolean) => void) {
    this.#client = client;
    this.#silenced = silenced;
    this.element.playsInline = true;
    this.element.autoplay = true;
    this.element.dataset['testid'] = 'remote-video';
    if ('requestVideoFrameCallback' in this.element) this.#follow();
  }

  /** Attaches the stream and plays. Without a click before, the browser may allow it only without sound. */
  play(): void {
    const { element } = this;
    if (element.srcObject !== this.#client.remoteStream) element.srcObject = this.#client.remoteStream;
    element.play().then(
      () => this.#silenced(false),
      (e: unknown) => {
        if (!(e instanceof DOMException) || e.name !== 'NotAllowedError') return;
        element.muted = true;
        this.#silenced(true);
        void element.play().catch(() => {});
      },
    );
  }

  #follow(): void {
    this.element.requestVideoFrameCallback((_, { rtpTimestamp }) => {
      this.#pictures++;
      this.#last = rtpTimestamp;
      for (const look of [...this.#looks]) look();
      this.#follow();
    });
  }

  /**
   * Resolves when a picture of that RTP timestamp or a later one is on the screen. Decoded is not painted: on a busy machine the
   * element still shows the stranger before for a moment.
   */
  painted(first: number): Promise<void> {
    if (!('requestVideoFrameCallback' in this.element)) return Promise.resolve();
    const before = this.#pictures;
    // Timestamps wrap at 2^32. Without any, the second picture is surely new.
    const there = () => (this.#last === undefined ? this.#pictures >= before + 2 : ((this.#last - first) | 0) >= 0);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(late);
        this.#looks.delete(look);
        resolve();
      };
      const look = () => there() && done();
      const late = setTimeout(done, PAINT);
      this.#looks.add(look);
      look();
    });
  }

  /** What is heard. */
  get sound(): MediaStreamTrack | null {
    return this.#client.remoteStream.getAudioTracks()[0] ?? null;
  }

  /** What it shows now, if anything; a picture that is covered or over is none. */
  snapshot(): Snapshot | null {
    const { element } = this;
    return element.isConnected && element.checkVisibility({ visibilityProperty: true, opacityProperty: true }) ? takeSnapshot(element) : null;
  }

  /** Sound comes out of this device; where the browser does not know it, or no longer, out of the usual one. */
  speak(deviceId: string): void {
    void this.element.setSinkId?.(deviceId).catch(() => {});
  }

  /** Silence at once, before the network knows of it. */
  hush(): void {
    this.element.muted = true;
  }

  /** A new match: sound again. */
  listen(): void {
    this.element.muted = false;
    this.play();
  }
}
