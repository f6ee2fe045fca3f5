// Someone breaks the rules, is out at once, meets the page of the ban in a fresh profile from the same network, appeals, and is let in.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { binary } from './lib/server.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--trusted-proxies': '127.0.0.0/8' } });

const ban = (...words) => execFileSync(binary, ['ban', ...words, '--data-dir', stage.server.data], { encoding: 'utf8' }).trim();
const userOf = (p) => p.page.evaluate(() => JSON.parse(atob(JSON.parse(sessionStorage['passerby.session']).token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub);
const from = (p, address) => p.page.setExtraHTTPHeaders({ 'X-Forwarded-For': address });

test('a ban, its page, an appeal', stage.told(async () => {
  const [bad, good, fresh] = await stage.people('red', 'blue', 'green');
  await from(bad, '203.0.113.7');
  await from(fresh, '203.0.113.99');
  await meet(bad, good, { mode: 'text' });
  const user = await userOf(bad);
  assert.notEqual(user, await userOf(good));

  ban('add', `${user},203.0.113.0/24`, '24h', 'spam', 'No <b>adverts</b>.');
  await bad.until('the ban', () => document.querySelector('[data-testid=ban-until]'));
  assert.match(await bad.page.$eval('[data-testid=ban]', (e) => e.textContent), /Advertising, fraud or a bot.*No <b>adverts<\/b>\./);
  await good.until('the end', () => __test.state() !== 'matched');
  assert.deepEqual(await bad.faults(), []);
  await bad.shot('ban');

  // The key stays over a reload, and so does the ban; the network holds for who has another.
  await bad.page.reload();
  await from(bad, '198.51.100.1');
  await bad.start({ mode: 'text' });
  await bad.until('the ban on return', () => document.querySelector('[data-testid=ban-until]'));
  await fresh.start({ mode: 'text' });
  await fresh.until('the ban in a fresh profile', () => document.querySelector('[data-testid=ban-until]'));
  await fresh.page.type('[data-testid=appeal]', 'That was my brother.');
  await fresh.click('appeal-send');
  await fresh.until('that the appeal is open', () => document.querySelector('[data-testid=appeal-open]'));

  const [appeal] = ban('appeals').split('  ');
  ban('accept', appeal);
  await fresh.until('to be let in', async () => (await passerby.ban()) === null, { polling: 500 });
  await fresh.page.evaluate(() => [...document.querySelectorAll('.trouble-actions button')].at(-1).click());
  await fresh.start({ mode: 'text' });
  if ((await good.state()) !== 'waiting') await good.next();
  await Promise.all([fresh.matched(), good.matched()]);
  execFileSync(binary, ['audit', 'verify', '--data-dir', stage.server.data]);
}));
