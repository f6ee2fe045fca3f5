// Other codecs than VP8: sent where both browsers have them, encrypted as a whole, and forwarded without being looked into.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

/** The codecs that pictures are sent and received with now, once there are both. */
const codecs = (p, out, into) =>
  p.until(`${out} out and ${into} in`, async ([out, into]) => {
    const used = {};
    for (const pc of __test.connections) {
      const all = new Map();
      (await pc.getStats()).forEach((s) => all.set(s.id, s));
      for (const s of all.values()) if (s.kind === 'video' && /bound-rtp/.test(s.type)) used[s.type] = all.get(s.codecId)?.mimeType;
    }
    return used['outbound-rtp'] === `video/${out}` && used['inbound-rtp'] === `video/${into}`;
  }, {}, [out, into]);

/** Pictures go on being decoded. */
async function flows(p) {
  const before = (await p.stats()).framesDecoded;
  await p.until('more pictures', async (before) => (await __test.stats()).framesDecoded > before + 10, before);
}

const pairs = [
  ['VP9', 'chromium'], ['AV1', 'chromium'], ['H264', 'chromium'],
  ['VP9', 'firefox'], ['AV1', 'firefox'],
];
for (const [codec, kind] of pairs) {
  test(`Chromium and ${kind} by ${codec}, also after Next`, { timeout: 300_000 }, stage.told(async () => {
    const query = `codecs=${codec}`;
    const a = await stage.person('green', { query });
    const b = await stage.person('violet', { kind, query, tone: 660 });
    const first = await meet(a, b);
    await Promise.all([codecs(a, codec, codec), codecs(b, codec, codec)]);
    await Promise.all([a.sees('violet'), b.sees('green')]);
    await Promise.all([flows(a), flows(b)]);
    await a.next();
    await Promise.all([a.matched({ before: first }), b.matched({ before: first })]);
    await Promise.all([a.sees('violet'), b.sees('green')]);
    await Promise.all([codecs(a, codec, codec), codecs(b, codec, codec)]);
    await Promise.all([flows(a), flows(b)]);
  }));
}

test('who wants what the other cannot show sends VP8', { timeout: 240_000 }, stage.told(async () => {
  const a = await stage.person('green', { query: 'codecs=H264' });
  const b = await stage.person('violet', { kind: 'firefox', query: 'codecs=VP9', tone: 660 });
  await meet(a, b);
  await codecs(a, 'VP8', 'VP9');
  await Promise.all([a.sees('violet'), b.sees('green')]);
  await Promise.all([flows(a), flows(b)]);
}));
