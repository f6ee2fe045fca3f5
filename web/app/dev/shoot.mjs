// Pictures of every state: node shoot.mjs DIR [scene …]. SIZE=phone,desktop and SCHEME=light,dark narrow it down, LOCALE=ar changes
// the language; TYPE=webp makes small files. See README.md.
import puppeteer from 'puppeteer-core';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openTheatre, play, scenes } from './theatre.mjs';

const [dir, ...wanted] = process.argv.slice(2);
mkdirSync(dir, { recursive: true });
const type = process.env.TYPE ?? 'png';
const sizes = { phone: { width: 390, height: 844, deviceScaleFactor: 1, isMobile: true, hasTouch: true }, desktop: { width: 1280, height: 800 } };
const only = process.env.SIZE?.split(',') ?? Object.keys(sizes);
const schemes = process.env.SCHEME?.split(',') ?? ['light', 'dark'];
const theatre = await openTheatre();
const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
});
for (const name of wanted.length ? wanted : Object.keys(scenes)) {
  for (const size of only) {
    for (const scheme of schemes) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on('pageerror', (e) => console.log(name, 'error:', e.message));
      page.on('console', (m) => ['error', 'warn'].includes(m.type()) && console.log(name, m.text()));
      await page.setViewport(sizes[size]);
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await play(page, theatre.origin, name, process.env.LOCALE).catch((e) => console.log(name, size, e.message));
      await new Promise((done) => setTimeout(done, 600));
      await page.screenshot({ path: join(dir, `${name}-${size}-${scheme}.${type}`), type, ...(type === 'webp' && { quality: 60 }), fullPage: name.startsWith('landing') });
      await context.close();
    }
  }
}
await browser.close();
await theatre.close();
