// A moderator's day: he signs in for the first time, sees a report with what it proves, bans, takes it back, bans again, lifts the ban.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--log-level': 'info' } });

/** The code that an authenticator app shows for a secret (RFC 6238). */
function code(secret, now = Date.now()) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** A window with an authenticator in it that says yes to everything. */
async function openConsole() {
  const context = await (await stage.browser()).createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 1280, height: 800 });
  const faults = [];
  page.on('pageerror', (e) => faults.push(e.message));
  page.on('console', (m) => /Content Security|Trusted/.test(m.text()) && faults.push(m.text()));
  const devtools = await page.createCDPSession();
  await devtools.send('WebAuthn.enable');
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(`${stage.server.url}/moderate`);
  const on = (id) => page.waitForSelector(`[data-testid=${id}]`, { timeout: 15_000 });
  return {
    page, faults, on,
    click: async (id) => (await on(id)).click(),
    type: async (id, text) => (await on(id)).type(text),
    text: async (id) => (await on(id)).evaluate((e) => e.textContent),
    until: (what, seen, ...args) => page.waitForFunction(seen, { timeout: 15_000 }, ...args).catch((e) => { throw new Error(`waited for ${what}: ${e.message}`); }),
    close: () => context.close(),
  };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
async function accessible(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`), [], where);
}

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

  const m = await openConsole();
  const password = readFileSync(join(stage.server.data, 'moderate-admin.txt'), 'utf8').match(/one-time password: (\S+)/)[1];
  assert.ok(!stage.server.log.includes(password), 'the one-time password is in no log');
  await m.type('name', 'admin');
  await m.type('password', password);
  await m.click('sign-in');
  await m.type('new-password', 'a long enough password');
  await m.click('set-password');
  await m.click('add-code');
  const secret = await m.text('secret');
  await m.type('new-code', code(secret));
  await m.click('set-code');

  await m.on('figures');
  const cookie = (await m.page.cookies()).find((c) => c.name.startsWith('__Host-'));
  assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Strict', JSON.stringify(cookie));

  // What is proven stands apart from what is the reporter's word, and is text, not HTML.
  await m.on('case');
  await m.page.keyboard.press('j');
  assert.equal(await (await m.on('evidence')).$eval('[data-proof=proven] ~ .said', (e) => e.textContent), 'I know where <b>you</b> live');
  await accessible(m.page, 'the case');
  await m.page.screenshot({ path: new URL('./out/moderate-case.png', import.meta.url).pathname });

  await m.page.keyboard.press('7');
  await m.until('the toast', () => document.querySelector('[data-testid=toast]').textContent.includes('Banned for 7 days'));
  await m.until('an empty queue', () => document.querySelectorAll('[data-testid=case]').length === 0);
  await m.page.keyboard.press('u');
  await m.on('case');
  await m.page.keyboard.press('j');
  await m.on('report');
  await m.page.keyboard.press('1');
  await m.until('the toast', () => document.querySelector('[data-testid=toast]').textContent.includes('Banned for 1 day'));
  await m.click('place-bans');
  const ban = await m.text('ban');
  assert.match(ban, /Threat.*You threatened somebody.*until/s);
  await m.click('place-audit');
  await m.click('verify');
  assert.match(await m.text('verified'), /The log holds/);
  const log = await m.text('audit');
  for (const act of ['sign-in', 'password.set', 'code.set', 'report.decide', 'report.undo']) assert.ok(log.includes(act), `${act} is in the audit log`);
  await accessible(m.page, 'the audit log');

  // A passkey, and in with it again.
  await m.click('place-account');
  await m.click('add-passkey');
  await m.until('the passkey', () => document.body.textContent.includes('made just now') || document.body.textContent.includes('made in'));
  await m.click('sign-out');
  await m.click('by-passkey');
  await m.on('figures');
  assert.deepEqual(m.faults, []);
  await m.close();
}));
