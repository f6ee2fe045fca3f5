// Report and Block reach the one who was meant, whoever is here by then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

const notice = (p, text) => p.until(`the notice ${text}`, (t) => document.querySelector('.notices').textContent.includes(t), text);
const label = (p, id) => p.page.$eval(`[data-testid=${id}]`, (e) => e.getAttribute('aria-label'));

test('a report that is sent when somebody new is here', stage.told(async () => {
  const [a, b, c] = await stage.people('red', 'blue', 'green');
  const first = await meet(a, b, { mode: 'text' });
  await b.say('something bad');
  await a.has('something bad');
  await a.click('report');
  await b.stop();
  await a.inState('waiting');
  await c.start({ mode: 'text' });
  const [second] = await Promise.all([a.matched({ before: first }), c.matched()]);
  await c.say('and something nice');
  await a.has('and something nice');
  const said = () => a.page.$eval('[data-testid=report-what]', (e) => e.textContent);
  assert.doesNotMatch(await said(), /message/, 'nothing goes along that nobody chose');
  await a.click('report-messages');
  assert.match(await said(), /one message of the stranger/, 'that of the first stranger');
  await a.page.click('.dialog input[value=threat]');
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);
  assert.equal(await a.matchId(), second, 'the conversation with the second goes on');
  assert.equal(await c.matchId(), second);
  assert.match(stage.server.log, new RegExp(`msg=reported .*match=${first} reason=threat`));
}));

test('a block pressed just as somebody new comes', stage.told(async () => {
  const [a, b, c] = await stage.people('red', 'blue', 'green');
  const first = await meet(a, b, { mode: 'text' });
  await b.stop();
  await a.inState('waiting');
  await a.page.evaluate(() => passerby.on('matched', () => setTimeout(() => document.querySelector('[data-testid=block]').click(), 150)));
  await c.start({ mode: 'text' });
  const [second] = await Promise.all([a.matched({ before: first }), c.matched()]);
  await notice(a, 'The last stranger is blocked');
  assert.equal(await a.matchId(), second);
  await a.until('the buttons to mean the second', () => document.querySelector('[data-testid=block]').getAttribute('aria-label') === 'Block');
  assert.equal(await label(a, 'report'), 'Report');
  await a.click('block');
  await notice(a, 'Blocked.');
  await c.until('the end', (m) => passerby.match?.id !== m, second);
  assert.match(await a.page.$eval('.card-title', (e) => e.textContent), /^You blocked the stranger\./);
  assert.match(await a.page.$eval('.log', (e) => e.lastElementChild.textContent), /^You ended this conversation\.$/);
}));
