import { explainMediaError, type Passerby } from '@passerby/client';
import { Camera, type Kind } from './camera';
import type { Action, View } from './view';

/** A browser that asks again after a reload must not hold the conversation up for longer than this, in milliseconds. */
const reopenWait = 6000;

interface Page {
  readonly view: View;
  dispatch(action: Action): void;
}

/** Camera and microphone between the browser, the view and the client: opened after a click, closed when nobody should see. */
export class Devices {
  readonly #camera = new Camera();

  constructor(
    private readonly client: Passerby,
    private readonly page: Page,
  ) {
    this.#camera.onlost = (kind) => {
      this.#changed({});
      this.page.dispatch({ type: 'notice', notice: { code: kind === 'audio' ? 'microphone_lost' : 'camera_lost' } });
    };
  }

  /** The system has camera or microphone for the moment. */
  get lent(): boolean {
    return this.#camera.lent;
  }

  set onlent(fn: () => void) {
    this.#camera.onlent = fn;
  }

  set quiet(on: boolean) {
    this.#camera.quiet = on;
  }

  /** From now on; a microphone that is open is opened anew, because not every browser changes a running one. */
  async setQuiet(on: boolean): Promise<void> {
    this.#camera.quiet = on;
    const id = this.track('audio')?.getSettings().deviceId;
    if (id !== undefined) await this.choose('audio', id);
  }

  track(kind: Kind): MediaStreamTrack | null {
    return this.#camera.track(kind);
  }

  /** Throws a PasserbyError that explains itself; the view says so, too. */
  async open(devices = { audio: true, video: true }): Promise<MediaStream> {
    this.#changed({ opening: true, code: null });
    try {
      const stream = await this.#camera.open(devices);
      for (const track of stream.getTracks()) track.enabled = this.page.view.sending[track.kind as Kind];
      this.#changed({ opening: false });
      return stream;
    } catch (e) {
      this.#changed({ opening: false, code: explainMediaError(e).code });
      throw e;
    }
  }

  /** For a conversation that waits 30 seconds at most: null after a while, and what comes later is sent while `wanted`. */
  async reopen(wanted: () => boolean): Promise<MediaStream | null> {
    const opening = this.open();
    const stream = await Promise.race([opening, new Promise<null>((done) => setTimeout(done, reopenWait, null))]).catch(() => null);
    const add = (late: MediaStream) => {
      if (wanted()) for (const track of late.getTracks()) void this.client.replaceTrack(track.kind as Kind, track).catch(() => {});
    };
    if (!stream) void opening.then(add, () => {});
    return stream;
  }

  async choose(kind: Kind, deviceId: string): Promise<void> {
    try {
      const track = await this.#camera.choose(kind, deviceId);
      track.enabled = this.page.view.sending[kind];
      this.#changed({ code: null });
      if (this.client.state !== 'idle') await this.client.replaceTrack(kind, track);
    } catch (e) {
      this.#changed({ code: explainMediaError(e).code });
    }
  }

  toggle(kind: Kind): void {
    const on = !this.page.view.sending[kind];
    this.client.setEnabled(kind, on);
    const track = this.track(kind);
    if (track) track.enabled = on;
    this.page.dispatch({ type: 'sending', kind, on });
  }

  close(): void {
    this.#camera.close();
    this.#changed({ opening: false, code: null });
  }

  #changed(camera: Partial<View['camera']>): void {
    this.page.dispatch({ type: 'camera', camera: { ...camera, stream: this.#camera.stream, version: this.page.view.camera.version + 1 } });
  }
}
