// A rolling restart of all nodes under two people who see each other and write: nobody notices. Only with --cluster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { longestGap, watchPicture } from './lib/gaps.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
/** No picture may stand still for longer, in milliseconds; on a machine on which it does so by itself, three times that. */
const MOST = 1000;

test('each node is restarted in turn: no picture stands still for a second, no text is lost or doubled, nobody hears of it', { timeout: 300_000 }, stage.told(async (t) => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await Promise.all([a, b].map((p) => p.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji)));
  const emoji = await a.emoji();
  await Promise.all([a, b].map((p) => p.page.evaluate(() => {
    window.__noticed = [];
    passerby.on('state', ({ state }) => __noticed.push(state));
    passerby.on('partner', ({ state }) => __noticed.push(`partner ${state}`));
    passerby.on('error', ({ code }) => __noticed.push(code));
  })));
  await Promise.all([watchPicture(a), watchPicture(b)]);
  await new Promise((resolve) => setTimeout(resolve, 3000)); // how even the picture is without a restart
  const usual = Math.max(...(await Promise.all([longestGap(a), longestGap(b)])).map(({ gap }) => gap));
  let n = 0;
  let rolling = true;
  const writing = (async () => {
    while (rolling) {
      await Promise.all([a.say(`a ${++n}`), b.say(`b ${n}`)]);
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  })();
  const gaps = [];
  const note = async (what) => {
    for (const p of [a, b]) {
      const { gap, late } = await longestGap(p);
      gaps.push(gap - late);
      const connections = await p.page.evaluate(() => __test.connections.length);
      t.diagnostic(`${what}: ${p.name} saw nothing new for ${Math.round(gap)} ms (its page stood still for ${Math.round(late)}), connection ${connections}`);
    }
  };
  for (let node = 1; node <= stage.server.nodes; node++) {
    const began = performance.now();
    await stage.server.roll(node);
    await note(`node ${node}, restarted in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }
  rolling = false;
  await writing;
  await Promise.all([a.has(`b ${n}`), b.has(`a ${n}`)]);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await note('after');
  t.diagnostic(`without a restart ${Math.round(usual)} ms; ${2 * n} texts`);
  for (const [p, other] of [[a, 'b'], [b, 'a']]) {
    assert.equal(await p.matchId(), match, `${p.name} is in the same match`);
    const got = (await p.messages()).filter((m) => m.from === 'partner').map((m) => m.text);
    assert.deepEqual(got, Array.from({ length: n }, (_, i) => `${other} ${i + 1}`));
    assert.deepEqual(await p.page.evaluate(() => __noticed), [], `${p.name} hears of nothing`);
    assert.equal(await p.emoji(), emoji);
    assert.ok((await p.page.evaluate(() => __test.connections.length)) > 1, `${p.name} has moved`);
    assert.equal(await p.page.evaluate(() => __test.connections.filter((c) => c.connectionState !== 'closed').length), 1, 'one connection is left');
  }
  assert.ok(Math.max(...gaps) < Math.max(MOST, 3 * usual), `a picture stood still for ${Math.round(Math.max(...gaps))} ms; ${Math.round(usual)} ms without a restart`);
}));

test('who waits keeps his place through a restart of all nodes', { timeout: 180_000 }, stage.told(async () => {
  const a = await stage.person('red');
  await a.start();
  await a.inState('waiting');
  await a.page.evaluate(() => {
    window.__since = [];
    passerby.on('waiting', ({ since }) => __since.push(since));
    passerby.on('state', ({ state }) => __since.push(state));
  });
  for (let node = 1; node <= stage.server.nodes; node++) await stage.server.roll(node);
  const b = await stage.person('blue');
  await b.start();
  await a.matched();
  await Promise.all([a.sees('blue'), b.sees('red')]);
  const told = await a.page.evaluate(() => __since);
  assert.equal(told.at(-1), 'matched');
  assert.ok(new Set(told.slice(0, -1)).size <= 1, `the place in line was kept: ${told}`);
}));
