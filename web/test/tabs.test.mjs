// A conversation moves from tab to tab of one browser: the newest wins, the old one says so and has a way back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };

const words = async (p) => (await p.messages()).map((m) => m.text).sort();
const replaced = (p) => p.until('the other tab to have it', () => document.querySelector('main.trouble')?.dataset.code === 'replaced');
const here = (p, match) => p.until('the conversation here', (id) => window.passerby?.match?.id === id && __test.state() === 'matched', match);
const useHere = async (p) => (await p.page.waitForSelector('[data-testid=use-here]')).click();
const emoji = (p) => p.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji);
const badge = (p) => p.page.$eval('[data-testid=verify]', (e) => e.dataset.verify);
const cameras = (p) => p.page.evaluate(() => __test.cameras());

test('a text conversation moves to a fresh tab and back: nothing lost, nothing doubled', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  await a.say('one');
  await b.has('one');
  await b.say('two');
  await a.has('two');
  await emoji(b);
  await b.click('verify');
  await b.page.evaluate(() => document.querySelector('dialog .is-primary').click());
  assert.equal(await badge(b), 'confirmed');

  const c = await a.tab();
  stage.joins(c);
  await useHere(c);
  await here(c, match);
  await replaced(a);
  assert.deepEqual(await words(c), ['one', 'two'], 'what was said came along');
  await c.say('three');
  await b.has('three');
  await b.say('four');
  await c.has('four');
  assert.equal(await emoji(c), await emoji(b), 'new keys, the same emoji on both sides');
  assert.equal(await badge(c), 'ready', 'nobody has compared here');
  assert.equal(await badge(b), 'changed', 'what was compared before counts no more');

  // Under way while it moves back: b writes all the time.
  const writing = (async () => {
    for (let i = 0; i < 20; i++) await b.say(`more ${i}`);
  })();
  await a.page.bringToFront();
  await useHere(a);
  await here(a, match);
  await writing;
  await replaced(c);
  const all = ['one', 'two', 'three', 'four', ...Array.from({ length: 20 }, (_, i) => `more ${i}`)].sort();
  await a.until('every message', (n) => __test.messages().length >= n, all.length);
  assert.deepEqual(await words(a), all);
  assert.deepEqual(await words(b), all);
  await b.until('all deliveries', () => __test.messages().every((m) => m.from === 'partner' || m.delivery === 'delivered'));
}));

test('in Firefox, too', { timeout: 300_000 }, stage.told(async () => {
  const a = await stage.person('red', { kind: 'firefox' });
  const b = await stage.person('blue');
  const match = await meet(a, b, { mode: 'text' });
  await a.say('one');
  await b.has('one');
  const c = await a.tab();
  stage.joins(c);
  await useHere(c);
  await here(c, match);
  await replaced(a);
  assert.deepEqual(await words(c), ['one']);
  await b.say('two');
  await c.has('two');
}));

test('a video call moves: picture and sound both ways, the camera of the old tab is off, what was muted stays muted', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await a.say('before');
  await b.has('before');
  const c = await a.tab({ colour: 'green' });
  stage.joins(c);
  await useHere(c);
  await here(c, match);
  await replaced(a);
  await Promise.all([c.sees('blue'), b.sees('green'), c.hears(), b.hears()]);
  assert.equal(await cameras(a), 0, 'the old tab has let the camera go');
  assert.deepEqual(await words(c), ['before']);
  assert.equal(await emoji(c), await emoji(b));
  await c.click('mute');
  await b.until('the sign of a muted partner', () => document.querySelector('.stage-note'));
  await a.page.bringToFront();
  await useHere(a);
  await here(a, match);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await b.until('the partner to be muted still', () => document.querySelector('.stage-note'));
  assert.equal(await a.page.$eval('[data-testid=mute]', (e) => e.dataset.off), 'true');
}));

test('a copied tab takes the conversation over by itself, with its words', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  await a.say('one');
  await b.has('one');
  const c = await a.tab({ copy: true });
  stage.joins(c);
  await here(c, match);
  await replaced(a);
  assert.deepEqual(await words(c), ['one']);
  await c.say('two');
  await b.has('two');
}));

test('a tab that does not answer: the conversation ends there, and the new tab looks for another', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  const c = await a.tab({ copy: true });
  stage.joins(c);
  await here(c, match);
  await replaced(a);
  assert.match(await a.page.$eval('main.trouble', (e) => e.textContent), /If the other tab does not answer, it ends/);
  // It hears nothing, as a tab that the browser has frozen.
  await c.page.evaluate(() => (BroadcastChannel.prototype.postMessage = () => {}));
  await a.page.bringToFront();
  await useHere(a);
  await a.until('a new search', (id) => ['waiting', 'matched'].includes(__test.state()) && window.passerby.match?.id !== id, match);
  await replaced(c);
  await b.until('the end', (id) => window.passerby.match?.id !== id, match);
}));

for (const [size, viewport] of [['phone', phone], ['desktop', { width: 1280, height: 800 }]]) {
  for (const scheme of ['light', 'dark']) {
    test(`${size}-${scheme}: pictures of both tabs`, { timeout: 180_000 }, stage.told(async () => {
      const a = await stage.person('red', { viewport });
      await a.start({ mode: 'text' });
      await a.inState('waiting');
      const c = await a.tab({ viewport });
      stage.joins(c);
      const media = [{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }];
      for (const p of [a, c]) await p.page.emulateMediaFeatures(media);
      await c.page.waitForSelector('[data-testid=use-here]');
      await c.shot(`${size}-${scheme}-tabs-1-elsewhere`);
      assert.deepEqual(await c.faults(), []);
      await useHere(c);
      await c.inState('waiting');
      await replaced(a);
      await a.page.bringToFront();
      await a.shot(`${size}-${scheme}-tabs-2-replaced`);
      assert.deepEqual(await a.faults(), []);
    }));
  }
}
