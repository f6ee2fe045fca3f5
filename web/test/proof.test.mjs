// Under attack each newcomer's browser solves a puzzle first, and then everything is as ever.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--proof': 'on' } });

test('two people meet behind a puzzle', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const seen = await Promise.all([a, b].map((p) => p.page.evaluate(() => {
    window.shares = [];
    passerby.on('proving', ({ share }) => shares.push(share));
    return performance.getEntriesByType('resource').some((r) => r.name.includes('prover'));
  })));
  assert.deepEqual(seen, [false, false], 'the solver is fetched only when it is asked for');
  await meet(a, b, { mode: 'text' });
  for (const p of [a, b]) {
    const shares = await p.page.evaluate(() => window.shares);
    assert.equal(shares[0], 0);
    assert.equal(shares.at(-1), null, 'the page is told that it is over');
  }
  await a.say('past the gate');
  await b.has('past the gate');
}));
