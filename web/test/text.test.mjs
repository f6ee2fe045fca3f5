// Text is neither lost nor doubled when its way closes in the middle of a stream of messages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
const COUNT = 30;

/** Both write COUNT messages; `disturb(i)` runs before message i. */
async function exchange(a, b, disturb) {
  for (let i = 1; i <= COUNT; i++) {
    await disturb(i);
    await Promise.all([a.say(`a ${i}`), b.say(`b ${i}`)]);
    await new Promise((r) => setTimeout(r, 120));
  }
  const wanted = (who) => Array.from({ length: COUNT }, (_, i) => `${who} ${i + 1}`);
  for (const [p, own, other] of [[a, 'a', 'b'], [b, 'b', 'a']]) {
    await p.until('all messages', (n) => __test.messages().filter((m) => m.from === 'partner').length >= n, {}, COUNT);
    await p.until('all deliveries', () => __test.messages().every((m) => m.from === 'partner' || m.delivery === 'delivered'));
    const messages = await p.messages();
    assert.deepEqual(messages.filter((m) => m.from === 'partner').map((m) => m.text), wanted(other), `${p.name} received every message once and in order`);
    assert.deepEqual(messages.filter((m) => m.from === 'me').map((m) => m.text), wanted(own));
  }
}

test('through a data channel that closes on one side, then on the other', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b);
  await Promise.all([a, b].map((p) => p.until('an open data channel', () => __test.openChannels() > 0)));
  await exchange(a, b, async (i) => {
    if (i === 10) assert.ok((await a.page.evaluate(() => __test.closeChannels())) > 0, 'a channel was open');
    if (i === 20) await b.page.evaluate(() => __test.closeChannels());
  });
}));

test('while the sockets are cut again and again', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b, { mode: 'text' });
  await exchange(a, b, async (i) => {
    if (i % 10 === 5) await (i % 20 === 5 ? a : b).page.evaluate(() => __test.cutSockets());
  });
}));
