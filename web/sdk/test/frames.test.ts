import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, random, type Bytes } from '../src/crypto/bytes';
import { deriveFrameKey, splitFrame, type FrameKey, type Kind } from '../src/crypto/sframe';
import { Frames } from '../src/worker/frames';

type Media = Record<Kind, FrameKey>;
const media = async (keyId: string): Promise<Media> => {
  const kid = BigInt('0x' + keyId);
  const [audio, video] = await Promise.all([deriveFrameKey(random(32), kid), deriveFrameKey(random(32), kid)]);
  return { audio, video };
};
const key = (n = 60): Bytes => concat(Uint8Array.of(0x10), random(n));
const delta = (n = 40): Bytes => concat(Uint8Array.of(0x11), random(n));

function side() {
  const first: string[] = [];
  const timers: (() => void)[] = [];
  const frames = new Frames({ first: (keyId, kind, frame) => first.push(`${keyId} ${kind} ${String(frame)}`) }, (_, fn) => void timers.push(fn));
  return { frames, first, expire: () => timers.splice(0).forEach((fn) => fn()) };
}

/** The same frame by two connections. */
const copy = (frame: Bytes): Bytes => frame.slice();
const ID = '0000000000aa';
const OTHER = 'ffffffffffbb';

async function couple(id = ID) {
  const [x, y] = [await media(id), await media(id)];
  const [a, b] = [side(), side()];
  return { a, b, join: () => (a.frames.install(id, x, y), b.frames.install(id, y, x)), x, y };
}

describe('frames', () => {
  it('nothing leaves without a key', async () => {
    const { a } = await couple();
    assert.equal(await a.frames.seal('video', delta()), null);
    assert.equal(await a.frames.seal('audio', random(20)), null);
  });
  it('a key frame to be sent waits a moment for its key', async () => {
    const { a, b, x, y } = await couple();
    const late = a.frames.seal('video', key());
    a.expire();
    assert.equal(await late, null);
    assert.equal(a.frames.holding, false);
    const frame = key();
    const held = a.frames.seal('video', frame);
    assert.equal(a.frames.holding, true);
    a.frames.install(ID, x, y);
    b.frames.install(ID, y, x);
    assert.deepEqual(await b.frames.open('video', (await held)!, 1), frame);
    assert.equal(a.frames.holding, false);
  });
  it('travel from one to the other, the first of each kind reported', async () => {
    const { a, b, join } = await couple();
    join();
    for (const [i, frame] of [key(), delta(), delta(), key()].entries()) {
      const sealed = (await a.frames.seal('video', frame))!;
      assert.notDeepEqual(sealed.subarray(17, 17 + 20), frame.subarray(10, 30));
      assert.deepEqual(await b.frames.open('video', sealed, i), frame);
    }
    const sound = random(30);
    assert.deepEqual(await b.frames.open('audio', (await a.frames.seal('audio', sound))!, 's'), sound);
    assert.deepEqual(b.first, [`${ID} video 0`, `${ID} audio s`]);
  });
  it('video begins with a key frame, on both sides', async () => {
    const { a, b, join } = await couple();
    join();
    assert.equal(await a.frames.seal('video', delta()), null);
    const first = (await a.frames.seal('video', key()))!;
    const second = (await a.frames.seal('video', delta()))!;
    assert.equal(await b.frames.open('video', second, 2), null);
    assert.ok(await b.frames.open('video', first, 1));
  });
  it('no nonce is used twice, also when the same keys are installed again', async () => {
    const { a, join, x, y } = await couple();
    join();
    const counters: number[] = [];
    for (let i = 0; i < 3; i++) {
      const sealed = await Promise.all([a.frames.seal('audio', random(10)), a.frames.seal('audio', random(10))]);
      for (const frame of sealed) counters.push(splitFrame('audio', frame!)!.ctr);
      a.frames.install(ID, x, y);
    }
    assert.deepEqual(counters, [0, 1, 2, 3, 4, 5]);
  });
  it('keys that were in use before are refused: their counters would begin again', async () => {
    const { a, join, x, y } = await couple();
    join();
    const sealed = (await a.frames.seal('audio', random(10)))!;
    const [v, w] = [await media(OTHER), await media(OTHER)];
    assert.equal(a.frames.install(ID, x, y), true, 'still in use');
    assert.equal(a.frames.install(OTHER, v, w), true);
    assert.equal(a.frames.install(ID, x, y), false);
    const next = (await a.frames.seal('audio', random(10)))!;
    assert.notEqual(splitFrame('audio', next)!.kid, splitFrame('audio', sealed)!.kid);
    a.frames.clear();
    assert.equal(a.frames.install(ID, x, y), false);
    assert.equal(await a.frames.seal('audio', random(10)), null);
  });
  it('replayed, reflected and changed ones are dropped', async () => {
    const { a, b, join } = await couple();
    join();
    const sealed = (await a.frames.seal('video', key()))!;
    assert.ok(await b.frames.open('video', sealed, 1));
    assert.equal(await b.frames.open('video', sealed, 2), null);
    assert.equal(await a.frames.open('video', (await a.frames.seal('video', key()))!, 3), null);
    const changed = (await a.frames.seal('video', key()))!;
    changed[30]! ^= 1;
    assert.equal(await b.frames.open('video', changed, 4), null);
    changed[30]! ^= 1;
    assert.ok(await b.frames.open('video', changed, 5), 'a failed one does not spoil its counter');
    assert.equal(await b.frames.open('audio', (await a.frames.seal('video', key()))!, 6), null);
    for (const junk of [new Uint8Array(0), random(1), random(12), random(300), key(5)]) assert.equal(await b.frames.open('video', junk, 7), null);
  });
  it('after clear nothing leaves and nothing opens, not even what is under way', async () => {
    const { a, b, join } = await couple();
    join();
    const sealed = (await a.frames.seal('video', key()))!;
    const leaving = a.frames.seal('video', key());
    const opening = b.frames.open('video', sealed, 1);
    a.frames.clear();
    b.frames.clear();
    assert.equal(await leaving, null);
    assert.equal(await opening, null);
    assert.equal(await b.frames.open('video', sealed, 2), null, 'and it is not waited for');
    assert.deepEqual(b.first, []);
  });
  it('of the match before are dropped at once in the next', async () => {
    const one = await couple();
    one.join();
    const old = (await one.a.frames.seal('video', key()))!;
    const [x, y] = [await media(OTHER), await media(OTHER)];
    one.b.frames.install(OTHER, x, y);
    assert.equal(await one.b.frames.open('video', old, 1), null);
  });
  it('that overtake their key wait for it a moment', async () => {
    const { a, b, x, y } = await couple();
    a.frames.install(ID, x, y);
    const frame = key();
    const opening = b.frames.open('video', (await a.frames.seal('video', frame))!, 1);
    b.frames.install(ID, y, x);
    assert.deepEqual(await opening, frame);
    const late = side();
    const waiting = late.frames.open('video', (await a.frames.seal('video', key()))!, 1);
    late.expire();
    assert.equal(await waiting, null);
  });
  it('a connection beside another opens the same frames, each line once, and none from before it began', async () => {
    const { a, b, join } = await couple();
    join();
    const [old, late] = [(await a.frames.seal('video', key()))!, (await a.frames.seal('video', key()))!];
    assert.ok(await b.frames.open('video', copy(old), 1, 1));
    assert.ok(await b.frames.open('video', copy(late), 2, 1));
    b.frames.begin(2);
    assert.equal(await b.frames.open('video', copy(late), 3, 2), null, 'what was seen is not shown again by the other way');
    const both = (await a.frames.seal('video', key()))!;
    assert.ok(await b.frames.open('video', copy(both), 4, 1));
    assert.equal(await b.frames.open('video', copy(both), 5, 1), null);
    assert.ok(await b.frames.open('video', copy(both), 6, 2));
    assert.equal(await b.frames.open('video', copy(both), 7, 2), null);
    assert.deepEqual(b.first, [`${ID} video 1`, `${ID} video 6`], 'the first of each line is told');
  });
});
