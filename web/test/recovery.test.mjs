// A tab is reloaded, a socket is cut, the server is restarted: people find back to each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { clustered, setStage } from './lib/stage.mjs';

const stage = setStage();

async function talk(a, b, text) {
  await a.say(`${text} a`);
  await b.has(`${text} a`);
  await b.say(`${text} b`);
  await a.has(`${text} b`);
}

test('a reloaded tab returns to the same partner, with picture and text, muted as it was', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await talk(a, b, 'before');
  await a.click('mute');
  await b.until('the sign of a muted partner', () => document.querySelector('.stage-note'));
  await a.page.reload({ waitUntil: 'load' });
  await a.until('the same match', (id) => window.passerby?.match?.id === id && __test.state() === 'matched', { timeout: 45_000 }, match);
  assert.equal(await b.matchId(), match, 'the partner stayed in the match');
  await Promise.all([a.sees('blue', {}), b.sees('red', {})]);
  assert.equal(await a.page.$eval('[data-testid=mute]', (e) => e.dataset.off), 'true', 'who was muted stays muted');
  await b.until('the partner to be muted still', () => document.querySelector('.stage-note'));
  await talk(a, b, 'after');
  await b.until('everything once', () => __test.messages().filter((m) => m.from === 'partner').map((m) => m.text).join() === 'before a,after a');
}));

test('a text chat survives a reload too', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  await talk(a, b, 'before');
  await b.page.reload({ waitUntil: 'load' });
  await b.until('the same match', (id) => window.passerby?.match?.id === id && __test.state() === 'matched', match);
  await talk(a, b, 'after');
}));

test('a cut socket is mended without the picture stopping', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b);
  await Promise.all([a.sees('blue'), b.sees('red')]);
  assert.ok((await a.page.evaluate(() => __test.cutSockets())) > 0);
  await a.inState('matched');
  await a.until('the same match', (id) => window.passerby?.match?.id === id, match);
  await talk(a, b, 'mended');
  await Promise.all([a.sees('blue'), b.sees('red')]);
  // With several nodes the socket may come to another one, and the media follows.
  if (!clustered) assert.equal(await a.page.evaluate(() => __test.connections.length), 1, 'the media connection stayed');
}));

test('Next pressed while the connection is being mended counts', { timeout: 180_000 }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  await a.page.evaluate(() => {
    passerby.on('state', ({ state }) => {
      if (state === 'reconnecting') document.querySelector('[data-testid=next]').click();
    });
    __test.cutSockets();
  });
  await Promise.all([a.matched({ before: match }), b.matched({ before: match })]);
  await talk(a, b, 'anew');
}));

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`the server ends with ${signal} and comes back: both come back and meet`, { timeout: 180_000 }, stage.told(async () => {
    const [a, b] = await stage.people('red', 'blue');
    const match = await meet(a, b);
    await Promise.all([a.sees('blue'), b.sees('red')]);
    const end = await stage.server.down(signal);
    if (signal === 'SIGTERM') assert.equal(end.code, 0, 'a drained server ends with 0');
    await stage.server.up();
    // What many nodes know outlives them all.
    const back = clustered ? {} : { before: match };
    const matches = await Promise.all([a, b].map((p) => p.matched({ ...back, timeout: 60_000 })));
    if (clustered) assert.deepEqual(matches, [match, match]);
    await Promise.all([a.sees('blue', {}), b.sees('red', {})]);
    await talk(a, b, 'again');
  }));
}
