// As people use it: a newcomer on a slow telephone, a laptop that sleeps, a phone that is put away, words of every script, tags that
// others like, a message that did not arrive.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPage } from './lib/browsers.mjs';
import { meet, Person } from './lib/person.mjs';
import { clustered, setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--popular-tags': '2', '--rematch': '1m' } });
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };
const cdpOf = (p) => p.page.createCDPSession();
const lasts = (p) => p.page.evaluate(() => document.querySelector('[data-testid=messages]').lastElementChild?.dataset.delivery);

test('a newcomer finds a stranger in less than 15 seconds, from the address to the first picture, on a slow telephone', { timeout: 180_000 }, stage.told(async (t) => {
  const stranger = await stage.person('blue');
  await stranger.start();
  await stranger.inState('waiting');
  // His own browser: nothing kept, nothing allowed yet. The browser's question is answered as soon as it comes.
  const p = new Person(await openPage(await stage.browser(), { colour: 'red', viewport: phone }), 'newcomer', 'red', stage.server.url);
  stage.joins(p);
  const cdp = await cdpOf(p);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 2 });
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 80, downloadThroughput: 400_000, uploadThroughput: 200_000 });
  const began = Date.now();
  await p.page.goto(p.url, { waitUntil: 'domcontentloaded' });
  const shown = await p.page.waitForSelector('[data-testid=start]', { visible: true });
  const usable = Date.now() - began;
  await shown.tap(); // what a newcomer does first; the page says what is missing, and has the box in focus
  await p.until('the word about age', () => document.querySelector('#age-problem')?.textContent);
  assert.equal(await p.page.evaluate(() => document.activeElement.id), 'confirm-age');
  await (await p.page.$('.age')).tap();
  await shown.tap();
  await p.sees('blue');
  const took = Date.now() - began;
  await stranger.sees('red');
  t.diagnostic(`from the address to the first picture ${took} ms, of which the page took ${usable} ms (telephone: half of this processor, 80 ms and 3.2 Mbit/s)`);
  assert.ok(took < 15_000, `${took} ms`);
  await p.shot('phone-light-newcomer');
}));

test('a phone that is put away: the other one is told, and told when it is back', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { viewport: phone });
  const b = await stage.person('blue');
  const match = await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  const said = (on) => b.until(`"away" ${on}`, (on) => [...document.querySelectorAll('.stage-note')].some((e) => e.textContent.startsWith('Away')) === on, on);
  const hide = (on) => a.page.evaluate((on) => {
    Object.defineProperty(document, 'hidden', { value: on, configurable: true });
    Object.defineProperty(document, 'visibilityState', { value: on ? 'hidden' : 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, on);
  await hide(true);
  await said(true);
  await b.shot('desktop-light-partner-away-for-a-moment');
  assert.deepEqual(await b.faults(), []);
  await hide(false);
  await said(false);
  // A phone call takes the camera: the browser mutes its track.
  const call = (type) => a.page.evaluate((type) => {
    const track = __test.tracks.find((t) => t.kind === 'video' && t.readyState === 'live');
    Object.defineProperty(track, 'muted', { value: type === 'mute', configurable: true });
    track.dispatchEvent(new Event(type));
  }, type);
  await call('mute');
  await said(true);
  await call('unmute');
  await said(false);
  assert.equal(await b.matchId(), match);
}));

test('sleep and wake: a frozen page comes back to its conversation without a word', { timeout: 240_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  await a.say('before');
  await b.has('before');
  const cdp = await cdpOf(a);
  await cdp.send('Page.enable');
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  await b.say('are you asleep?');
  if (!clustered) { // asleep, it loses its connection as well
    await stage.server.down('SIGKILL');
    await stage.server.up();
  }
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  await a.page.bringToFront();
  if (clustered) {
    await a.has('are you asleep?');
    assert.equal(await a.matchId(), match);
    await a.say('no');
    await b.has('no');
  } else { // one node alone forgets: both are with somebody again, without a press
    await Promise.all([a.inState('matched'), b.inState('matched')]);
  }
  assert.equal(await a.page.$('main.trouble'), null);
}));

test('a short sleep: what was written meanwhile arrives, in order and once', { timeout: 240_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  const cdp = await cdpOf(a);
  await cdp.send('Page.enable');
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  for (const text of ['one', 'two', 'three']) await b.say(text);
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  await a.page.bringToFront();
  await a.has('three');
  assert.deepEqual((await a.messages()).map((m) => m.text), ['one', 'two', 'three']);
  assert.equal(await a.matchId(), match);
}));

test('words of every script, very long ones and disguised ones stay in their place', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { viewport: phone });
  const b = await stage.person('blue', { viewport: phone });
  await meet(a, b, { mode: 'text', tags: 'ünïcödé ñandú straße' });
  const long = ['W'.repeat(600), 'https://example.org/' + 'a'.repeat(400), 'שלום, מה שלומך? 123 (abc)', '\u202Egnp.exe\u202C', 'नमस्ते '.repeat(60), '👩‍👩‍👧‍👦'.repeat(40), 'a\n'.repeat(30) + 'end', '日本語'.repeat(80)];
  for (const text of long) {
    await a.page.evaluate(() => (document.activeElement?.blur(), 0));
    await a.page.evaluate((t) => passerby.sendText(t), text);
  }
  await b.until('all of it', (n) => document.querySelectorAll('[data-from=partner]').length === n, long.length);
  for (const p of [a, b]) {
    const out = await p.page.evaluate(() => [document.documentElement.scrollWidth, ...[...document.querySelectorAll('.bubble, .tag')].map((e) => Math.ceil(e.getBoundingClientRect().right))].filter((x) => x > innerWidth));
    assert.deepEqual(out, [], `${p.name}: something sticks out`);
  }
  // A line that runs from right to left turns no other line round.
  assert.equal(await b.page.$$eval('.bubble', (all) => getComputedStyle(all.find((e) => e.textContent.startsWith('שלום'))).direction), 'rtl');
  assert.equal(await b.page.$$eval('.bubble', (all) => getComputedStyle(all.find((e) => e.textContent.startsWith('WWW'))).direction), 'ltr');
  await b.shot('phone-light-long-words');
  assert.deepEqual(await b.faults(), []);
}));

test('tags that others name are suggested, and one press takes one', { skip: clustered && 'each node counts its own people', timeout: 180_000 }, stage.told(async () => {
  const names = ['red', 'blue'];
  for (const name of names) {
    const p = await stage.person(name);
    await p.start({ mode: 'text', tags: 'Old Films,' });
    await p.until('an answer', () => ['waiting', 'matched'].includes(__test.state()));
  }
  const p = await stage.person('green', { viewport: phone });
  const chip = await p.page.waitForSelector('[data-testid=popular] button');
  assert.equal(await chip.evaluate((e) => e.getAttribute('aria-label')), 'Add old films');
  await chip.tap();
  await p.until('the chip', () => document.querySelector('.chip')?.textContent.includes('old films'));
  assert.equal(await chip.evaluate((e) => e.getAttribute('aria-disabled')), 'true');
  await chip.tap();
  assert.equal((await p.page.$$('.chip')).length, 1);
  await p.shot('phone-light-popular');
  assert.deepEqual(await p.faults(), []);
}));

test('the same stranger: the wait says when', { timeout: 120_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b, { mode: 'text' });
  await a.next();
  await a.until('the rule', () => /both waited a minute/.test(document.querySelector('main').textContent));
}));

test('a message that does not arrive says so, a press sends it again, and it arrives once', { timeout: 240_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  for (const p of [a, b]) await p.page.evaluate(() => __test.closeChannels());
  await a.until('no channel', () => __test.openChannels() === 0);
  await b.page.evaluate(() => [...__test.sockets, ...__test.channels].forEach((way) => (way.onmessage = null))); // deaf, and nobody knows
  await a.say('does this arrive?');
  assert.equal(await lasts(a), 'sending');
  const retry = await a.page.waitForSelector('[data-testid=retry]', { timeout: 60_000 });
  assert.deepEqual(await a.faults(), []);
  const sent = () => a.page.evaluate(() => __test.traffic.filter((line) => / > text/.test(line)).length);
  const before = await sent();
  await retry.click();
  await a.until('it to be sent', (n) => __test.traffic.filter((line) => / > text/.test(line)).length > n, before);
  await a.until('it to be under way again', () => !document.querySelector('[data-testid=retry]'));
  await b.page.evaluate(() => __test.cutSockets());
  await b.has('does this arrive?');
  await a.until('the delivery', () => document.querySelector('[data-testid=messages]').lastElementChild.dataset.delivery === 'delivered');
  assert.equal((await b.messages()).length, 1);
  assert.equal(await a.matchId(), match);
}));
