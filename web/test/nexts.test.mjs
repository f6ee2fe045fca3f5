// Four people, twenty Nexts each: every match shows the right sender, and nobody ever sees somebody who has gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setStage } from './lib/stage.mjs';

// Long enough that all four look for somebody before two who just met are put together again.
const stage = setStage({ flags: { '--rematch': '500ms' } });
const NEXTS = 20;

test(`four people, ${NEXTS} Nexts each`, { timeout: 600_000 }, stage.told(async (t) => {
  // Small pictures: four encoders and four decoders share few processors.
  const people = [];
  for (const [i, colour] of ['red', 'green', 'blue', 'yellow'].entries()) {
    people.push(await stage.person(colour, { size: [160, 120], fps: 10, tone: 300 + 150 * i, viewport: { width: 500, height: 400 } }));
  }
  for (const p of people) await p.start();
  await Promise.all(people.map((p) => p.matched()));
  for (const p of people) await p.page.evaluate(() => (__test.recording = true));

  const partners = new Map(); // match → its two colours
  /** Waits until the four are in two matches and each sees his partner's colour. */
  const settle = async () => {
    for (let tries = 0; ; tries++) {
      const ids = await Promise.all(people.map((p) => p.matched()));
      const pairs = Map.groupBy ? Map.groupBy(people, (_, i) => ids[i]) : ids.reduce((m, id, i) => m.set(id, [...(m.get(id) ?? []), people[i]]), new Map());
      if (![...pairs.values()].every((pair) => pair.length === 2)) {
        assert.ok(tries < 100, `no two whole pairs: ${ids}`);
        await new Promise((r) => setTimeout(r, 50));
        continue;
      }
      for (const [id, [a, b]] of pairs) partners.set(id, [a.colour, b.colour]);
      await Promise.all([...pairs.values()].flatMap(([a, b]) => [a.sees(b.colour), b.sees(a.colour)]));
      return [...pairs.values()];
    }
  };

  const left = new Map(people.map((p) => [p, NEXTS]));
  let pairs = await settle();
  let rounds = 0;
  const begin = Date.now();
  while ([...left.values()].some((n) => n > 0)) {
    // One of each pair presses, the one with more to go, both pairs at the same time: so all four look for somebody.
    const pressing = pairs.map(([a, b]) => (left.get(a) >= left.get(b) ? a : b));
    const before = new Map(await Promise.all(people.map(async (p) => [p, await p.matchId()])));
    for (const p of pressing) left.set(p, left.get(p) - 1);
    await Promise.all(pressing.map((p) => p.next()));
    for (const p of pressing) await p.page.evaluate((m) => __test.traffic.push(`pressed Next, in ${m}`), before.get(p)?.slice(0, 6));
    await Promise.all(people.map((p) => p.matched({ before: before.get(p) })));
    pairs = await settle();
    if (++rounds % 10 === 0) console.log(`${rounds} rounds, ${((Date.now() - begin) / rounds).toFixed(0)} ms each`);
  }
  t.diagnostic(`${rounds} rounds of two Nexts, ${partners.size} matches, ${((Date.now() - begin) / rounds).toFixed(0)} ms each`);

  const distinct = new Set([...partners.values()].map((c) => [...c].sort().join()));
  assert.ok(distinct.size >= 4, `people met only in ${distinct.size} of the 6 possible pairs`);
  for (const p of people) {
    const samples = await p.page.evaluate(() => __test.samples);
    const wrong = samples.filter(({ visible, colour, match, state }) => {
      if (!visible || colour === null || colour.startsWith('other')) return false;
      return state !== 'matched' || (partners.has(match) && !partners.get(match).includes(colour)) || colour === p.colour;
    });
    assert.ok(samples.filter((s) => s.visible).length > NEXTS, `${p.name} hardly saw anybody`);
    assert.deepEqual(wrong.slice(0, 5), [], `${p.name} saw somebody who was not there (${wrong.length} of ${samples.length} looks)`);
    assert.deepEqual(await p.page.evaluate(() => __test.errors), [], `${p.name}: errors in the page`);
    assert.equal(await p.page.evaluate(() => __test.connections.length), 1, `${p.name}: one connection for all matches`);
  }
}));
