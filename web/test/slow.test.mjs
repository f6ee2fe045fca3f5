// A slow network of the receiver slows the sender: the picture goes on, smaller, instead of stopping.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { build, serve, stopAll } from '../../bench/lib/process.mjs';
import { freePort, publicIP } from './lib/net.mjs';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const RATE = 150_000; // bits per second that reach each browser
const port = await freePort();
const stage = setStage({ flags: { '--udp': `127.0.0.2:${port}`, '--tcp': 'off', '--turn-listen': 'off' } });
after(stopAll);

test('Chromium sends no more than its partner’s network takes', { timeout: 240_000 }, stage.told(async () => {
  const { 'cmd/impair': impair } = build('cmd/impair');
  await serve(impair, '--listen', `${publicIP()}:${port}`, '--target', `127.0.0.2:${port}`, '--rate', String(RATE), '--rate-after', '4s', '--buffer', '1s');
  const a = await stage.person('red', { lively: 200 });
  const b = await stage.person('blue', { tone: 660 });
  await meet(a, b);
  // The way to the server is as wide as ever: what holds red back is what the server tells.
  await a.until('a limit', async (most) => {
    for (const pc of __test.connections) {
      for (const s of (await pc.getStats()).values()) {
        if (s.type === 'candidate-pair' && s.nominated && s.availableOutgoingBitrate < most) return true;
      }
    }
    return false;
  }, { timeout: 120_000 }, 1.2 * RATE);
  const { framesDecoded } = await b.stats();
  await b.until('more pictures', async (n) => (await __test.stats()).framesDecoded > n + 5, framesDecoded);
  await a.hears();
  assert.equal(await a.state(), 'matched');
}));
