// What fingers and devices do: a swipe is Next and no accident is, the whole screen, the device that sound comes out of.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drag } from './lib/finger.mjs';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };

/** Tells what the finger meant: a new match, or the same still after everything has been answered. */
const asked = (p) => p.page.evaluate(() => __test.traffic.filter((line) => / > next/.test(line)).length);

test('a swipe along the text is Next; short, upright and taken-back ones are not', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { viewport: phone });
  const b = await stage.person('blue');
  const first = await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  for (const accident of [
    [[300, 300], [240, 300]], // too short
    [[300, 250], [180, 420]], // more down than along
    [[120, 300], [330, 300]], // the other way
    [[330, 300], [150, 300], [300, 300]], // turned back
  ]) await drag(a, accident);
  assert.equal(await asked(a), 0, 'no accident is Next');
  assert.equal(await a.matchId(), first);

  const finger = await drag(a, [[330, 300], [120, 310]], { held: true });
  assert.match(await a.page.$eval('.stage-swipe', (e) => e.textContent), /Let go/);
  await a.shot('phone-light-swipe');
  await finger.end();
  await Promise.all([a.matched({ before: first }), b.matched({ before: first })]);
  assert.equal(await asked(a), 1);
  await Promise.all([a.sees('blue'), b.sees('red')]);
}));

test('in Arabic a swipe goes the other way', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { viewport: phone });
  const b = await stage.person('blue');
  await a.page.select('[data-testid=page-language]', 'ar');
  await a.until('Arabic', () => document.documentElement.dir === 'rtl');
  const first = await meet(a, b);
  await a.sees('blue');
  await drag(a, [[330, 300], [120, 300]]);
  assert.equal(await asked(a), 0);
  await drag(a, [[60, 300], [270, 300]]);
  await a.matched({ before: first });
}));

test('the whole screen, by button and by key, and dialogs lie above it', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await a.page.setViewport({ width: 1280, height: 800 });
  await meet(a, b);
  await a.sees('blue');
  const full = (on) => a.until(`full screen ${on}`, (on) => (document.fullscreenElement !== null) === on && document.querySelector('[data-testid=full-screen]').getAttribute('aria-label') === (on ? 'Leave full screen' : 'Full screen'), on);
  await a.page.click('[data-testid=full-screen]');
  await full(true);
  await a.click('verify');
  await a.until('the dialog to be seen', () => {
    const dialog = document.querySelector('dialog[open]');
    if (!dialog) return false;
    const { x, y, width, height } = dialog.getBoundingClientRect();
    return document.elementFromPoint(x + width / 2, y + height / 2)?.closest('dialog') === dialog;
  });
  await a.page.keyboard.press('Escape');
  await a.page.keyboard.press('f');
  await full(false);
  await a.page.keyboard.press('f');
  await full(true);
  await a.stop();
  await a.until('the screen to be given back', () => document.fullscreenElement === null);
}));

test('sound comes out of the device that was chosen, in the next call and after a reload, too', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { realDevices: true });
  const b = await stage.person('blue');
  await a.page.browserContext().overridePermissions(new URL(a.url).origin, ['camera', 'microphone']);
  const first = await meet(a, b);
  await a.sees('blue');
  const sink = () => a.page.evaluate(() => __test.remote().sinkId);
  assert.equal(await sink(), '');
  await a.click('devices');
  const speaker = () => a.until('a choice of speakers', () => {
    const label = [...document.querySelectorAll('dialog .field label')].find((l) => l.textContent === 'Speaker');
    return label?.htmlFor;
  });
  const id = await speaker();
  const other = await a.page.$eval(`#${CSS_escape(id)}`, (select) => [...select.options].map((o) => o.value).filter((v) => v && !['default', 'communications'].includes(v)).at(-1));
  assert.ok(other, 'there is another device');
  await a.page.select(`#${CSS_escape(id)}`, other);
  await a.until('the sink', (wanted) => __test.remote()?.sinkId === wanted, other);
  await a.page.keyboard.press('Escape');
  await a.click('next');
  const second = await a.matched({ before: first });
  assert.equal(await sink(), other);
  await a.page.reload();
  await a.until('the conversation', (id) => window.passerby?.match?.id === id, second);
  await a.until('the sink after a reload', (wanted) => __test.remote()?.sinkId === wanted, other);
}));

/** Ids of Preact begin with a letter or a colon. */
function CSS_escape(id) {
  return id.replace(/[^\w-]/g, (c) => `\\${c}`);
}
