// The camera's light: what is opened too late is stopped at once.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Camera } from '../src/camera';

class Track {
  readyState = 'live';
  constructor(readonly kind: string) {}
  addEventListener() {}
  stop() {
    this.readyState = 'ended';
  }
}

/** What the browser was asked for and has not answered yet. */
let asked: (() => Track[])[];
beforeEach(() => {
  asked = [];
  const getUserMedia = () =>
    new Promise((resolve) => {
      asked.push(() => {
        const tracks = [new Track('audio'), new Track('video')];
        const of = (kind: string) => tracks.filter((track) => track.kind === kind);
        resolve({ getTracks: () => tracks, getAudioTracks: () => of('audio'), getVideoTracks: () => of('video') });
        return tracks;
      });
    });
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia } }, configurable: true });
});

const lit = (tracks: Track[]) => tracks.some((track) => track.readyState === 'live');

describe('camera', () => {
  it('closed while the browser asks: what is allowed later is off again at once', async () => {
    const camera = new Camera();
    const opening = camera.open();
    camera.close();
    const tracks = asked[0]!();
    await opening;
    assert.deepEqual([lit(tracks), camera.stream], [false, null]);
  });
  it('asked for twice: the later one counts, in whichever order they come', async () => {
    for (const order of [[0, 1], [1, 0]] as const) {
      asked.length = 0;
      const camera = new Camera();
      const openings = [camera.open(), camera.open()];
      const tracks: Track[][] = [];
      for (const i of order) {
        tracks[i] = asked[i]!();
        await openings[i];
      }
      assert.deepEqual(tracks.map(lit), [false, true]);
      camera.close();
      assert.deepEqual(tracks.map(lit), [false, false]);
    }
  });
});
