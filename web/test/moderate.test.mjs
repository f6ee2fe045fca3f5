// A moderator's day: he signs in for the first time, sees a report with what it proves, bans, takes it back, bans again, lifts the ban.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { code, firstPassword } from './lib/console.mjs';
import { meet } from './lib/person.mjs';
import { binary } from './lib/server.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--log-level': 'info', '--trusted-proxies': '127.0.0.0/8' } });

test('a moderator signs in, decides, and takes it back', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await meet(a, b, { mode: 'text' });
  await b.say('I know where <b>you</b> live');
  await a.has('I know where <b>you</b> live');
  await a.click('report');
  await a.click('report-messages');
  await a.page.click('.dialog input[value=threat]');
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);

  const m = await stage.moderator();
  const password = firstPassword(stage.server);
  assert.ok(!stage.server.log.includes(password), 'the one-time password is in no log');
  await m.begin('admin', password, 'a long enough password');

  const cookie = (await m.page.cookies()).find((c) => c.name.startsWith('__Host-'));
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict', JSON.stringify(cookie));

  // What is proven stands apart from what is the reporter's word, and is text, not HTML.
  await m.on('case');
  await m.page.keyboard.press('j');
  assert.equal(await (await m.on('evidence')).$eval('[data-proof=proven] ~ .said', (e) => e.textContent), 'I know where <b>you</b> live');
  await m.accessible('the case');
  await m.shot('moderate-case');

  await m.page.keyboard.press('7');
  await m.said('Banned for 7 days');
  await m.until('an empty queue', () => document.querySelectorAll('[data-testid=case]').length === 0);
  await m.page.keyboard.press('u');
  await m.on('case');
  await m.page.keyboard.press('j');
  await m.on('report');

  // A warning is shown to the person at once, until he says that he has read it; then never again.
  await m.page.keyboard.press('w');
  await m.until('an empty queue', () => document.querySelectorAll('[data-testid=case]').length === 0);
  await b.until('the warning', () => document.querySelector('[data-testid=warning]'));
  assert.match(await b.page.$eval('dialog:has([data-testid=warning])', (e) => e.textContent), /A word from the moderators.*Threats or violence/s);
  assert.deepEqual(await b.faults(), []);
  await b.shot('warning');
  await b.page.keyboard.press('Escape');
  await b.page.reload();
  await b.until('the warning again, since he has not said that he has read it', () => document.querySelector('[data-testid=warning]'));
  await b.click('understood');
  await b.until('no warning', () => !document.querySelector('[data-testid=warning]'));
  await b.page.reload();
  await b.inState('waiting');
  assert.equal(await b.page.$('[data-testid=warning]'), null, 'a warning that was understood comes no more');

  await m.page.bringToFront(); // a page behind another takes no keys
  await m.page.keyboard.press('u');
  await m.on('case');
  await m.page.keyboard.press('j');
  await m.on('report');
  await m.page.keyboard.press('1');
  await m.said('Banned for 1 day');
  await m.click('place-bans');
  const ban = await m.text('ban');
  assert.match(ban, /Threat.*You threatened somebody.*until/s);
  await m.click('place-audit');
  await m.click('verify');
  assert.match(await m.text('verified'), /The log holds/);
  const log = await m.text('audit');
  for (const act of ['sign-in', 'password.set', 'code.set', 'report.decide', 'report.undo']) assert.ok(log.includes(act), `${act} is in the audit log`);
  await m.accessible('the audit log');

  // A passkey, and in with it again.
  await m.click('place-account');
  await m.click('add-passkey');
  await m.until('the passkey', () => document.body.textContent.includes('made just now') || document.body.textContent.includes('made in'));
  await m.click('sign-out');
  await m.click('by-passkey');
  await m.on('figures');
  assert.deepEqual(m.problems, []);
}));

test('the keyboard alone: signing in, a ban for the network too, taken back, a person dismissed', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await b.page.setExtraHTTPHeaders({ 'X-Forwarded-For': '203.0.113.7' });
  await meet(a, b, { mode: 'text' });
  await b.say('buy my coins');
  await a.has('buy my coins');
  await a.click('report');
  await a.click('report-messages');
  await a.page.click('.dialog input[value=spam]');
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);

  // Somebody new, made by the operator; from here on no mouse.
  const made = execFileSync(binary, ['moderator', 'add', 'grace', 'moderator', '--data-dir', stage.server.data], { encoding: 'utf8' });
  const [, oneTime] = made.match(/one-time password: (\S+)/);
  const m = await stage.moderator();
  const { keyboard } = m.page;
  const at = () => m.page.evaluate(() => document.activeElement.dataset.testid ?? document.activeElement.tagName);
  const tabTo = async (id) => {
    for (let i = 0; i < 40 && (await at()) !== id; i++) await keyboard.press('Tab');
    assert.equal(await at(), id);
    assert.ok(await m.page.evaluate(() => document.activeElement.matches(':focus-visible')), `${id} shows that it has the focus`);
  };
  await m.on('name');
  await m.until('the focus', () => document.activeElement.dataset.testid === 'name');
  await keyboard.type('grace');
  await tabTo('password');
  await keyboard.type(oneTime);
  await keyboard.press('Enter');
  await m.on('new-password');
  await tabTo('new-password');
  await keyboard.type('another long password');
  await keyboard.press('Enter');
  await m.until('that it is set', () => document.body.textContent.includes('The password is set'));
  await tabTo('add-code');
  await keyboard.press('Enter');
  const secret = await m.text('secret');
  await tabTo('new-code');
  await keyboard.type(code(secret));
  await keyboard.press('Enter');
  await m.on('figures');

  await m.on('case');
  await keyboard.press('j');
  await m.on('report');
  await m.until('the focus on the person', () => document.activeElement.classList.contains('pane-name'));
  assert.match(await m.text('pane'), /1 report by 1 person/);
  await keyboard.press('n');
  await m.until('the address, too', () => document.querySelector('[data-testid=range]').value === 'narrow');
  await tabTo('message');
  await keyboard.type(' Keys such as 7 and D are letters here.');
  await keyboard.press('Escape');
  assert.equal(await at(), 'BODY');
  assert.match(await m.page.$eval('[data-testid=message]', (e) => e.value), /Keys such as 7 and D are letters here\.$/);
  await keyboard.press('7');
  await m.said('Banned for 7 days');
  await keyboard.press('u');
  await m.on('case');
  await keyboard.press('j');
  await m.on('report');
  await keyboard.press('d');
  await m.said('Dismissed');
  await m.until('an empty queue', () => document.querySelectorAll('[data-testid=case]').length === 0);
  await keyboard.press('a');
  await m.on('add-passkey');
  assert.deepEqual(m.problems, []);
}));
