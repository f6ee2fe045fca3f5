// The page itself: what it weighs, that everybody can use it, and a picture of every state (in web/test/out).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };
const desktop = { width: 1280, height: 800 };

test('all script before the page is usable takes 70 KB or less', stage.told(async () => {
  const p = await stage.person('red');
  const loaded = new Map();
  const cdp = await p.page.createCDPSession();
  await cdp.send('Network.enable');
  await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
  await cdp.send('Network.setBypassServiceWorker', { bypass: true });
  const types = new Map();
  cdp.on('Network.responseReceived', (e) => types.set(e.requestId, [e.response.url, e.type, e.response.headers]));
  cdp.on('Network.loadingFinished', (e) => loaded.set(e.requestId, e.encodedDataLength));
  await p.page.reload({ waitUntil: 'networkidle0' });
  let sum = 0;
  for (const [id, [url, type, headers]] of types) {
    if (type !== 'Script') continue;
    assert.match(String(headers['content-encoding'] ?? headers['Content-Encoding']), /br|gzip/, `${url} is compressed`);
    sum += loaded.get(id) ?? 0;
  }
  console.log(`script before usable: ${(sum / 1024).toFixed(1)} KB on the wire, headers included`);
  assert.ok(sum > 5000, `only ${sum} bytes of script: the test looks in the wrong place`);
  assert.ok(sum <= 70 * 1024, `${sum} bytes`);
}));

test('the top line is there before any script has run, and stays where it is', stage.told(async () => {
  const p = await stage.person('red');
  await p.page.setBypassServiceWorker(true);
  await p.page.setCacheEnabled(false);
  await p.page.setRequestInterception(true);
  const held = new Promise((resolve) => p.page.on('request', (r) => (/\/assets\/main-.*\.js$/.test(r.url()) ? resolve(r) : void r.continue())));
  const loaded = p.page.reload({ waitUntil: 'load' });
  const script = await held;
  const place = async () => p.page.$eval('.logo', (e) => [e.textContent, ...['x', 'y', 'width', 'height'].map((side) => e.getBoundingClientRect()[side])]);
  await p.page.waitForFunction(() => !document.querySelector('[data-testid="start"]') && performance.getEntriesByName('first-contentful-paint').length > 0);
  const before = await place();
  assert.equal(before[0], 'Passerby');
  await p.shot('desktop-light-0-before');
  await script.continue();
  await loaded;
  await p.page.waitForSelector('[data-testid="start"]');
  assert.deepEqual(await place(), before);
}));

test('the page is served compressed, whole and safely', stage.told(async () => {
  for (const [encoding, open] of [['br', brotliDecompressSync], ['gzip', gunzipSync]]) {
    const { request } = await import('node:http');
    const [headers, body] = await new Promise((resolve, reject) => {
      request(`${stage.server.url.replace('localhost', '127.0.0.1')}/`, { headers: { 'accept-encoding': encoding } }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d)).on('end', () => resolve([res.headers, Buffer.concat(parts)]));
      }).on('error', reject).end();
    });
    const html = headers['content-encoding'] ? open(body).toString() : body.toString();
    assert.match(html, /<title>/);
    assert.ok(headers['content-security-policy'], 'a content security policy');
    assert.equal(headers['x-content-type-options'], 'nosniff');
  }
}));

for (const [size, viewport] of [['phone', phone], ['desktop', desktop]]) {
  for (const scheme of ['light', 'dark']) {
    const name = `${size}-${scheme}`;
    test(`${name}: landing, waiting, call and text are usable by everybody`, { timeout: 180_000 }, stage.told(async () => {
      const a = await stage.person('blue', { viewport });
      await a.page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }, { name: 'prefers-reduced-motion', value: 'reduce' }]);
      const found = {};
      const look = async (state) => {
        await a.shot(`${name}-${state}`);
        found[state] = await a.faults();
      };
      await look('1-landing');
      await a.start();
      await a.inState('waiting');
      await a.page.waitForNetworkIdle({ idleTime: 300 }).catch(() => {});
      await look('2-waiting');
      const b = await stage.person('green', { tone: 660 });
      await b.start();
      await Promise.all([a.matched(), b.matched()]);
      await Promise.all([a.sees('green'), b.sees('blue')]);
      await b.say('Hello, who is there?');
      await a.has('Hello, who is there?');
      await a.say('Somebody passing by.');
      await a.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji);
      await look('3-call');
      await a.click('verify');
      await look('4-verify');
      await a.page.keyboard.press('Escape');
      await a.click('report');
      await look('5-report');
      await a.page.keyboard.press('Escape');
      await b.page.evaluate(() => __test.sockets.at(-1).close(4999));
      await b.stop();
      await a.until('the end', () => ['ended', 'waiting'].includes(__test.state()));
      await look('6-ended');
      await a.stop();
      await a.inState('idle');
      assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((k) => [k, []])));
    }));
  }
}

test('text mode, a partner who is gone for a moment, and every trouble have a picture and a way out', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('blue', 'green');
  await meet(a, b, { mode: 'text' });
  await a.say('Hi!');
  await b.has('Hi!');
  await b.say('Hello, and thanks for all the words.');
  await a.has('Hello, and thanks for all the words.');
  await a.shot('desktop-light-7-text');
  assert.deepEqual(await a.faults(), []);
  await b.page.goto('about:blank');
  await a.until('the partner to be gone', () => /reconnect|moment|back/i.test(document.querySelector('main')?.textContent ?? ''));
  await a.shot('desktop-light-8-partner-away');

  for (const [code, error] of [['permission_denied', 'NotAllowedError'], ['no_device', 'NotFoundError'], ['device_busy', 'NotReadableError']]) {
    const p = await stage.person('red', { deny: error, viewport: phone });
    await p.start();
    await p.until(`the trouble ${code}`, (c) => document.querySelector('main.trouble')?.dataset.code === c, code);
    await p.shot(`phone-light-trouble-${code}`);
    assert.deepEqual(await p.faults(), [], code);
    await p.click('text-only');
    await p.until('a way out', () => ['waiting', 'matched'].includes(__test.state()));
  }
}));

test('another tab takes over, and a page without a server says so', { timeout: 180_000 }, stage.told(async () => {
  const p = await stage.person('red');
  await p.page.setOfflineMode(true);
  await p.start({ mode: 'text' });
  await p.until('a trouble', () => document.querySelector('main.trouble'), { timeout: 30_000 });
  await p.shot('desktop-light-trouble-offline');
  assert.deepEqual(await p.faults(), []);
  await p.page.setOfflineMode(false);
}));

test('without the age confirmation nothing starts', stage.told(async () => {
  const p = await stage.person('red');
  await p.page.click('[data-testid="start"]');
  await p.until('the problem', () => document.querySelector('#age-problem')?.textContent);
  assert.equal(await p.page.evaluate(() => __test.getUserMedia), 0);
  assert.equal(await p.state() ?? 'idle', 'idle');
  await p.shot('desktop-light-age');
}));
