// By hand: node --test web/test/group.mjs. Not part of make test yet: four software encoders on a crowded machine need minutes.
// A call of four in Chromium, each shown two of the others: the SDK's group call against the demonstration server of sfu/group.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launchChromium, openPage } from './lib/browsers.mjs';
import { colours } from './lib/colours.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(import.meta.url)('esbuild');

test('a call of four: everybody is shown whom the keys prove, the speaker comes forward, who leaves goes', { timeout: 240_000 }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'passerby-group-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const build = { bundle: true, format: 'esm', absWorkingDir: join(here, '..'), outdir: dir, logLevel: 'error' };
  esbuild.buildSync({ ...build, entryPoints: { page: 'test/lib/grouppage.mjs', worker: 'sdk/src/worker/group.ts' } });
  writeFileSync(join(dir, 'index.html'), '<!doctype html><title>group</title><body><script type="module" src="/page.js"></script>');
  const demo = join(dir, 'demo');
  execFileSync('go', ['build', '-o', demo, './sfu/group/demo'], { cwd: join(here, '../..'), stdio: 'inherit' });
  const server = spawn(demo, ['-listen', '127.0.0.1:0', '-dir', dir, '-slots', '2'], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill());
  const url = await new Promise((resolve) => server.stdout.on('data', (d) => resolve(/http:\S+/.exec(d)?.[0])));
  const browser = await launchChromium();
  t.after(() => browser.close());

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
    for (const end = Date.now() + 45_000; Date.now() < end; ) {
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
