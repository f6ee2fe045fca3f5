// The page without a network, after an update of the server, and on the home screen.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { serveBuilds } from './lib/builds.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const fronts = [];
after(() => Promise.all(fronts.map((front) => front.close())));
const front = async () => {
  const one = await serveBuilds(stage.server);
  fronts.push(one);
  return one;
};

/** The service worker has all that it needs and answers for this page. */
const kept = (p) => p.until('the service worker', () => navigator.serviceWorker.controller !== null && navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated'));
const buildOf = (p) => p.page.evaluate(() => document.documentElement.dataset.build);
const errorsOf = (p) => p.page.evaluate(() => __test.errors);

test('offline: the page opens, says so, and goes on by itself when the network is back', { timeout: 180_000 }, stage.told(async () => {
  const p = await stage.person('red');
  await kept(p);
  await p.page.setOfflineMode(true);
  await p.page.reload({ waitUntil: 'load' });
  await p.page.waitForSelector('[data-testid="start"]');
  await p.until('the word', () => /offline/i.test(document.body.textContent));
  await p.shot('desktop-light-offline');
  assert.deepEqual(await p.faults(), []);
  await p.start({ mode: 'text' });
  await p.until('the trouble', () => document.querySelector('main.trouble')?.dataset.code === 'offline');
  await p.page.setOfflineMode(false);
  await p.inState('waiting');
  assert.deepEqual(await errorsOf(p), []);
}));

test('a first visit is kept from its beginning: offline after one look', { timeout: 120_000 }, stage.told(async () => {
  const p = await stage.person('red');
  await kept(p); // without a reload
  const stored = await p.page.evaluate(async () => {
    const names = await caches.keys();
    const paths = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)));
    return paths.flat();
  });
  assert.ok(stored.includes('/'));
  assert.deepEqual(stored.filter((path) => path.startsWith('/v1/')), [], 'nothing of the API is kept');
}));

test('a new build: an old tab stays whole, starts and speaks; a new tab gets the new one; later the old one is forgotten', { timeout: 240_000 }, stage.told(async () => {
  const site = await front();
  const old = await stage.person('red', { url: site.url });
  await kept(old);
  assert.equal(await buildOf(old), 'first');
  site.update();

  const fresh = await old.tab();
  stage.joins(fresh);
  assert.equal(await buildOf(fresh), 'NEW');
  await fresh.until('the new service worker', () => navigator.serviceWorker.getRegistration().then((r) => (r.waiting ?? r.active).state === 'installed' || r.active?.state === 'activated'));
  assert.deepEqual(await errorsOf(fresh), []);

  const cdp = await old.page.createCDPSession();
  await cdp.send('Network.clearBrowserCache'); // which may forget them at any time
  // The old tab needs files that the server no longer has: the part that encrypts, with its first call.
  await old.page.bringToFront();
  const friend = await stage.person('blue', { url: site.url });
  await old.start();
  await friend.start();
  await Promise.all([old.matched(), friend.matched()]);
  await Promise.all([old.sees('blue'), friend.sees('red')]);
  assert.equal(await buildOf(friend), 'NEW', 'both builds talk to each other');
  await old.stop();
  await old.inState('idle');
  // Another language is a file, too; it may take a reload, and then it is the new build.
  await old.page.select('[data-testid=page-language]', 'de');
  await old.until('German', () => document.documentElement.lang === 'de');
  await old.page.waitForSelector('[data-testid="start"]');
  assert.deepEqual(site.missing.filter((path) => !/\/de-/.test(path)), [], 'nothing else was missed');

  await old.page.reload({ waitUntil: 'load' });
  await old.page.waitForSelector('[data-testid="start"]');
  assert.equal(await buildOf(old), 'NEW');
  // When the last page of the old build has gone, its files go, too.
  await fresh.page.close();
  await old.page.goto('about:blank');
  await new Promise((done) => setTimeout(done, 500)); // a browser takes its time to see that nobody is there
  await old.page.goto(site.url, { waitUntil: 'load' });
  await old.until('one build to be left', async () => (await caches.keys()).filter((name) => name.startsWith('passerby-')).join() === 'passerby-NEW');
}));

test('it can be installed: nothing is missing for the home screen', { timeout: 120_000 }, stage.told(async () => {
  const p = await stage.person('red', { viewport: { width: 390, height: 844, isMobile: true, hasTouch: true } });
  await kept(p);
  const cdp = await p.page.createCDPSession();
  const { errors, data } = await cdp.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  const manifest = JSON.parse(data);
  assert.equal(manifest.display, 'standalone');
  const { installabilityErrors } = await cdp.send('Page.getInstallabilityErrors');
  // Each window of the tests is a private one, from which nothing can be installed.
  assert.deepEqual(installabilityErrors.map((e) => e.errorId).filter((id) => id !== 'in-incognito'), []);
  for (const { src, sizes } of manifest.icons) {
    const size = await p.page.evaluate(async (src) => {
      const image = Object.assign(new Image(), { src });
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, src);
    if (sizes !== 'any') assert.equal(size, sizes, src);
  }
}));
