// Video or text can be changed while nobody is here, in the running session: no reload, no new connection to the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };
const desktop = { width: 1280, height: 800 };

const cameras = (p) => p.page.evaluate(() => __test.cameras());
const sockets = (p) => p.page.evaluate(() => __test.sockets.length);
const mode = (p, m) => p.until(`the ${m} page`, (m) => document.querySelector('.page').dataset.mode === m, m);
const switchTo = async (p, m) => {
  await p.click(m === 'video' ? 'with-video' : 'text-only');
  await mode(p, m);
};
const both = async (a, b, wait) => {
  const [one, other] = await Promise.all([a.matched(wait), b.matched(wait)]);
  assert.equal(one, other);
  return one;
};
const seeAndHear = (a, b) => Promise.all([a.sees(b.colour), b.sees(a.colour), a.hears(), b.hears()]);
const talk = async (a, b) => {
  await a.say(`from ${a.name}`);
  await b.has(`from ${a.name}`);
};

test('while waiting: from video to text, the camera goes off; and back, it comes on', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red');
  await a.start();
  await a.inState('waiting');
  assert.equal(await cameras(a), 1);
  await switchTo(a, 'text');
  assert.equal(await cameras(a), 0, 'the light is off');
  const b = await stage.person('blue', { tone: 660 });
  await b.start({ mode: 'text' });
  const first = await both(a, b);
  await talk(a, b);
  assert.equal(await b.page.evaluate(() => passerby.remoteStream.getTracks().length), 0);

  await b.stop();
  await a.inState('waiting');
  await switchTo(a, 'video');
  await b.start();
  await both(a, b, { before: first });
  await seeAndHear(a, b);
  await talk(b, a);
  assert.equal(await sockets(a), 1, 'one connection to the server all the time');
}));

test('after the end: from text to video, then to text again', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await a.start({ mode: 'text' });
  await a.inState('waiting');
  await a.page.click('.auto-next input');
  await b.start({ mode: 'text' });
  const first = await both(a, b);
  await b.stop();
  await a.inState('ended');
  await switchTo(a, 'video');
  assert.equal(await a.state(), 'ended', 'who wants to go on says so');
  await a.shot('desktop-light-modes-ended');
  await a.next();
  await b.start();
  const second = await both(a, b, { before: first });
  await seeAndHear(a, b);
  await b.stop();
  await a.inState('ended');
  await switchTo(a, 'text');
  assert.equal(await cameras(a), 0);
  await a.next();
  await b.start({ mode: 'text' });
  await both(a, b, { before: second });
  await talk(a, b);
  assert.equal(await sockets(a), 1);
}));

test('a camera that is refused: the search for text goes on', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { deny: 'NotAllowedError' });
  await a.start({ mode: 'text' });
  await a.inState('waiting');
  await a.click('with-video');
  await a.until('a notice', () => document.querySelector('.notices').textContent.includes('Camera and microphone are blocked'));
  await mode(a, 'text');
  const b = await stage.person('blue');
  await b.start({ mode: 'text' });
  await both(a, b);
  await talk(a, b);
}));

for (const [size, viewport] of [['phone', phone], ['desktop', desktop]]) {
  for (const scheme of ['light', 'dark']) {
    test(`${size}-${scheme}: pictures of both modes`, { timeout: 180_000 }, stage.told(async () => {
      const a = await stage.person('red', { viewport });
      await a.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
      await a.start({ mode: 'text' });
      await a.inState('waiting');
      await a.page.click('.auto-next input');
      await a.page.waitForNetworkIdle({ idleTime: 300 }).catch(() => {});
      await a.shot(`${size}-${scheme}-modes-1-text`);
      const found = { text: await a.faults() };
      await switchTo(a, 'video');
      await a.page.waitForNetworkIdle({ idleTime: 300 }).catch(() => {});
      await a.shot(`${size}-${scheme}-modes-2-video`);
      found.video = await a.faults();
      await switchTo(a, 'text');
      const b = await stage.person('blue', { tone: 660 });
      await b.start({ mode: 'text' });
      await both(a, b);
      await b.stop();
      await a.inState('ended');
      await a.shot(`${size}-${scheme}-modes-3-ended`);
      found.ended = await a.faults();
      assert.deepEqual(found, { text: [], video: [], ended: [] });
    }));
  }
}
