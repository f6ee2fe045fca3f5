// A conversation moves from tab to tab of one browser: clients that share locks and broadcast channels.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Passerby as Client } from '../src/client';
import type { Events } from '../src/index';
import { FakeServer, FakeSocket } from './fakeserver';

/** Enough of the Web Locks: who is first holds, the others wait. */
class Locks {
  #held = new Map<string, Promise<unknown>>();
  async query() {
    return { held: [...this.#held.keys()].map((name) => ({ name })) };
  }
  async request(name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<unknown>): Promise<void> {
    while (this.#held.has(name)) await this.#held.get(name);
    if (signal.aborted) return;
    this.#held.set(name, hold());
    await this.#held.get(name);
    this.#held.delete(name);
  }
}

class MediaStream {}
Object.assign(globalThis, { MediaStream, WebSocket: FakeSocket, addEventListener: () => {}, removeEventListener: () => {} });
const { Passerby } = await import('../src/client');

const wish = { mode: 'text', adult: true } as const;
let server: FakeServer;
let clients: Client[];
const nativeFetch = globalThis.fetch;

beforeEach(() => {
  server = FakeSocket.server = new FakeServer();
  globalThis.fetch = server.fetch as typeof fetch;
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true, locks: new Locks() }, configurable: true });
  clients = [];
});
afterEach(() => {
  for (const client of clients) client.destroy();
  globalThis.fetch = nativeFetch;
});

/** `map`: what is stored, of a page that is loaded again. */
function tab(map = new Map<string, string>()) {
  const storage = { getItem: (k: string) => map.get(k) ?? null, setItem: (k: string, v: string) => void map.set(k, v), removeItem: (k: string) => void map.delete(k) };
  const client = new Passerby({ url: 'http://example.test', storage: storage as unknown as Storage });
  clients.push(client);
  return client;
}

const once = <K extends keyof Events>(client: Client, name: K, test: (event: Events[K]) => boolean = () => true) =>
  new Promise<Events[K]>((resolve) => void client.on(name, (event) => test(event) && resolve(event)));

const lines = (client: Client) => client.messages.map(({ from, text, state }) => [from, text, ...(state ? [state] : [])]);

/** A tab and its partner, who have said hello to each other. */
async function talk() {
  const [a, b] = [tab(), tab()];
  const met = [once(a, 'matched'), once(b, 'matched')];
  await a.start(wish);
  await b.start(wish);
  await Promise.all(met);
  const said = [once(b, 'message'), once(a, 'message'), once(a, 'update', ({ message }) => message.state === 'delivered')];
  a.sendText('hello');
  b.sendText('hello too');
  await Promise.all(said);
  return { a, b, session: [...server.sessions.keys()][0]!, match: a.match!.id };
}

describe('tabs', { timeout: 30_000 }, () => {
  it('a fresh tab takes the conversation over, with its words; the old tab hears that it is over there', async () => {
    const { a, b, session, match } = await talk();
    const c = tab();
    assert.ok((await c.elsewhere()).includes(session));
    const told = once(a, 'error');
    const taken = await c.takeOver(session);
    assert.deepEqual(taken, { wish: { mode: 'text' }, sending: { audio: true, video: true } });
    assert.equal((await told).code, 'replaced');
    assert.deepEqual([a.state, a.resumable], ['error', null]);
    const matched = once(c, 'matched').then(() => lines(c));
    assert.equal(await c.resume(), true);
    assert.deepEqual((await matched).sort(), [['me', 'hello', 'delivered'], ['partner', 'hello too']], 'the words are there when the match is told');
    assert.equal(c.match?.id, match);
    const said = [once(b, 'message'), once(c, 'message')];
    c.sendText('from here now');
    b.sendText('I see no difference');
    await Promise.all(said);
    assert.deepEqual(lines(b).map(([, text]) => text).sort(), ['I see no difference', 'from here now', 'hello', 'hello too']);
    assert.equal(c.provable(match).length, 2, 'what the partner wrote can still be reported');
    // And back, with everything.
    assert.ok(await a.takeOver());
    assert.equal(await a.resume(), true);
    assert.equal(lines(a).length, 4);
    assert.deepEqual([c.state, b.match?.id], ['error', match]);
  });
  it('what is under way when the conversation moves is neither lost nor doubled', async () => {
    const { a, b, session } = await talk();
    server.tamper = (m) => (m.type === 'text' || m.type === 'ack' ? null : m); // nothing arrives
    a.sendText('on its way to b');
    b.sendText('on its way to a');
    const c = tab();
    assert.ok(await c.takeOver(session));
    server.tamper = (m) => m;
    const said = [once(b, 'message'), once(c, 'message'), once(c, 'update', ({ message }) => message.state === 'delivered')];
    await c.resume();
    await Promise.all(said);
    assert.deepEqual(lines(c).map(([, text]) => text).sort(), ['hello', 'hello too', 'on its way to a', 'on its way to b']);
    assert.deepEqual(lines(b).map(([, text]) => text).sort(), lines(c).map(([, text]) => text).sort());
  });
  it('private keys stay: the new tab makes its own, and the emoji are compared anew', async () => {
    const { b, session } = await talk();
    const keyed = server.heard.filter((m) => 'key' in m && m.key).length;
    const c = tab();
    await c.takeOver(session);
    const seen = [once(c, 'verify'), once(b, 'verify', (v) => v !== null)];
    await c.resume();
    const [one, other] = await Promise.all(seen);
    assert.deepEqual(one, other);
    const keys = server.heard.flatMap((m) => ('key' in m && m.key ? [m.key] : []));
    assert.deepEqual([keys.length, new Set(keys).size], [keyed + 1, keyed + 1]);
  });
  it('nobody to ask: null at once; a tab that does not answer: null after a while, and it keeps the conversation', async () => {
    const { a, b, session, match } = await talk();
    const { BroadcastChannel: Native } = globalThis;
    globalThis.BroadcastChannel = class { constructor() { throw new Error('nobody is asked'); } } as unknown as typeof Native;
    assert.equal(await tab().takeOver('nobody'), null);
    assert.equal(await tab().takeOver(), null);
    globalThis.BroadcastChannel = class extends Native { override postMessage() {} } as typeof Native;
    assert.equal(await tab().takeOver(session), null);
    globalThis.BroadcastChannel = Native;
    assert.deepEqual([a.match?.id, b.match?.id], [match, match]);
  });
  it('before it goes on in the new tab it can be asked for there: a third tab gets all of it, and no tab begins anew', async () => {
    const { a, b, session, match } = await talk();
    server.tamper = (m) => (m.type === 'text' ? null : m); // nothing arrives
    a.sendText('on its way');
    const [c, d] = [tab(), tab()];
    assert.ok(await c.takeOver(session));
    assert.deepEqual(await c.elsewhere().then((all) => all.includes(session)), false, 'its own is not elsewhere');
    const told = once(c, 'error');
    assert.ok(await d.takeOver(session));
    assert.equal((await told).code, 'replaced');
    assert.deepEqual([c.state, c.resumable, await c.resume()], ['idle', null, false]);
    server.tamper = (m) => m;
    const heard = once(b, 'message', ({ message }) => message.text === 'on its way');
    assert.equal(await d.resume(), true);
    await heard;
    assert.deepEqual([b.match?.id, d.match?.id], [match, match]);
    assert.deepEqual(lines(d).map(([, text]) => text).sort(), ['hello', 'hello too', 'on its way']);
  });
  it('two tabs ask at once: both are answered, one after the other, and the conversation lives', async () => {
    const { a, b, session, match } = await talk();
    const [c, d] = [tab(), tab()];
    const taken = await Promise.all([c.takeOver(session), d.takeOver(session)]);
    assert.deepEqual(taken.map((t) => t !== null), [true, true]);
    const last = c.resumable ? c : d;
    assert.equal(await last.resume(), true);
    assert.deepEqual([a.state, b.match?.id, last.match?.id], ['error', match, match]);
  });
  it('an answer in the last moment is still taken', async () => {
    const { session } = await talk();
    const { BroadcastChannel: Native } = globalThis;
    const sendLate = (name: string, what: unknown) => {
      const channel = new Native(name);
      channel.postMessage(what);
      channel.close();
    };
    globalThis.BroadcastChannel = class extends Native {
      override postMessage(what: unknown) {
        if (typeof what === 'object' && what !== null && 'stored' in what) setTimeout(() => sendLate(this.name, what), 1100);
        else super.postMessage(what);
      }
    } as typeof Native;
    assert.ok(await tab().takeOver(session));
    globalThis.BroadcastChannel = Native;
  });
  it('what was muted stays muted for a camera that comes late', async () => {
    const { a, session } = await talk();
    a.setEnabled('audio', false);
    const c = tab();
    assert.equal((await c.takeOver(session))?.sending.audio, false);
    const [audio, video] = ['audio', 'video'].map((kind) => ({ kind, enabled: true }) as MediaStreamTrack);
    await c.replaceTrack('audio', audio!);
    await c.replaceTrack('video', video!);
    assert.deepEqual([audio!.enabled, video!.enabled], [false, true]);
  });
  it('a page that is reloaded before the conversation goes on there loses no text', async () => {
    const { a, b, session } = await talk();
    server.tamper = (m) => (m.type === 'text' ? null : m); // nothing arrives
    a.sendText('on its way');
    const map = new Map<string, string>();
    assert.ok(await tab(map).takeOver(session));
    server.tamper = (m) => m;
    const heard = once(b, 'message', ({ message }) => message.text === 'on its way');
    assert.equal(await tab(map).resume(), true);
    await heard;
  });
  it('a tab that stops lets its session go', async () => {
    const { a, session } = await talk();
    a.stop();
    await new Promise((resolve) => setTimeout(resolve));
    const c = tab();
    assert.equal((await c.elsewhere()).includes(session), false);
    assert.equal(await c.takeOver(session), null);
  });
});
