// The safety emoji: the same on both sides, and never the same when the test puts itself in the middle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { Middle } from './lib/middle.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

const emoji = (p, options) => p.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji, options ?? {});

for (const mode of ['video', 'text']) {
  test(`${mode}: both see the same four emoji, new ones in each match`, stage.told(async () => {
    const [a, b] = await stage.people('red', 'blue');
    const first = await meet(a, b, { mode });
    const [one, other] = [await emoji(a), await emoji(b)];
    assert.equal(one, other);
    assert.equal(one.split(' ').length, 4);
    await a.next();
    await Promise.all([a.matched({ before: first }), b.matched({ before: first })]);
    const again = await emoji(a);
    assert.notEqual(again, one, 'a new match has new emoji (1 in 16.7 million says otherwise)');
    assert.equal(again, await emoji(b));
  }));
}

/** What a side ends up with after some seconds: its emoji, "failed", or "" when the check never finished. */
async function outcome(p) {
  const options = { timeout: 8000 };
  return p
    .until('an outcome', () => {
      const badge = document.querySelector('[data-testid=verify]')?.dataset;
      return badge?.verify === 'failed' ? 'failed' : badge?.emoji;
    }, options)
    .catch(() => '');
}

for (const mode of ['video', 'text']) {
  test(`${mode}: somebody in the middle who swaps keys cannot get the same emoji on both sides`, { timeout: 180_000 }, stage.told(async () => {
    const middle = await Middle.start(stage.server.url);
    try {
      const a = await stage.person('red', { url: middle.url });
      const b = await stage.person('blue');
      await meet(a, b, { mode });
      const [one, other] = await Promise.all([outcome(a), outcome(b)]);
      assert.ok(middle.swapped >= 2, 'keys were swapped');
      assert.ok(one === 'failed' || other === 'failed' || one !== other || one === '', `both sides show ${one}`);
      assert.ok(one === '' || one !== other, `both sides show ${one}`);
      await a.say('can anybody read this');
      await new Promise((r) => setTimeout(r, 1500));
      assert.deepEqual((await b.messages()).filter((m) => m.from === 'partner'), [], 'text under another key is not shown');
      assert.notEqual((await b.seen()).colour, 'red', 'a picture under another key is not shown');
    } finally {
      await middle.stop();
    }
  }));
}

test('a server that gives another key id than the keys have is refused', { timeout: 180_000 }, stage.told(async () => {
  const middle = await Middle.start(stage.server.url, { honestKeyId: true });
  try {
    const a = await stage.person('red', { url: middle.url });
    const b = await stage.person('blue');
    await a.page.evaluate(() => {
      __test.refused = [];
      __test.verified = [];
      passerby.on('error', (e) => __test.refused.push(e.code));
      passerby.on('verify', (v) => __test.verified.push(v));
    });
    await a.start();
    await b.start();
    await a.until('a refusal', () => __test.refused.includes('key_mismatch'), { timeout: 30_000 });
    assert.deepEqual(await a.page.evaluate(() => __test.verified), [], 'nothing was called verified');
    assert.equal((await a.page.evaluate(() => __test.seen())).visible, false, 'no picture was shown');
    assert.equal(await a.emoji() ?? '', '');
  } finally {
    await middle.stop();
  }
}));
