import type { Passerby } from '@passerby/client';
import { Paints } from './paints';
import { takeSnapshot, type Snapshot } from './snapshot';

/**
 * The stranger's picture and sound: one element for the whole life of the page.
 * It starts to play inside the click on Start, so that the browser lets it play later matches with sound.
 */
export class RemoteVideo {
  readonly element = document.createElement('video');
  readonly #client: Passerby;
  readonly #silenced: (on: boolean) => void;
  readonly #paints = new Paints(this.element);

  constructor(client: Passerby, silenced: (on: boolean) => void) {
    this.#client = client;
    this.#silenced = silenced;
    this.element.playsInline = true;
    this.element.autoplay = true;
    this.element.dataset['testid'] = 'remote-video';
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

  /** Resolves when a picture of that RTP timestamp or a later one is on the screen. */
  painted(first: number): Promise<void> {
    return this.#paints.since(first);
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
