// Pictures of the console in every state, with an API that only pretends: node shoot.mjs DIR [scene …].
// SIZE=phone,desktop and SCHEME=light,dark narrow it down; AXE=1 prints what axe-core finds.
import puppeteer from 'puppeteer-core';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTheatre, scenes } from './theatre.mjs';

const [dir, ...wanted] = process.argv.slice(2);
mkdirSync(dir, { recursive: true });
const theatre = await openTheatre();
const axe = process.env.AXE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : null;
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const name of Object.keys(scenes)) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const size of process.env.SIZE?.split(',') ?? Object.keys(sizes)) {
    for (const scheme of process.env.SCHEME?.split(',') ?? ['light', 'dark']) {
      const page = await browser.newPage();
      page.on('pageerror', (e) => console.log(name, 'error:', e.message));
      await page.setViewport(sizes[size]);
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await theatre.play(page, name).catch((e) => console.log(name, e.message));
      if (axe) {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        for (const v of violations) console.log(`${name} ${size} ${scheme}: ${v.id}: ${v.help}:`, v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; '));
      }
      await page.screenshot({ path: join(dir, `${name}-${size}-${scheme}.png`) });
      await page.close();
    }
  }
}
await browser.close();
await theatre.close();
