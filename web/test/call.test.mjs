// Two strangers meet, see, hear and write to each other; Next by button and by Esc; text alone asks for no camera.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

/** The mark of the connection has been measured, says so in words, and has not moved. */
async function measured(p) {
  const place = () => p.page.$eval('[data-testid=quality]', (e) => { const { x, y, width } = e.getBoundingClientRect(); return [x, y, width].join(); });
  const before = await place();
  await p.until('the quality', () => !['unknown', undefined].includes(document.querySelector('[data-testid=quality]')?.dataset.level));
  assert.match(await p.page.$eval('[data-testid=quality]', (e) => e.getAttribute('aria-label')), /^Connection: (good|fair|weak)\. .+\.$/);
  assert.equal(await place(), before, 'the mark moved');
}

test('Chromium and Chromium: picture, sound and text both ways', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await Promise.all([a.hears(), b.hears()]);
  await a.say('hello from red');
  await b.has('hello from red');
  await b.say('hello from blue ✨');
  await a.has('hello from blue ✨');
  await a.until('its message to be delivered', () => __test.messages().every((m) => m.from !== 'me' || m.delivery === 'delivered'));
  await measured(a);
}));

test('Chromium and Firefox: encrypted picture, sound and text both ways', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('green');
  const b = await stage.person('violet', { kind: 'firefox', tone: 660 });
  await meet(a, b);
  await Promise.all([a.sees('violet', {}), b.sees('green', {})]);
  await Promise.all([a.hears(), b.hears()]);
  await a.say('from Chromium');
  await b.has('from Chromium');
  await b.say('from Firefox');
  await a.has('from Firefox');
  await Promise.all([measured(a), measured(b)]);
  const [one, other] = await Promise.all([a, b].map((p) => p.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji)));
  assert.equal(one, other, 'both see the same emoji');
}));

test('the picture is hidden at once on Next, and Esc is Next', stage.told(async () => {
  const [a, b] = await stage.people('red', 'yellow');
  const first = await meet(a, b);
  await Promise.all([a.sees('yellow'), b.sees('red')]);
  const seen = await a.page.evaluate(() => {
    document.querySelector('[data-testid=next]').click();
    return new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(__test.seen()))));
  });
  assert.equal(seen.visible, false, 'one frame after Next the picture is hidden');
  const second = await a.matched({ before: first });
  await Promise.all([b.matched({ before: first }), a.sees('yellow')]);
  await a.page.keyboard.press('Escape');
  const third = await a.matched({ before: second });
  assert.notEqual(third, second);
  await Promise.all([b.matched({ before: second }), b.sees('red')]);
}));

test('a picture that stands still: the mark says that there is none', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  const level = (wanted) => a.until(`the quality ${wanted}`, (all) => all.split(' ').includes(document.querySelector('[data-testid=quality]').dataset.level), wanted);
  await level('good fair poor');
  await b.page.evaluate(() => __test.connections.forEach((c) => c.close())); // of which no page hears
  await level('none');
  assert.match(await a.page.$eval('[data-testid=quality]', (e) => e.getAttribute('aria-label')), /^Connection: no picture\./);
  await a.shot('desktop-light-10-no-picture');
  await b.click('camera'); // switched off: there need be none
  await level('good fair poor');
}));

test('text alone asks for no camera and no microphone', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b, { mode: 'text' });
  await a.say('only words');
  await b.has('only words');
  await b.say('words only');
  await a.has('words only');
  for (const p of [a, b]) assert.equal(await p.page.evaluate(() => __test.getUserMedia), 0, `${p.name} was asked for devices`);
}));

test('common interests are shown to both', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b, { tags: 'lisbon' });
  assert.deepEqual(await a.page.evaluate(() => passerby.match.tags), ['lisbon']);
  assert.deepEqual(await b.page.evaluate(() => passerby.match.tags), ['lisbon']);
}));

test('Stop ends it for both; the camera is let go', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b);
  await a.sees('blue');
  await a.stop();
  await a.inState('idle');
  await b.until('the end', () => ['ended', 'waiting'].includes(__test.state()));
  const live = await a.page.evaluate(() => [...document.querySelectorAll('video')].some((v) => v.srcObject?.getTracks().some((t) => t.readyState === 'live' && t.kind === 'video' && v.dataset.testid === 'local-video')));
  assert.equal(live, false, 'the own camera still runs after Stop');
}));
