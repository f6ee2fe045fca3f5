// Wishes that change while somebody waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--grace': '90s' } });

test('"Anyone, now" looks on with another wish: no new connection, and the countdown is the server’s', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await a.start({ mode: 'text', tags: 'chess' });
  await b.start({ mode: 'text', tags: 'music' });
  await Promise.all([a.inState('waiting'), b.inState('waiting')]);
  const left = await a.until('the countdown', () => Number(/(\d+) seconds/.exec(document.querySelector('.card-count')?.textContent)?.[1]));
  assert.ok(left > 60 && left <= 90, `${left} s of a grace of 90`);
  await a.page.evaluate(() => document.querySelector('.card-actions .button').click());
  const wider = await a.until('another wish', () => !document.querySelector('.card-tags') && __test.state());
  assert.equal(wider, 'waiting', 'b still holds out for music');
  await b.page.evaluate(() => document.querySelector('.card-actions .button').click());
  await Promise.all([a.matched(), b.matched()]);
  await a.say('anyone');
  await b.has('anyone');
  for (const p of [a, b]) assert.equal(await p.page.evaluate(() => __test.sockets.length), 1, `${p.name} has connected anew`);
}));
