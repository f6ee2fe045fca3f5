// A person at a page: what one does there and what one sees, by the data-testid hooks of the page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { openPage } from './browsers.mjs';
import { patient } from './patience.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export class Person {
  constructor(page, name, colour, url) {
    Object.assign(this, { page, name, colour, url });
    this.console = [];
    page.on('console', (m) => this.console.push(`${m.type()}: ${m.text()}`));
    page.on('pageerror', (e) => this.console.push(`error: ${e.message}`));
  }

  /** Opens the page as somebody whose camera shows `colour`. `query` goes behind the address: 'relay=1'. */
  static async arrive(browser, server, { colour = 'red', name = colour, query = '', url = server.url, stored = null, ...page } = {}) {
    const address = `${url}/${query && '?' + query}`;
    const person = new Person(await openPage(browser, { colour, ownMicrophone: /firefox/i.test(await browser.version()), ...page }), name, colour, address);
    if (stored) await person.page.evaluateOnNewDocument((all) => self === top && !sessionStorage.length && Object.assign(sessionStorage, all), stored);
    await person.page.goto(address, { waitUntil: 'load' });
    await person.page.waitForSelector(stored ? '[data-testid="status"]' : '[data-testid="start"]', { timeout: 20_000 });
    return person;
  }

  /** Opens another tab of this person's browser. With `copy` it has the storage of this tab, as after "Duplicate tab". */
  async tab({ copy = false, ...page } = {}) {
    const options = { colour: this.colour, name: `${this.name}'s other tab`, url: new URL(this.url).origin, beside: this.page, ...page };
    if (!copy) return Person.arrive(this.page.browser(), null, options);
    const stored = await this.page.evaluate(() => ({ ...sessionStorage }));
    return Person.arrive(this.page.browser(), null, { ...options, stored });
  }

  async click(id) {
    await this.page.$eval(`[data-testid="${id}"]`, (e) => e.click());
  }

  async start({ mode = 'video', tags = '' } = {}) {
    await this.click(`mode-${mode}`);
    if (tags) await this.page.type('[data-testid="tags"]', tags);
    const confirmed = await this.page.$eval('[data-testid="confirm-age"]', (e) => e.checked);
    if (!confirmed) await this.click('confirm-age');
    await this.page.click('[data-testid="start"]'); // a real click: browsers want the gesture
  }

  next() {
    return this.click('next');
  }

  stop() {
    return this.click('stop');
  }

  say(text) {
    return this.page.evaluate((t) => __test.say(t), text);
  }

  messages() {
    return this.page.evaluate(() => __test.messages());
  }

  seen() {
    return this.page.evaluate(() => __test.seen());
  }

  state() {
    return this.page.evaluate(() => __test.state());
  }

  matchId() {
    return this.page.evaluate(() => passerby.match?.id ?? null);
  }

  stats() {
    return this.page.evaluate(() => __test.stats());
  }

  emoji() {
    return this.page.$eval('[data-testid="verify"]', (e) => e.dataset.emoji).catch(() => null);
  }

  /** Waits until fn(...args), run in the page, is truthy; says what the page looked like when it never is. */
  async until(what, fn, ...args) {
    const options = typeof args[0] === 'object' && args[0] !== null ? args.shift() : {};
    try {
      const handle = await this.page.waitForFunction(patient(fn), { polling: 50, timeout: 45_000, ...options }, ...args);
      return await handle.jsonValue();
    } catch (e) {
      throw new Error(`${this.name}: waited in vain for ${what} (${e.message})\n${await this.describe()}`);
    }
  }

  inState(state, options = {}) {
    return this.until(`state ${state}`, (s) => __test.state() === s, options, state);
  }

  /** In a match, and not the one called `before`. */
  async matched({ before = null, ...options } = {}) {
    return this.until('a match', (b) => passerby.match && passerby.match.id !== b && __test.state() === 'matched' && passerby.match.id, options, before);
  }

  sees(colour, options = {}) {
    return this.until(`a visible picture in ${colour}`, (c) => __test.seen().colour === c, options, colour);
  }

  /** Sound with energy arrives: more than before. */
  async hears() {
    const { audioEnergy } = await this.stats();
    return this.until('sound', async (e) => (await __test.stats()).audioEnergy > e + 0.001, audioEnergy);
  }

  has(text, from = 'partner', options = {}) {
    return this.until(`the message ${text}`, (t, f) => __test.messages().some((m) => m.text === t && m.from === f), options, text, from);
  }

  async describe() {
    const page = await this.page
      .evaluate(async () => ({
        state: __test.state(), match: window.passerby?.match?.id, seen: __test.seen(), messages: __test.messages().length, errors: __test.errors, traffic: __test.traffic.slice(-25),
        connections: __test.connections.map((c) => `${c.connectionState}/${c.iceConnectionState}`), channels: __test.channels.map((c) => c.readyState), stats: await __test.stats(),
        trouble: document.querySelector('main.trouble')?.textContent,
      }))
      .catch((e) => ({ gone: e.message }));
    return JSON.stringify({ name: this.name, ...page, console: this.console.slice(-10) }, null, 1);
  }

  /** What axe-core finds wrong, as sentences, once what fades or moves has come to its end. */
  async faults() {
    await this.page.bringToFront();
    await this.page.evaluate(async () => {
      const ending = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime !== Infinity);
      await Promise.allSettled(ending.map((a) => a.finished));
    });
    await this.page.evaluate(axe);
    const { violations } = await this.page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
    return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${v.help} (${n.target}: ${n.failureSummary})`));
  }

  shot(name) {
    return this.page.screenshot({ path: new URL(`../out/${name}.png`, import.meta.url).pathname });
  }

  /** Closes the window with all its tabs. */
  async leave() {
    await this.page.browserContext().close().catch(() => this.page.close().catch(() => {}));
  }
}

/**
 * The node that a page talks to, by the port of its media; null before it has said. With three nodes partners must be on different ones
 * from the start, or the tests would say nothing about the way between.
 */
const node = (p) => p.page.evaluate(() => __test.connections.map((c) => c.remoteDescription?.sdp.match(/a=candidate:.* (\d+) typ host/)?.[1]).filter(Boolean).at(-1) ?? null);

async function apart(a, b) {
  const ports = await Promise.all([a, b].map((p) => p.until('a media connection', () => __test.connections.some((c) => c.remoteDescription)).then(() => node(p))));
  assert.notEqual(ports[0], ports[1], `${a.name} and ${b.name} are on different nodes`);
}

/** Starts two people and waits until they are in one match. */
export async function meet(a, b, wish) {
  await a.start(wish);
  await b.start(wish);
  const [one, other] = await Promise.all([a.matched(), b.matched()]);
  assert.equal(one, other, 'both are in the same match');
  if (process.env.PASSERBY_TEST_CLUSTER) await apart(a, b);
  return one;
}
