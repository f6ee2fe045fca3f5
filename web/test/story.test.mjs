// The page in Firefox, from the first look to Stop: what everybody does, what a finger does, no network.
// What is particular to one of these is tested in a file of its own, in Chromium.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drag } from './lib/finger.mjs';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const kind = 'firefox';
const viewport = { width: 390, height: 844 };
const errors = (p) => p.page.evaluate(() => __test.errors);

test('Firefox: Start, words, Next by key and by finger, Stop', { timeout: 300_000 }, stage.told(async () => {
  const a = await stage.person('red', { kind, viewport });
  const b = await stage.person('blue');
  await a.page.click('[data-testid=start]');
  await a.until('the word about age', () => document.querySelector('#age-problem')?.textContent && document.activeElement.id === 'confirm-age');
  assert.deepEqual(await a.faults(), []);
  const first = await meet(a, b, { tags: 'lisbon,' });
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await a.shot('phone-light-firefox');
  assert.deepEqual(await a.faults(), []);

  await a.page.click('[data-testid=message-input]');
  await a.page.keyboard.type('olá, قهوة?');
  await a.page.keyboard.press('Enter');
  await b.has('olá, قهوة?');
  await b.say('yes 🙂');
  await a.has('yes 🙂');

  await a.page.keyboard.press('Escape');
  const second = await a.matched({ before: first });
  await Promise.all([a.sees('blue'), b.matched({ before: first })]);
  await drag(a, [[300, 300], [240, 300]]); // too short
  assert.equal(await a.matchId(), second);
  await drag(a, [[330, 300], [120, 310]]);
  await a.matched({ before: second });
  await a.stop();
  await a.inState('idle');
  assert.deepEqual(await errors(a), []);
}));

test('Firefox without a network: the page opens and says so', { timeout: 180_000 }, stage.told(async () => {
  const p = await stage.person('red', { kind });
  await p.until('the service worker', () => navigator.serviceWorker.controller !== null && navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated'));
  await p.page.setOfflineMode(true);
  await p.page.reload({ waitUntil: 'load' });
  await p.page.waitForSelector('[data-testid="start"]');
  await p.until('the word', () => /offline/i.test(document.body.textContent));
  await p.start({ mode: 'text' });
  await p.until('the trouble', () => document.querySelector('main.trouble')?.dataset.code === 'offline');
  assert.deepEqual(await errors(p), []);
}));
