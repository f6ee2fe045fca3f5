// Calls on networks that allow less: relay only, and no UDP at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

async function callWith(query, check, network = {}) {
  const a = await stage.person('red', { query, ...network });
  const b = await stage.person('blue', { tone: 660 });
  await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await Promise.all([a.hears(), b.hears()]);
  await a.say('through');
  await b.has('through');
  check(await a.until('a way', async () => (({ pairs }) => pairs.length && pairs)(await __test.stats())));
}

test('relay only: through the server’s own TURN', stage.told(() =>
  callWith('relay=1', (pairs) => {
    assert.ok(pairs.every((p) => p.local === 'relay'), `the way is a relay: ${JSON.stringify(pairs)}`);
  }),
));

test('UDP blocked: through ICE over TCP', stage.told(() =>
  callWith('udp=0', (pairs) => {
    assert.ok(pairs.every((p) => p.protocol === 'tcp'), `the way is TCP: ${JSON.stringify(pairs)}`);
  }),
));

const overTcp = (pairs) => {
  assert.ok(pairs.every((p) => p.local === 'relay' && p.relay === 'tcp'), `the way is a relay over TCP: ${JSON.stringify(pairs)}`);
};

test('relay only on a network without UDP: through TURN over TCP', stage.told(() => callWith('relay=1', overTcp, { turn: 'transport=tcp' })));

test('relay only with UDP switched off in the page: through TURN over TCP', stage.told(() => callWith('relay=1&udp=0', overTcp)));
