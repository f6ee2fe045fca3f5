// One page of web/test/chaos.mjs: writes what it has planned, waits until all of it is delivered and shown, presses Next.
import { openPage } from './browsers.mjs';
import { colours } from './colours.mjs';
import { Person } from './person.mjs';

/** Runs before the page's own scripts: public keys as they come and go, by which pages know each other here. */
const hearSockets = () => {
  window.__peers = {};
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...args) {
      super(...args);
      this.addEventListener('message', ({ data }) => {
        const m = JSON.parse(data);
        if (m.type === 'moved') __tell('moved');
        if (m.type === 'welcome') __tell(m.resumed ? 'resumed' : 'fresh');
        if (m.type === 'matched') window.__peers[m.match] = m.peer.key;
      });
    }
    send(data) {
      const { key } = JSON.parse(data);
      if (key) __tell('key', key);
      super.send(data);
    }
  };
};

/** Runs in the page once it is there. */
const hearClient = () => {
  passerby.on('matched', ({ match }) => __tell('met', match.id, window.__peers[match.id]));
  passerby.on('message', ({ message }) => __tell('saw', passerby.match.id, message.text));
  passerby.on('update', ({ message }) => message.state === 'delivered' && __tell('delivered', message.text));
  passerby.on('ended', ({ match }) => __tell('over', match.id, false));
  passerby.on('error', ({ code }) => __tell('trouble', code));
};

/** Runs in the page: tells of each time for which the partner's picture stood still longer than ever before, within a match. */
const hearPicture = () => {
  let last = 0;
  let longest = 300;
  let seen = '';
  let looked = performance.now();
  passerby.on('firstframe', () => (last = performance.now()));
  passerby.on('state', () => passerby.match || (last = 0));
  passerby.on('matched', () => (last = 0));
  const look = async () => {
    if (last > 0) last += Math.max(0, performance.now() - looked - 100); // the page itself stood still
    looked = performance.now();
    const track = passerby.remoteStream.getVideoTracks()[0];
    const receiver = __test.connections.filter((c) => c.connectionState !== 'closed').flatMap((c) => c.getReceivers()).find((r) => r.track === track);
    let decoded = 0;
    (await receiver?.getStats().catch(() => null))?.forEach((s) => s.type === 'inbound-rtp' && (decoded += s.framesDecoded ?? 0));
    const now = performance.now();
    if (last > 0 && now - last > longest) __tell('gap', (longest = now - last));
    if (last > 0 && `${track?.id} ${decoded}` !== seen) last = now;
    seen = `${track?.id} ${decoded}`;
    setTimeout(look, 20);
  };
  void look();
};

/** Runs in the page: writes a text, unless the match is over before it can be sent. */
const write = async (match, n, text) => {
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  const here = () => passerby.match?.id === match && find('message-input');
  if (!here()) return;
  const input = find('message-input');
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value').set.call(input, text);
  input.dispatchEvent(new InputEvent('input', { bubbles: true }));
  while (here() && find('message-send').getAttribute('aria-disabled') === 'true') await new Promise((r) => setTimeout(r, 5));
  if (!here()) return;
  __tell('wrote', match, n);
  find('message-send').click();
};

/** Runs in the page: ends a match by a button, unless it is over already; says whether it did. */
const press = (match, button) => {
  if (passerby.match?.id !== match) return false;
  document.querySelector(`[data-testid="${button}"]`).click();
  __tell('over', match, true);
  return true;
};

export class Talker {
  done = false;
  /** When something was met, delivered, shown or ended last; Unix milliseconds. */
  lastOn = Date.now();
  #person;
  #talk = null;
  #heard = Promise.resolve();

  /** `room` is what all pages share: url, pace, talkers, owners (public key → name), calm, tell. */
  constructor(room, i) {
    this.room = room;
    this.name = `page-${i + 1}`;
    this.colour = Object.keys(colours)[i];
  }

  async start(browser) {
    const page = await openPage(browser, { colour: this.colour, size: [160, 120], fps: 10, viewport: { width: 500, height: 400 } });
    this.#person = new Person(page, this.name, this.colour, this.room.url);
    // In the order in which they happened.
    await page.exposeFunction('__tell', (what, ...more) => void (this.#heard = this.#heard.then(() => this.#hear(what, ...more))));
    await page.evaluateOnNewDocument(`(${hearSockets})()`);
    page.on('pageerror', (e) => this.#tell('trouble', { code: e.message }));
    page.setDefaultTimeout(120_000); // the machine has other work, too
    await page.goto(this.room.url, { waitUntil: 'load' });
    await page.waitForSelector('[data-testid="start"]');
    await page.evaluate(hearClient);
    await page.evaluate(hearPicture);
    await this.#person.start();
    this.#tell('opened');
  }

  #tell(what, more) {
    if (['met', 'acked', 'saw', 'over'].includes(what)) this.lastOn = Date.now();
    this.room.tell({ who: this.name, what, ...more });
  }

  /** What happened in the page. */
  #hear(what, ...more) {
    const t = this.#talk;
    if (what === 'key') this.room.owners.set(more[0], this.name);
    else if (what === 'met') this.#met(...more);
    else if (what === 'wrote') {
      t.sent = more[1];
      this.#tell('wrote', { match: t.match, n: t.sent });
    } else if (what === 'saw') this.#saw(...more);
    else if (what === 'delivered') {
      t.acked++;
      this.#tell('acked', { match: t.match, n: t.acked });
    } else if (what === 'over') {
      if (t?.match !== more[0]) return;
      this.#tell('over', { match: t.match, chose: more[1], unfinished: more[1] && !this.#said });
      this.#talk = null;
    } else if (what === 'gap') this.#tell('gap', { n: Math.round(more[0]) });
    else this.#tell(what, { code: more[0] });
  }

  #met(match, key) {
    const partner = this.room.owners.get(key) ?? 'nobody';
    const plan = 2 + Math.floor(Math.random() * 9);
    const unshaken = Math.random() < 1 / 8 ? Date.now() + Math.random() * 6 * this.room.pace : Infinity;
    this.#talk = { match, partner, plan, sent: 0, acked: 0, shown: [], theirPlan: 0, due: 0, unshaken };
    this.#tell('met', { match, partner });
  }

  #saw(match, text) {
    const [from, of, n, plan] = text.split(' ');
    this.#talk.shown.push(text);
    this.#talk.theirPlan = Number(plan);
    this.#tell('saw', { match, from, of, n: Number(n) });
  }

  /** All of both is written, delivered and shown, says the client. */
  get #said() {
    const { plan, acked, theirPlan, shown } = this.#talk;
    return acked === plan && theirPlan > 0 && shown.length === theirPlan;
  }

  /** The page shows the partner's texts as the client has told of them, and his picture. */
  async #sees({ partner, shown }) {
    const { texts, colour } = await this.#person.page.evaluate(() => ({
      texts: __test.messages().filter((m) => m.from === 'partner').map((m) => m.text), colour: __test.seen().colour,
    }));
    return texts.join() === shown.join() && colour === this.room.talkers.find((o) => o.name === partner)?.colour;
  }

  /** Does what is due. */
  async step() {
    await this.#heard;
    const t = this.#talk;
    const { page } = this.#person;
    const { calm, pace, talkers } = this.room;
    if (!t) {
      // As long as there is another it may be about to meet him.
      if (calm && talkers.every((o) => o === this || o.done)) await this.#leave();
    } else if (Date.now() > t.unshaken) await page.evaluate(press, t.match, 'next');
    else if (t.sent < t.plan) {
      if (Date.now() < t.due) return;
      await page.evaluate(write, t.match, t.sent + 1, `${this.name} ${t.match} ${t.sent + 1} ${t.plan}`);
      t.due = Date.now() + pace * (0.5 + Math.random());
    } else if (this.#said && (await this.#sees(t))) {
      if (!(await page.evaluate(press, t.match, calm ? 'stop' : 'next'))) return;
      this.#tell('finished');
      if (calm) this.#depart();
    }
  }

  async #leave() {
    await this.#person.stop();
    this.#depart();
  }

  #depart() {
    this.done = true;
    this.#tell('done');
  }

  describe() {
    return this.#person.describe();
  }

  /** In a sentence, for whoever wonders why it does not get on. */
  async where() {
    const { state, seen, trouble } = await this.#person.page.evaluate(() => ({
      state: __test.state(), seen: __test.seen().colour, trouble: document.querySelector('main.trouble')?.dataset.code,
    }));
    const t = this.#talk;
    const talk = t ? `in ${t.match} with ${t.partner}: sent ${t.sent} of ${t.plan}, delivered ${t.acked}, shown ${t.shown.length} of ${t.theirPlan}` : 'with nobody';
    return `${state}${trouble ? ` (${trouble})` : ''}, ${talk}, sees ${seen}`;
  }
}
