// The states of the moderators' console, played without a server: axe-core finds nothing, on a phone and a desk, in both colour schemes, and
// nothing runs out of the page.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { launchChromium } from './lib/browsers.mjs';
import { openTheatre, scenes } from '../console/dev/theatre.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sizes = { phone: { width: 390, height: 844 }, desk: { width: 1280, height: 800 } };
let theatre;
let browser;

before(async () => {
  theatre = await openTheatre();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await theatre?.close();
});

for (const name of Object.keys(scenes)) {
  test(`nothing is wrong with ${name}`, { timeout: 180_000 }, async () => {
    const page = await browser.newPage();
    const wrong = [];
    page.on('pageerror', (e) => wrong.push(e.message));
    for (const [size, viewport] of Object.entries(sizes)) {
      await page.setViewport(viewport);
      for (const scheme of ['light', 'dark']) {
        await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
        await theatre.play(page, name);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        for (const v of violations) for (const n of v.nodes) wrong.push(`${size} ${scheme}: ${v.id}: ${n.target}: ${n.any[0]?.message ?? v.help}`);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) wrong.push(`${size}: ${over} px wider than the window`);
      }
    }
    await page.close();
    assert.deepEqual(wrong, []);
  });
}
