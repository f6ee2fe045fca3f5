import type { Passerby } from '@passerby/client';
import type { Devices } from './devices';
import type { Action, View } from './view';

interface Page {
  readonly view: View;
  dispatch(action: Action): void;
}

/** Words stay sharp at the cost of smoothness. What the stranger says in this page must not come back to him. */
const wanted = {
  video: { width: { max: 1920 }, height: { max: 1080 }, frameRate: { ideal: 15, max: 30 } },
  audio: true,
  selfBrowserSurface: 'exclude',
  systemAudio: 'exclude',
} as DisplayMediaStreamOptions;

/** Phones have no way to show their screen. */
export const canShare = (): boolean => typeof navigator.mediaDevices?.getDisplayMedia === 'function';

/** Shows the screen to the stranger in place of the camera, with the sound of a tab. The client ends it with the match. */
export class Sharing {
  #mixed: { track: MediaStreamTrack; close(): void } | null = null;

  constructor(
    private readonly client: Passerby,
    private readonly devices: Devices,
    private readonly page: Page,
  ) {
    client.on('sharing', ({ on }) => {
      if (!on) this.#microphoneAlone();
      page.dispatch({ type: 'sharing', on });
    });
  }

  /** Call it inside the click. */
  async toggle(): Promise<void> {
    if (this.page.view.sharing) return this.client.share(null);
    const match = this.client.match?.id;
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia(wanted);
    } catch (e) {
      const refused = e instanceof DOMException && e.name === 'NotAllowedError'; // by the person, who knows
      if (!refused) this.page.dispatch({ type: 'notice', notice: { code: 'share_failed' } });
      return;
    }
    const [picture] = stream.getVideoTracks();
    const [sound] = stream.getAudioTracks();
    try {
      // Chosen for one stranger, never shown to the next.
      if (!picture || this.client.match?.id !== match) throw new Error('the match is over');
      await this.client.share(picture);
      if (sound && this.page.view.sharing) await this.#withSound(sound);
    } catch {
      for (const track of stream.getTracks()) track.stop();
    }
  }

  /** Microphone and tab as one track, so that muting silences both. */
  async #withSound(tab: MediaStreamTrack): Promise<void> {
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    for (const track of [tab, this.devices.track('audio')]) if (track) context.createMediaStreamSource(new MediaStream([track])).connect(out);
    const track = out.stream.getAudioTracks()[0]!;
    this.#mixed = { track, close: () => (tab.stop(), void context.close()) };
    await this.client.replaceTrack('audio', track);
  }

  #microphoneAlone(): void {
    if (!this.#mixed) return;
    this.#mixed.close();
    this.#mixed = null;
    void this.client.replaceTrack('audio', this.devices.track('audio')).catch(() => {});
  }
}
