// Calls of four and of three in Chromium, and of Firefox with it: the SDK's group call against the demonstration server of sfu/group.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium, launchFirefox, openPage } from './lib/browsers.mjs';
import { colours } from './lib/colours.mjs';
import { freePort, publicIP } from './lib/net.mjs';
import { build, serve, stopAll } from '../../bench/lib/process.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(import.meta.url)('esbuild');

/** Serves a page with the SDK's group call, and starts a browser. */
async function table(t, ...options) {
  const dir = mkdtempSync(join(tmpdir(), 'passerby-group-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const bundled = { bundle: true, format: 'esm', absWorkingDir: join(here, '..'), outdir: dir, logLevel: 'error' };
  esbuild.buildSync({ ...bundled, entryPoints: { page: 'test/lib/grouppage.mjs', worker: 'sdk/src/worker/group.ts' } });
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>group</title><body><script type="module" src="/page.js"></script>');
  const demo = join(dir, 'demo');
  execFileSync('go', ['build', '-o', demo, './sfu/group/demo'], { cwd: join(here, '../..'), stdio: 'inherit' });
  const server = spawn(demo, ['-listen', '127.0.0.1:0', '-dir', dir, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill());
  const url = await new Promise((resolve) => server.stdout.on('data', (d) => resolve(/http:\S+/.exec(d)?.[0])));
  const browser = await launchChromium();
  t.after(() => browser.close());
  return { browser, url };
}

test('a call of four: everybody is shown whom the keys prove, the speaker comes forward, who leaves goes', { timeout: 420_000 }, async (t) => {
  const { browser, url } = await table(t, '-slots', '2');
  const step = (what) => process.env.STEPS && console.log(new Date().toISOString().slice(14, 23), what);
  step('browser');
  const people = {};
  for (const colour of ['red', 'green', 'blue', 'yellow']) {
    const page = await openPage(browser, { colour, size: [160, 120], fps: 10 });
    await page.goto(url);
    await page.waitForFunction(() => window.app, { polling: 50 });
    people[colour] = page;
  }
  const nameOf = (rgb) => rgb && Object.entries(colours).find(([, c]) => c.every((v, i) => Math.abs(v - rgb[i]) < 50))?.[0];
  const looks = async (page) => (await page.evaluate(() => app.looks())).map(({ id, colour }) => ({ id: id?.split('/')[1] ?? null, colour: nameOf(colour) }));
  const until = async (page, what, wanted) => {
    let last;
    for (const end = Date.now() + 90_000; Date.now() < end; ) {
      last = await looks(page);
      if (wanted(last)) return last;
      await page.evaluate(() => new Promise((r) => setTimeout(r, 50)));
    }
    const told = await page.evaluate(() => JSON.stringify({ ...app, call: app.call.pc.connectionState, videos: 0 }));
    for (const [colour, p] of Object.entries(people)) console.log(colour, JSON.stringify(await p.evaluate(() => app.counts()).catch(String)));
    assert.fail(`${what}: ${JSON.stringify(last)} ${told}`);
  };
  /** Each slot shows a picture, and it is that of the person whose key opened it. */
  const full = (slots) => slots.every((s) => s.id && s.id === s.colour);

  step('pages');
  for (const [colour, page] of Object.entries(people)) await page.evaluate((id) => app.sit('oak', id, 2), colour);
  for (const [colour, page] of Object.entries(people)) {
    const slots = await until(page, `${colour} sees two others`, full);
    assert.ok(new Set(slots.map((s) => s.id)).size === 2 && !slots.some((s) => s.id === colour), `${colour}: ${JSON.stringify(slots)}`);
  }
  step('two each');
  const digests = await Promise.all(Object.values(people).map((p) => p.evaluate(() => app.digest)));
  assert.equal(new Set(digests).size, 1, digests.join());

  assert.ok(!(await looks(people.red)).some((s) => s.id === 'yellow'), 'the fourth is not shown while silent');
  await people.yellow.evaluate(() => app.speaks(true));
  for (const colour of ['red', 'green', 'blue'])
    await until(people[colour], `${colour} sees who speaks`, (slots) => full(slots) && slots.some((s) => s.id === 'yellow'));
  await people.red.waitForFunction(() => app.speaker === 'oak/yellow', { polling: 100 }); // the page is behind others: no frames
  await people.red.waitForFunction(async () => (await app.energy()) > 0.001, { polling: 200 });

  step('speaker');
  await people.yellow.evaluate(() => app.call.leave());
  await people.yellow.close();
  for (const colour of ['red', 'green', 'blue'])
    await until(people[colour], `${colour} sees the two who are left`, (slots) => full(slots) && !slots.some((s) => s.id === 'yellow'));
});

test('a call of three: who has a narrow way gets what it carries, the others large pictures', { timeout: 600_000 }, async (t) => {
  const port = await freePort();
  const { browser, url } = await table(t, '-slots', '2', '-udp', `127.0.0.1:${port}`);
  const narrow = (await serve(build('cmd/impair')['cmd/impair'], '--target', `127.0.0.1:${port}`, '--rate', '350000', '--buffer', '1s')).split(':')[1];
  t.after(stopAll);
  const people = {};
  for (const colour of ['red', 'green', 'blue']) {
    const page = await openPage(browser, { colour, size: [480, 360], fps: 5, lively: 30 });
    await page.goto(url);
    await page.waitForFunction(() => window.app, { polling: 50 });
    people[colour] = page;
  }
  const pictures = (colour) => people[colour].evaluate(() => app.pictures());
  /** Waits until what somebody gets and sends is as wanted. */
  const until = async (colour, what, wanted) => {
    let last;
    for (const end = Date.now() + 120_000; Date.now() < end; ) {
      last = await pictures(colour);
      if (wanted(last)) return last;
      await people[colour].evaluate(() => new Promise((r) => setTimeout(r, 100)));
    }
    assert.fail(`${what}: ${JSON.stringify(last)}`);
  };
  const widths = ({ received }) => Object.values(received).map((r) => r.width);
  const are = (...wanted) => (p) => JSON.stringify(widths(p)) === JSON.stringify(wanted);

  for (const colour of ['red', 'green']) await people[colour].evaluate((id) => app.sit('oak', id, 2), colour);
  await until('red', 'alone with green: the large picture', are(480));
  await until('red', 'what nobody gets is not encoded', ({ sent }) => !sent.l.active && sent.h.active);
  await people.blue.evaluate((port) => app.sit('oak', 'blue', 2, port), narrow);
  const narrowed = (p) => widths(p).length === 2 && widths(p).every(Boolean) && widths(p).includes(240);
  await until('blue', 'blue gets a small picture at least', narrowed);
  for (const colour of ['red', 'green']) await until(colour, `${colour} gets large pictures`, are(480, 480));
  await until('red', 'both are encoded', ({ sent }) => sent.l.active && sent.h.active);

  // It stays so: everybody goes on seeing everybody, and who has the narrow way stands still no longer than the others do.
  const before = Object.fromEntries(await Promise.all(Object.keys(people).map(async (c) => [c, await pictures(c)])));
  const frozen = {};
  for (const colour of Object.keys(people)) {
    const since = before[colour].received;
    const moved = ([from, r]) => r.decoded > (since[from]?.decoded ?? 0) + 40;
    const after = await until(colour, `${colour} sees the others move`, ({ received }) => Object.entries(received).every(moved));
    t.diagnostic(`${colour}: ${JSON.stringify(since)} → ${JSON.stringify(after)}`);
    frozen[colour] = Math.max(...Object.entries(after.received).map(([from, r]) => r.frozen - since[from].frozen));
  }
  assert.ok(frozen.blue <= Math.max(frozen.red, frozen.green) + 1, `seconds that pictures stood still: ${JSON.stringify(frozen)}`);
  assert.deepEqual(widths(await pictures('red')), [480, 480]);
  assert.ok(narrowed(await pictures('blue')), 'there is no room for two large ones');

  // What is shown small is sent small, and what is not shown not at all.
  await people.red.evaluate(() => {
    app.call.resize(0, 240, 180);
    app.call.resize(1, 0, 0);
  });
  await until('red', 'as small as it is shown', ({ received }) => Object.values(received).some((r) => r.slot === 0 && r.width === 240));
});

test('Firefox sends two encodings, and who shows it small gets the small one', { timeout: 300_000 }, async (t) => {
  const { browser, url } = await table(t, '-slots', '1', '-udp', `${publicIP()}:${await freePort()}`);
  const other = await launchFirefox();
  t.after(() => other.close());
  const [red, fox] = [await openPage(browser, { colour: 'red', size: [640, 480], fps: 10 }), await openPage(other, { colour: 'green', size: [640, 480], fps: 10 })];
  for (const [id, page] of [['red', red], ['fox', fox]]) {
    await page.goto(url);
    await page.waitForFunction(() => window.app, { polling: 50 });
    await page.evaluate((id) => app.sit('oak', id, 1), id);
  }
  const sees = (page, from, width) =>
    page.waitForFunction(async (from, width) => (await app.pictures()).received[from]?.width === width, { polling: 200, timeout: 60_000 }, from, width).catch(async () => {
      assert.fail(`${from} in ${width}: ${JSON.stringify([await red.evaluate(() => app.pictures()), await fox.evaluate(() => app.pictures())])}`);
    });
  await sees(red, 'fox', 640);
  await sees(fox, 'red', 640);
  await red.evaluate(() => app.call.resize(0, 320, 240));
  await sees(red, 'fox', 320);
  await red.evaluate(() => app.call.resize(0, 640, 480));
  await sees(red, 'fox', 640);
  await fox.evaluate(() => app.call.resize(0, 320, 240));
  await sees(fox, 'red', 320);
});
