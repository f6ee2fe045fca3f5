// Browsers without RTCRtpScriptTransform: encoded frames by createEncodedStreams where there is that, text alone where there is not.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

for (const other of [undefined, 'streams']) {
  test(`streams alone with ${other ?? 'transforms'}: picture, sound and text both ways, also after Next`, { timeout: 180_000 }, stage.told(async () => {
    const a = await stage.person('green', { transforms: 'streams' });
    const b = await stage.person('violet', { transforms: other, tone: 660 });
    assert.equal(await a.page.evaluate(() => typeof RTCRtpScriptTransform), 'undefined');
    const first = await meet(a, b);
    await Promise.all([a.sees('violet'), b.sees('green'), a.hears(), b.hears()]);
    assert.equal(await a.page.evaluate(() => __test.streams / __test.connections.length), 4, 'two senders and two receivers go through streams');
    await a.say('by streams');
    await b.has('by streams');
    const emoji = (p) => p.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji);
    assert.equal(await emoji(a), await emoji(b));
    await b.next();
    await Promise.all([a.matched({ before: first }), b.matched({ before: first })]);
    await Promise.all([a.sees('violet'), b.sees('green'), a.hears(), b.hears()]);
  }));
}

test('what streams send is encrypted', { timeout: 180_000 }, stage.told(async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'passerby-eavesdrop-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const eavesdrop = join(folder, 'eavesdrop');
  execFileSync('go', ['build', '-o', eavesdrop, './internal/testenv/eavesdrop'], { cwd: join(dirname(fileURLToPath(import.meta.url)), '../..'), stdio: 'inherit' });
  const p = await stage.person('green', { transforms: 'streams' });
  await p.start();
  await p.inState('waiting');
  const { stdout } = await promisify(execFile)(eavesdrop, ['-url', stage.server.url, '-frames', '60', '-limit', '60s']);
  const r = JSON.parse(stdout);
  assert.deepEqual([r.NotSealed, r.OtherKeyID, r.RepeatedCounters, r.Refused], [0, 0, 0, 0], stdout);
  assert.equal(r.Opened, r.KeyFrames + r.DeltaFrames + r.AudioFrames, 'the match’s key opens every frame');
  assert.ok(r.KeyFrames >= 1 && r.Entropy > 7.9, stdout);
}));

test('a browser with neither says so, and chats by text', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red', { transforms: 'none' });
  const b = await stage.person('blue');
  assert.equal(await a.page.$eval('[data-testid=mode-video]', (e) => e.disabled), true);
  assert.match(await a.page.$eval('#mode-video-hint', (e) => e.textContent), /Not possible in this browser/);
  await assert.rejects(a.page.evaluate(() => passerby.start({ mode: 'video', adult: true })), /cannot encrypt video/);
  await meet(a, b, { mode: 'text' });
  await a.say('words');
  await b.has('words');
  assert.equal(await a.page.evaluate(() => __test.getUserMedia), 0);
  await a.shot('desktop-light-9-text-only-browser');
}));
