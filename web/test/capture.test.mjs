// What the media server forwards is encrypted: neither a browser without the key nor a decoder beside it can make a
// picture or a sound of it, while the key of the match opens all of it.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { colours } from './lib/colours.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const away = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
let folder;
let eavesdrop;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-eavesdrop-'));
  eavesdrop = join(folder, 'eavesdrop');
  execFileSync('go', ['build', '-o', eavesdrop, './internal/testenv/eavesdrop'], { cwd: root, stdio: 'inherit' });
});
after(() => rmSync(folder, { recursive: true, force: true }));

for (const kind of ['chromium', 'firefox']) {
  test(`forwarded packets of ${kind}: clear bytes, then nothing but noise without the key`, { timeout: 180_000 }, stage.told(async () => {
    const p = await stage.person('green', { kind, size: [320, 240] });
    await p.start();
    await p.inState('waiting');
    const { stdout } = await promisify(execFile)(eavesdrop, ['-url', stage.server.url, '-frames', '60', '-limit', '60s']);
    const r = JSON.parse(stdout);
    assert.equal(r.NotSealed, 0, 'every frame is encrypted');
    assert.equal(r.OtherKeyID, 0, 'no frame of another match');
    assert.equal(r.RepeatedCounters, 0, 'no counter is used twice');
    assert.ok(r.KeyFrames >= 1 && r.DeltaFrames > 10 && r.AudioFrames >= 10, stdout);
    // Anybody: the clear bytes tell the size, the rest is noise.
    assert.deepEqual([r.Width, r.Height], [320, 240]);
    assert.ok(r.Entropy > 7.9, `${r.Entropy} bits a byte`);
    if (r.SealedPicture.Decoded) {
      const { RGB, Spread } = r.SealedPicture;
      assert.ok(away(RGB, colours.green) > 60 || Spread > 40, `without the key a decoder shows ${RGB} ± ${Spread}`);
    }
    // The partner: everything opens, and the picture is the camera's colour.
    assert.equal(r.Refused, 0, 'the match’s key opens every frame');
    assert.equal(r.Opened, r.KeyFrames + r.DeltaFrames + r.AudioFrames);
    assert.equal(r.OpenedPicture.Decoded, r.KeyFrames, r.OpenedPicture.Error);
    assert.ok(away(r.OpenedPicture.RGB, colours.green) < 50, `with the key: ${r.OpenedPicture.RGB}`);
  }));
}

test('a browser that does not decrypt decodes no picture and no sound', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('green', { tone: 660 });
  const b = await stage.person('red', { noDecrypt: true });
  await a.start();
  await b.start();
  await Promise.all([a.matched(), b.matched()]);
  await a.sees('red'); // the other direction works: the match is whole
  await b.until('a hundred packets of video', async () => (await __test.stats()).videoPackets > 100);
  const { framesDecoded, audioPackets } = await b.stats();
  const colour = await b.page.evaluate(() => __test.colour(__test.remote()));
  assert.ok(audioPackets > 50, 'audio packets came');
  assert.ok(framesDecoded === 0 || colour !== 'green', `${framesDecoded} frames decoded, picture ${colour}`);
  assert.notEqual(colour, 'green');
}));
