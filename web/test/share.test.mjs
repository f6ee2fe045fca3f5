// Showing one's screen: in place of the camera, over the same connection, encrypted as before; it ends with the match.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

/** What must not change when a screen is shown: connection, transforms, and how often was negotiated. */
const wiring = (p) =>
  p.page.evaluate(() => {
    const [pc] = __test.connections.filter((c) => c.connectionState === 'connected');
    __test.wired ??= pc.getSenders().map((s) => s.transform);
    return {
      connections: __test.connections.length,
      offers: __test.traffic.filter((line) => / > offer/.test(line)).length,
      transforms: pc.getSenders().filter((s, i) => s.transform && s.transform === __test.wired[i]).length,
    };
  });

/** A real click on a page in front: browsers want the gesture. */
async function show(p) {
  await p.page.bringToFront();
  await p.page.click('[data-testid=share]');
  await p.until('one’s own word that the screen is shown', () => document.querySelector('.stage-note.is-own'));
}

for (const kind of ['chromium', 'firefox']) {
  test(`a screen is shown to ${kind} in place of the camera, and the camera again`, { timeout: 240_000 }, stage.told(async () => {
    const a = await stage.person('red');
    const b = await stage.person('blue', { kind });
    await meet(a, b);
    await Promise.all([a.sees('blue'), b.sees('red')]);
    const before = await wiring(a);
    assert.equal(before.transforms, 2);

    await show(a);
    await b.until('the word that it is a screen', () => document.querySelector('[data-testid=partner-screen]'));
    await b.until('all of the screen', () => {
      const video = __test.remote();
      return __test.visible(video) && video.videoWidth > 0 && __test.colour(video) !== 'red' && getComputedStyle(video).objectFit === 'contain';
    });
    const [label, hint] = await a.page.evaluate(() => {
      const [video] = __test.connections.at(-1).getSenders().filter((s) => s.track?.kind === 'video');
      return [document.querySelector('[data-testid=share]').getAttribute('aria-label'), video.track.contentHint];
    });
    assert.deepEqual([label, hint], ['Stop showing your screen', 'detail']);
    await a.shot(`desktop-light-11-screen-own-${kind}`);
    await b.shot(`desktop-light-11-screen-${kind}`);

    await a.click('share');
    await b.until('the word that it is none any more', () => !document.querySelector('[data-testid=partner-screen]'));
    await b.sees('red');
    assert.deepEqual(await wiring(a), before, 'nothing was negotiated, and the same transforms encrypt');
  }));
}

test('the next stranger does not see the screen', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const first = await meet(a, b);
  await b.sees('red');
  await a.page.evaluate(() => {
    const native = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getDisplayMedia = async (want) => (__test.display = await native(want));
  });
  await show(a);
  await b.until('the screen', () => document.querySelector('[data-testid=partner-screen]'));
  await b.next();
  await Promise.all([a.matched({ before: first }), b.matched({ before: first })]);
  assert.ok(await a.page.evaluate(() => __test.display.getVideoTracks().every((t) => t.readyState === 'ended')), 'the screen is captured no more');
  await b.sees('red');
  assert.equal(await b.page.$('[data-testid=partner-screen]'), null);
}));
