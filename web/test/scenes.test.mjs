// The states of the page, played without a server: axe-core finds nothing, in both colour schemes, on a phone and a desk; in
// Arabic nothing runs out of the page; and the keyboard alone does everything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { launchChromium } from './lib/browsers.mjs';
import { openTheatre, play, scenes } from '../app/dev/theatre.mjs';

/** Those that have parts of their own; SCENES=all looks at every one, SCENES=text,call at these. */
const telling = [
  'landing-filled', 'landing-age', 'landing-check', 'camera', 'waiting-tags', 'waiting-after', 'first-frame', 'call-name-long', 'call-talk', 'call-muted', 'call-screen', 'call-weak-said', 'call-paused', 'call-captions', 'call-away',
  'call-reconnecting', 'text-late', 'text-failed', 'emoji', 'devices', 'verify-changed', 'verify', 'verify-failed', 'report-evidence', 'ended', 'ended-unsafe', 'denied', 'full', 'replaced',
];
const asked = process.env.SCENES;
const looked = asked === 'all' ? Object.keys(scenes) : (asked?.split(',') ?? telling);

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };
const desk = { width: 1280, height: 800 };
let theatre;
let browser;
let page;

before(async () => {
  theatre = await openTheatre();
  browser = await launchChromium();
  page = await browser.newPage();
  page.setDefaultTimeout(110_000);
});
after(async () => {
  await browser?.close();
  await theatre?.close();
});

/** No motion: what moves has no settled colours. */
const setting = (scheme) => page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);

async function faults() {
  await page.evaluate(axe);
  const found = [];
  for (const scheme of ['light', 'dark']) {
    await setting(scheme);
    await page.evaluate(async () => { // colours change in steps, however short
      for (let i = 0; i < 4; i++) await new Promise(requestAnimationFrame);
      await Promise.allSettled(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished));
    });
    const { violations } = await page.evaluate((colours) => {
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      return axe.run(document, { resultTypes: ['violations'], runOnly: colours ? { type: 'rule', values: ['color-contrast'] } : { type: 'tag', values: tags } });
    }, scheme === 'dark');
    for (const v of violations) for (const n of v.nodes) found.push(`${scheme}: ${v.id}: ${n.target}: ${n.any[0]?.message ?? v.help}`);
  }
  return found;
}

test('axe-core finds nothing in any state', { timeout: 600_000 }, async () => {
  const wrong = {};
  for (const [i, name] of looked.entries()) {
    await page.setViewport(i % 2 ? desk : phone);
    await setting('light');
    await play(page, theatre.origin, name);
    const found = await faults();
    const wide = await page.evaluate((width) => document.documentElement.scrollWidth - width, page.viewport().width); // innerWidth grows with what sticks out
    if (wide > 0) found.push(`${wide} px stick out`);
    await page.setViewport(phone); // what scrolls inside hides what is cut off
    found.push(...await page.evaluate((width) => [...document.querySelectorAll('h1, h2, p, label, button, li')].flatMap((e) => {
      const { left, right } = e.getBoundingClientRect();
      return e.checkVisibility() && !e.closest('.unseen') && (left < -1 || right > width + 1) ? [`on a phone from ${Math.round(left)} to ${Math.round(right)} px: ${e.textContent}`] : [];
    }), phone.width));
    if (found.length) wrong[name] = found;
  }
  assert.deepEqual(wrong, {});
});

test('in Arabic the page runs from right to left, and nothing leaves it', { timeout: 240_000 }, async () => {
  await page.setViewport(phone);
  for (const name of ['landing', 'waiting-tags', 'call-talk', 'report', 'denied']) {
    await play(page, theatre.origin, name, 'ar');
    const seen = await page.evaluate((width) => ({
      lang: document.documentElement.lang, dir: getComputedStyle(document.body).direction, wide: document.documentElement.scrollWidth - width,
      latin: [...document.querySelectorAll('button, h1, h2, label')].map((e) => e.textContent.trim()).filter((text) => /^[A-Za-z ]{4,}$/.test(text)),
    }), phone.width);
    assert.deepEqual({ name, ...seen }, { name, lang: 'ar', dir: 'rtl', wide: 0, latin: [] });
  }
});

test('in every language all buttons of a call are on a small phone', { timeout: 240_000 }, async () => {
  await page.setViewport({ ...phone, width: 360 });
  for (const locale of ['en', 'es', 'pt', 'de', 'fr', 'ar', 'hi', 'ja']) {
    await play(page, theatre.origin, 'text', locale);
    const out = (selector) => page.$$eval(selector, (all) => all.filter((e) => {
      const { left, right, width } = e.getBoundingClientRect();
      return width > 1 && (left < 0 || right > innerWidth + 0.5);
    }).map((e) => e.textContent));
    assert.deepEqual([locale, await out('button')], [locale, []]);
    await play(page, theatre.origin, 'call', locale);
    assert.deepEqual([locale, await out('.controls > button, .match-bar button')], [locale, []]);
    // The longest badge takes no second row: there the own picture is.
    await play(page, theatre.origin, 'verify-changed', locale);
    assert.deepEqual([locale, await out('.match-bar button')], [locale, []]);
    const rows = await page.$$eval('.match-bar > *', ([badge, ...rest]) => [badge, rest.at(-1)].map((e) => e.getBoundingClientRect()).map(({ top, bottom }) => Math.round((top + bottom) / 2)));
    assert.ok(Math.abs(rows[0] - rows[1]) < 6, `${locale}: the badge and the buttons are ${rows} px down`);
  }
});

test('another language is one choice away, and is remembered', { timeout: 60_000 }, async () => {
  await play(page, theatre.origin, 'landing');
  await page.select('[data-testid=page-language]', 'de');
  await page.waitForFunction(() => document.querySelector('[data-testid=start]').textContent === 'Start' && document.documentElement.lang === 'de');
  assert.match(await page.$eval('h1', (h) => h.textContent), /vorbeikommt/);
  await page.reload();
  await page.waitForSelector('main');
  assert.equal(await page.$eval('html', (html) => html.lang), 'de');
});

test('the keyboard alone: emoji, settings, Next; the focus is never lost', { timeout: 240_000 }, async () => {
  await page.setViewport(desk);
  await play(page, theatre.origin, 'text');
  const focused = () => page.evaluate(() => document.activeElement?.dataset.testid ?? document.activeElement?.tagName);
  await page.focus('[data-testid=emoji]');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.emoji-sign');
  await page.keyboard.press('Escape');
  assert.equal(await page.$('.emoji-sign'), null);
  assert.equal(await page.$eval('[data-testid=status]', (e) => e.dataset.state), 'matched', 'Esc closed the emoji and no more');
  assert.equal(await focused(), 'emoji');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.value === '😀');
  await page.focus('[data-testid=next]');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('[data-testid=status]').dataset.state === 'waiting');
  assert.equal(await focused(), 'next');
});

test('nothing moves on Next: what comes late has its room before', { timeout: 240_000 }, async () => {
  for (const [viewport, name, mode] of [[phone, 'call', 'video'], [desk, 'call-name', 'video'], [phone, 'text', 'text']]) {
    await page.setViewport(viewport);
    await play(page, theatre.origin, name);
    const moved = await page.evaluate(async (mode) => {
      const moved = [];
      const called = (node) => (node?.nodeType === Node.ELEMENT_NODE ? node.className || node.nodeName : node?.textContent);
      const box = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(' ');
      // What grows at one side alone, as a row that gets a button more, moves nothing that was there.
      const shifted = ({ previousRect: was, currentRect: is }) => (was.y !== is.y && was.bottom !== is.bottom) || (was.x !== is.x && was.right !== is.right);
      const watch = new PerformanceObserver((list) => list.getEntries().forEach((e) => moved.push(...e.sources.filter(shifted).map((s) => `${called(s.node)}: ${box(s.previousRect)} → ${box(s.currentRect)}`))));
      const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))));
      await painted(); // the words with which the scene begins
      watch.observe({ type: 'layout-shift' });
      passerby.next();
      await painted();
      passerby.meet(mode, ['music', 'chess'], 'Ann');
      await painted();
      if (mode === 'video') await passerby.picture();
      await painted();
      passerby.emit('verify', { emoji: ['🐱', '🌵', '🚲', '🔔'], names: ['cat', 'cactus', 'bicycle', 'bell'] });
      await painted();
      passerby.emit('quality', { level: 'good' });
      await painted();
      return moved;
    }, mode);
    assert.deepEqual({ name, moved }, { name, moved: [] });
  }
});
