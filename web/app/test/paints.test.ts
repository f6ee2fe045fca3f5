import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Paints, type Painter } from '../src/paints';

/** A video element on which the test paints. */
function screen() {
  let next: VideoFrameRequestCallback | undefined;
  const painter: Painter = { requestVideoFrameCallback: (callback) => ((next = callback), 1) };
  const paint = (rtpTimestamp?: number) => next!(0, { rtpTimestamp } as VideoFrameCallbackMetadata);
  return { paints: new Paints(painter), paint };
}

/** Waits as since does, and tells whether that is over. */
function watch(paints: Paints, first: number) {
  const wait = { over: false };
  void paints.since(first).then(() => (wait.over = true));
  return async () => (await Promise.resolve(), await Promise.resolve(), wait.over);
}

test('the picture before is not the one waited for, however long it stays', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { paints, paint } = screen();
  paint(9_000);
  const over = watch(paints, 12_000);
  t.mock.timers.tick(4_000);
  assert.equal(await over(), false, 'the machine was busy');
  paint(11_999);
  assert.equal(await over(), false, 'one more of the stranger before');
  paint(12_001);
  assert.equal(await over(), true);
});

test('a picture that is there already is not waited for', async () => {
  const { paints, paint } = screen();
  paint(12_000);
  assert.equal(await watch(paints, 12_000)(), true);
});

test('timestamps wrap', async () => {
  const { paints, paint } = screen();
  paint(2 ** 32 - 10);
  const over = watch(paints, 5);
  assert.equal(await over(), false);
  paint(6);
  assert.equal(await over(), true);
});

test('the timestamps of the connection before say nothing', async () => {
  const { paints, paint } = screen();
  paint(1_000_000_000);
  const over = watch(paints, 50_000); // of a connection that began elsewhere
  assert.equal(await over(), false);
  paint(53_000);
  assert.equal(await over(), true);
});

test('without timestamps the second picture is surely new, and a still one is not waited for long', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { paints, paint } = screen();
  paint();
  const over = watch(paints, 50_000);
  paint();
  assert.equal(await over(), false);
  paint();
  assert.equal(await over(), true);
  const still = watch(paints, 60_000);
  t.mock.timers.tick(500);
  assert.equal(await still(), true);
});

test('a page that paints nothing does not wait for ever', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { paints, paint } = screen();
  paint(1_000);
  const over = watch(paints, 2_000);
  t.mock.timers.tick(5_000);
  assert.equal(await over(), true);
});

test('a browser that does not tell of pictures is taken at its word', async () => {
  assert.equal(await watch(new Paints({} as Painter), 1)(), true);
});
