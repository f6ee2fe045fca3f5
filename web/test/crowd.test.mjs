// Many people press Next, change their wishes, lose connections, stop and start, at random: no press is ever lost.
//
// Here the client's state machine, the server's and the queue meet without browsers, so that far more can happen in far
// less time. What happened to each is told when something is wrong. SEED=… repeats what people do, SECONDS=… and PEOPLE=… make it more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded, SlowSocket, Walker } from './lib/crowd.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--programs': 'allow' } });
const PEOPLE = Number(process.env.PEOPLE ?? 25); // an odd number: somebody always waits
const SECONDS = Number(process.env.SECONDS ?? 12);
const seed = Number(process.env.SEED ?? Date.now() % 1e6);
/** A press is answered within this, also when the network has swallowed it, and the next connection too; milliseconds. */
const LONGEST = 20_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test(`${PEOPLE} people for ${SECONDS} s, seed ${seed}`, { timeout: 60_000 + SECONDS * 2000 }, stage.told(async (t) => {
  const random = seeded(seed);
  const people = await Promise.all(Array.from({ length: PEOPLE }, (_, i) => Walker.arrive(stage.server.url, `p${i}`, { autoNext: i % 2 === 0 })));
  t.after(() => people.forEach((p) => p.client.destroy()));
  const check = () => {
    const bad = people.filter((p) => p.wrong.length || p.unheard > LONGEST);
    const told = bad.map((p) => `${p.name} (${p.client.state}): ${p.wrong.join('; ') || `not heard for ${p.unheard} ms`}\n  ${p.log.join('\n  ')}`);
    assert.equal(bad.length, 0, told.slice(0, 3).join('\n'));
  };
  const any = (set) => [...set][Math.floor(random() * set.size)];

  await Promise.all(people.map((p) => p.start()));
  // Some press again in the moment in which they are matched.
  let busy = true;
  for (const p of people) p.client.on('matched', () => random() < 0.15 && setTimeout(() => busy && p.next(), random() * 60));
  const count = { next: 0, find: 0, cut: 0, swallow: 0, stop: 0 };
  const act = async () => {
    const p = people[Math.floor(random() * PEOPLE)];
    const dice = random();
    const what = dice < 0.62 ? 'next' : dice < 0.82 ? 'find' : dice < 0.95 ? 'cut' : dice < 0.97 ? 'swallow' : 'stop';
    count[what]++;
    if (what === 'next') p.next();
    else if (what === 'find' && p.client.state !== 'idle') p.find(random() < 0.5);
    else if (what === 'cut') any(SlowSocket.open)?.cut();
    else if (what === 'swallow') any(SlowSocket.open)?.swallow();
    else if (what === 'stop') {
      p.note('stops');
      p.client.stop();
      await sleep(random() * 50);
      if (p.client.state === 'idle') await p.start();
    }
  };
  const acts = [];
  for (const end = Date.now() + SECONDS * 1000; Date.now() < end; ) {
    acts.push(act().catch((e) => e));
    await sleep(random() * 30);
    check();
  }
  busy = false;
  const failed = (await Promise.all(acts)).filter(Boolean);
  assert.deepEqual(failed.map(String), []);

  // Quiet: everybody is with somebody, who says the same; one waits; and what is written arrives.
  for (const p of people) if (p.client.state === 'ended') p.next();
  const settled = () => {
    const pairs = new Map();
    for (const { client } of people) if (client.state === 'matched') pairs.set(client.match.id, [...(pairs.get(client.match.id) ?? []), client]);
    const whole = [...pairs.values()].every((pair) => pair.length === 2);
    return whole && pairs.size === (PEOPLE - 1) / 2 && people.some((p) => p.client.state === 'waiting') && [...pairs.values()];
  };
  let pairs;
  for (let i = 0; i < 300 && !(pairs = settled()); i++) {
    await sleep(100);
    check();
    for (const p of people) if (p.client.state === 'ended') p.next();
  }
  const still = people.map((p) => `${p.name} ${p.client.state} ${p.client.match?.id.slice(0, 6) ?? ''}\n  ${p.log.slice(-12).join('\n  ')}`);
  assert.ok(pairs, `not everybody has found somebody:\n${still.join('\n')}`);
  for (const client of pairs.flat()) client.sendText('hello at last');
  const unwritten = () => pairs.flat().filter(({ messages }) => !messages.some((m) => m.from === 'partner' && m.text === 'hello at last'));
  for (let i = 0; i < 300 && unwritten().length; i++) await sleep(100);
  assert.equal(unwritten().length, 0, 'a text did not arrive');
  // A connection that was swallowed last may have yet to be mended.
  let stats;
  for (let i = 0; i < 200 && !(stats?.matched === PEOPLE - 1 && stats.waiting.text === 1); i++) {
    await sleep(100);
    stats = await (await fetch(`${stage.server.url}/v1/stats`)).json();
  }
  assert.deepEqual([stats.matched, stats.waiting.text], [PEOPLE - 1, 1], 'the server says the same');
  t.diagnostic(`${JSON.stringify(count)}, ${people.reduce((n, p) => n + p.met, 0) / 2} matches`);
}));
