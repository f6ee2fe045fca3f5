// A network that loses, delays, and for two seconds lets nothing through, in front of Chromium and of Firefox: pictures and sound go on.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { build, serve, stopAll } from '../../bench/lib/process.mjs';
import { freePort, hiddenIP, publicIP } from './lib/net.mjs';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const [AWAY, BACK] = [10, 12]; // seconds since a page's first packet
const network = ['--delay', '50ms', '--loss', '0.05', '--rate', '1000', '--rate-after', `${AWAY}s`, '--rate-until', `${BACK}s`, '--rate-both', '--buffer', '100ms'];
const port = await freePort();
// Not a loopback address: Firefox takes none, not even as its own, which the server sees.
const behind = `${hiddenIP() ?? '127.0.0.2'}:${port}`;
const stage = setStage({ flags: { '--udp': behind, '--tcp': 'off', '--turn-listen': 'off' } });
after(stopAll);

/** Notes for how long no picture was decoded at most, and what became of the rest. */
function watch() {
  const w = (window.__watch = { still: 0, decoded: 0, last: performance.now() });
  setInterval(async () => {
    for (const pc of __test.connections) {
      (await pc.getStats()).forEach((s) => {
        if (s.type !== 'inbound-rtp' || s.kind !== 'video') return;
        const now = performance.now();
        if (s.framesDecoded > w.decoded) Object.assign(w, { last: now, freezes: s.freezeCount, frozen: s.totalFreezesDuration, decoded: s.framesDecoded });
        w.still = Math.max(w.still, now - w.last);
      });
    }
  }, 50);
}

test('5 % lost each way, 50 ms each way, and nothing for two seconds', { timeout: 240_000, skip: !hiddenIP() && 'it takes the private network' }, stage.told(async (t) => {
  const { 'cmd/impair': impair } = build('cmd/impair');
  await serve(impair, '--listen', `${publicIP()}:${port}`, '--target', behind, ...network);
  const a = await stage.person('red');
  const b = await stage.person('blue', { kind: 'firefox', tone: 660 });
  await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  for (const p of [a, b]) await p.page.evaluate(watch);
  for (const p of [a, b]) await p.until('the network to have been away', (ms) => __watch.still > ms, { timeout: 60_000 }, 1500);
  for (const p of [a, b]) await p.until('pictures after it', (ms) => performance.now() - __watch.last < ms && __watch.still > 1500, {}, 300);
  for (const p of [a, b]) {
    const { decoded } = await p.page.evaluate(() => __watch);
    await p.until('forty pictures more', (n) => __watch.decoded > n + 40, {}, decoded);
    await p.hears();
    const w = await p.page.evaluate(() => __watch);
    t.diagnostic(`${p.name}: ${JSON.stringify(w)}`);
    assert.ok(w.still < 1000 * (BACK - AWAY) + 4000, `${p.name} stood still for ${w.still} ms`);
  }
  assert.deepEqual([await a.state(), await b.state()], ['matched', 'matched']);
}));
