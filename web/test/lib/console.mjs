// A moderator at the console: a window of his own with an authenticator in it, and an app that shows codes.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { patient } from './patience.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const patience = 45_000;
const step = 30_000;

/** The code that an authenticator app shows for a secret (RFC 6238). */
export function code(secret, now = Date.now()) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => parseInt(b, 2)));
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(Math.floor(now / step)));
  const mac = createHmac('sha1', key).update(count).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The code after the one of now: each counts once, and the server takes one that is a step early. */
export const nextCode = (secret) => code(secret, Date.now() + step);

/** What the first start wrote down for the first admin. */
export const firstPassword = (server) => readFileSync(join(server.data, 'moderate-admin.txt'), 'utf8').match(/one-time password: (\S+)/)[1];

export class Moderator {
  /** Opens the console in a window of its own. */
  static async arrive(browser, server, { viewport = { width: 1280, height: 800 } } = {}) {
    const moderator = new Moderator();
    moderator.context = await browser.createBrowserContext();
    const page = (moderator.page = await moderator.context.newPage());
    await page.setViewport(viewport);
    moderator.problems = [];
    page.on('pageerror', (e) => moderator.problems.push(e.message));
    page.on('console', (m) => /Content Security|Trusted/.test(m.text()) && moderator.problems.push(m.text()));
    const devtools = await page.createCDPSession();
    await devtools.send('WebAuthn.enable');
    await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await page.goto(`${server.url}/moderate`);
    return moderator;
  }

  on(id) {
    return this.page.waitForSelector(`[data-testid="${id}"]`, { timeout: patience }).catch((e) => this.#inVain(id, e));
  }

  async click(id) {
    const enabled = await this.page.waitForSelector(`[data-testid="${id}"]:not(:disabled)`, { timeout: patience });
    await enabled.click();
  }

  async type(id, text) {
    await (await this.on(id)).type(text);
  }

  async text(id) {
    return (await this.on(id)).evaluate((e) => e.textContent);
  }

  async until(what, seen, ...args) {
    const handle = await this.page.waitForFunction(patient(seen), { timeout: patience, polling: 50 }, ...args).catch((e) => this.#inVain(what, e));
    return handle.jsonValue();
  }

  async #inVain(what, e) {
    throw new Error(`the moderator waited in vain for ${what} (${e.message}):\n${await this.page.evaluate(() => document.body.innerText).catch(() => 'the window is gone')}`);
  }

  /** Waits for what the console says after a decision. */
  said(text) {
    return this.until(`"${text}"`, (t) => document.querySelector('[data-testid=toast]')?.textContent.includes(t), text);
  }

  /** A new member completes the account with the one-time password; returns the secret of the authenticator app. */
  async begin(name, oneTime, password) {
    await this.type('name', name);
    await this.type('password', oneTime);
    await this.click('sign-in');
    await this.type('new-password', password);
    await this.click('set-password');
    await this.until('that the password is set', () => document.body.textContent.includes('The password is set')); // which moves what is below
    await this.click('add-code');
    const secret = await this.text('secret');
    await this.type('new-code', code(secret));
    await this.click('set-code');
    await this.on('figures');
    return secret;
  }

  /** Password and code. */
  async signIn(name, password, secret) {
    await this.type('name', name);
    await this.type('password', password);
    await this.click('sign-in');
    await this.type('code', nextCode(secret));
    await this.click('send-code');
    await this.on('figures');
  }

  /** Fails when axe-core finds something wrong. */
  async accessible(where) {
    await this.page.bringToFront();
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary}`)), [], where);
  }

  shot(name) {
    return this.page.screenshot({ path: new URL(`../out/${name}.png`, import.meta.url).pathname });
  }

  leave() {
    return this.context.close().catch(() => {});
  }
}
