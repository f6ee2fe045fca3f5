// Pictures of every state: node shoot.mjs DIR [scene …]. SIZE=phone,desktop and SCHEME=light,dark narrow it down, LOCALE=ar changes
// the language; TYPE=webp makes small files. See README.md.
import puppeteer from 'puppeteer-core';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { photograph } from './people.mjs';
import { openTheatre, play, scenes } from './theatre.mjs';

const [dir, ...wanted] = process.argv.slice(2);
mkdirSync(dir, { recursive: true });
const type = process.env.TYPE ?? 'png';
const sizes = { phone: { width: 390, height: 844, deviceScaleFactor: 1, isMobile: true, hasTouch: true }, desktop: { width: 1280, height: 800 } };
const only = process.env.SIZE?.split(',') ?? Object.keys(sizes);
const schemes = process.env.SCHEME?.split(',') ?? ['light', 'dark'];
const theatre = await openTheatre();
const own = mkdtempSync(join(tmpdir(), 'passerby-shoot-')); // what the camera shows
const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--autoplay-policy=no-user-gesture-required',
    '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${join(own, 'camera.mjpeg')}`,
  ],
});
writeFileSync(join(own, 'camera.mjpeg'), Buffer.from(await photograph(browser, 'morning', 0.5), 'base64'));
for (const size of only) {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  let name;
  page.on('pageerror', (e) => console.log(name, 'error:', e.message));
  page.on('console', (m) => ['error', 'warn'].includes(m.type()) && console.log(name, m.text()));
  await page.setViewport(sizes[size]);
  await page.evaluateOnNewDocument(() => { // the file is the camera's name
    const { get } = Object.getOwnPropertyDescriptor(MediaDeviceInfo.prototype, 'label');
    Object.defineProperty(MediaDeviceInfo.prototype, 'label', { get() { return get.call(this).replace(/^\/.*/, 'Camera'); } });
  });
  for (name of wanted.length ? wanted : Object.keys(scenes)) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: schemes[0] }]);
    await play(page, theatre.origin, name, process.env.LOCALE).catch((e) => console.log(name, size, e.message));
    for (const scheme of schemes) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await new Promise((done) => setTimeout(done, 600));
      await page.waitForFunction(() => !document.querySelector('.stage')?.matches('[data-picture=shown]') || document.querySelector('.stage-picture video').videoWidth > 2);
      await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity).map((a) => a.finished)));
      await page.screenshot({ path: join(dir, `${name}-${size}-${scheme}.${type}`), type, ...(type === 'webp' && { quality: 60 }), fullPage: name.startsWith('landing') });
    }
  }
  await page.close();
}
await browser.close();
await theatre.close();
rmSync(own, { recursive: true });
