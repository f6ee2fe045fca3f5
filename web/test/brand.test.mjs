// A page of the operator's own without a build: config/brand, by day and by night; a change shows with a reload.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { setStage } from './lib/stage.mjs';

const folder = mkdtempSync(join(tmpdir(), 'passerby-brand-'));
cpSync(fileURLToPath(new URL('../../config/brand', import.meta.url)), folder, { recursive: true });
const stage = setStage({ flags: { '--brand': folder } });
after(() => rmSync(folder, { recursive: true }));

const look = (person) => person.page.evaluate(() => ({
  title: document.title,
  head: document.querySelector('h1').textContent,
  name: document.querySelector('.logo').textContent,
  logo: document.querySelector('.logo img')?.naturalWidth > 0,
  paper: getComputedStyle(document.documentElement).backgroundColor,
  start: getComputedStyle(document.querySelector('[data-testid="start"]')).backgroundColor,
  rules: [...document.querySelectorAll('.facts')][0].querySelectorAll('li').length,
  links: [...document.querySelectorAll('.site-links a')].map((a) => `${a.textContent}: ${a.href} ${a.target}`),
  ours: /Passerby/.test(document.body.innerText),
}));

for (const [scheme, paper] of [['light', 'rgb(246, 243, 250)'], ['dark', 'rgb(18, 13, 26)']]) {
  test(`${scheme}: name, logo, colours, words and links are the operator's, and everybody can read them`, { timeout: 300_000 }, stage.told(async () => {
    const p = await stage.person('red', { viewport: { width: 900, height: 800 } });
    await p.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
    await p.until('the logo', () => document.querySelector('.logo img')?.complete);
    assert.deepEqual(await look(p), {
      title: 'Lantern Street: meet a stranger', head: 'Meet someone under the lantern.', name: 'Lantern Street', logo: true, paper, start: 'rgb(255, 158, 122)', rules: 3,
      links: ['Imprint', 'Privacy policy', 'Rules'].map((name) => `${name}: https://www.example.org/${name.split(' ')[0].toLowerCase()} _blank`), ours: false,
    });
    await p.shot(`brand-${scheme}-1-landing`);
    assert.deepEqual(await p.faults(), []);
    await p.page.select('[data-testid="page-language"]', 'de');
    await p.until('the words of another language', () => document.querySelector('h1').textContent === 'Triff jemanden unter der Laterne.');
    await p.start({ mode: 'text' });
    await p.inState('waiting');
    await p.shot(`brand-${scheme}-2-waiting`);
    assert.deepEqual(p.console.filter((line) => /Security Policy|error/i.test(line)), []);
  }));
}

test('without a network it is the operator’s, too', { timeout: 180_000 }, stage.told(async () => {
  const p = await stage.person('red');
  await p.until('the service worker', () => navigator.serviceWorker.controller !== null && navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated'));
  await p.page.setOfflineMode(true);
  await p.page.reload({ waitUntil: 'load' });
  await p.page.waitForSelector('[data-testid="start"]');
  await p.until('the logo', () => document.querySelector('.logo img')?.complete);
  const { head, name, logo, paper } = await look(p);
  assert.deepEqual({ head, name, logo, paper }, { head: 'Meet someone under the lantern.', name: 'Lantern Street', logo: true, paper: 'rgb(246, 243, 250)' });
  await p.shot('brand-light-3-offline');
}));

test('a change shows with a reload', { timeout: 300_000 }, stage.told(async () => {
  const p = await stage.person('red');
  assert.equal((await look(p)).name, 'Lantern Street');
  await p.until('the service worker', () => navigator.serviceWorker.controller);
  const file = join(folder, 'brand.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: Lantern Street', 'name: Harbour </script> & Co').replace('"#f6f3fa"', '"#fff3e0"'));
  await stage.server.down();
  await stage.server.up();
  await p.page.reload({ waitUntil: 'load' });
  await p.page.waitForSelector('[data-testid="start"]');
  await p.until('the new name', () => document.querySelector('.logo')?.textContent === 'Harbour </script> & Co');
  assert.equal((await look(p)).paper, 'rgb(255, 243, 224)');
  assert.equal(await p.page.title(), 'Harbour </script> & Co: meet a stranger');
}));
