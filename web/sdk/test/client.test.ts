// The whole client in text mode against a server in memory. Node has no WebRTC, so everything travels over the socket.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Passerby as Client } from '../src/client';
import type { Events, Message, Options } from '../src/index';
import { FakeServer, FakeSocket } from './fakeserver';

class MediaStream {}
Object.assign(globalThis, { MediaStream, WebSocket: FakeSocket, addEventListener: () => {}, removeEventListener: () => {} });
Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
const { Passerby } = await import('../src/client');

/** A tab's storage; `copy` is what a reload or a duplicated tab finds. */
const storage = (from: Iterable<[string, string]> = []): Storage & { copy(): Storage } => {
  const map = new Map<string, string>(from);
  return { copy: () => storage(map), getItem: (k: string) => map.get(k) ?? null, setItem: (k: string, v: string) => void map.set(k, v), removeItem: (k: string) => void map.delete(k) } as unknown as Storage & { copy(): Storage };
};

let server: FakeServer;
let clients: Client[];
const nativeFetch = globalThis.fetch;

beforeEach(() => {
  server = FakeSocket.server = new FakeServer();
  globalThis.fetch = server.fetch as typeof fetch;
  clients = [];
});

afterEach(() => {
  for (const client of clients) client.destroy();
  globalThis.fetch = nativeFetch;
});

function page(options: Options = {}) {
  const client = new Passerby({ url: 'http://example.test', storage: storage(), ...options });
  clients.push(client);
  const log: string[] = [];
  const texts: string[] = [];
  client.on('state', ({ state }) => log.push(state));
  client.on('message', ({ message }) => texts.push(message.text));
  client.on('error', (error) => log.push(`error ${error.code}`));
  client.on('ended', ({ reason }) => log.push(`ended ${reason}`));
  /** Resolves with the first event that `test` likes. */
  const once = <K extends keyof Events>(name: K, test: (event: Events[K]) => boolean = () => true) =>
    new Promise<Events[K]>((resolve) => {
      const off = client.on(name, (event) => {
        if (!test(event)) return;
        off();
        resolve(event);
      });
    });
  return { client, log, texts, once };
}

const wish = { mode: 'text', adult: true } as const;

async function meet(a = page(), b = page()) {
  const met = [a.once('matched'), b.once('matched')];
  await a.client.start(wish);
  await b.client.start(wish);
  await Promise.all(met);
  return [a, b] as const;
}

describe('client', { timeout: 30_000 }, () => {
  it('goes idle → connecting → waiting → matched, in one go', async () => {
    const [a, b] = await meet();
    assert.deepEqual(a.log, ['connecting', 'waiting', 'matched']);
    assert.deepEqual(b.log, ['connecting', 'matched']);
    assert.deepEqual(server.heard.slice(0, 2).map((m) => m.type), ['hello', 'find']);
    assert.equal(a.client.match?.id, b.client.match?.id);
    assert.ok(a.client.match?.initiator && !b.client.match?.initiator);
  });
  it('text arrives both ways, encrypted, and is acknowledged', async () => {
    const [a, b] = await meet();
    const arrived = [b.once('message'), a.once('message')];
    const delivered = a.once('update', ({ message }) => message.state === 'delivered');
    a.client.sendText('over here');
    b.client.sendText('and there');
    await Promise.all([...arrived, delivered]);
    assert.deepEqual([a.texts, b.texts], [['and there'], ['over here']]);
    assert.deepEqual(a.client.messages.map((m: Message) => [m.from, m.text]), [['me', 'over here'], ['partner', 'and there']]);
    assert.ok(!JSON.stringify(server.heard).includes('over'));
  });
  it('text that overtakes its match is held for it, and need not be sent again', async () => {
    const [a, b] = [page(), page()];
    const late: (() => void)[] = [];
    server.tamper = (m, to) => {
      if (m.type !== 'matched' || m.initiator) return m;
      late.push(() => server.sessions.get(to)!.socket!.deliver(m));
      return null;
    };
    const sent = a.once('matched').then(() => a.client.sendText('quick'));
    const arrived = b.once('message');
    await a.client.start(wish);
    const started = b.client.start(wish);
    await sent;
    while (!server.heard.some((m) => m.type === 'text')) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    late.splice(0).forEach((deliver) => deliver());
    await Promise.all([started, arrived]);
    assert.equal(server.heard.filter((m) => m.type === 'text').length, 1);
  });
  it('both see the same emoji', async () => {
    const [a, b] = [page(), page()];
    const seen = Promise.all([a.once('verify'), b.once('verify')]);
    await meet(a, b);
    const [one, other] = await seen;
    assert.ok(one && 'emoji' in one && one.emoji.length === 4);
    assert.deepEqual(one, other);
  });
  it('keys swapped after the emoji were seen: the page hears that they count no more', async () => {
    const { generateKeyPair, computeKeyId } = await import('../src/crypto/keys');
    const [a, b] = [page(), page()];
    const seen = Promise.all([a.once('verify'), b.once('verify')]);
    await meet(a, b);
    await seen;
    const evil = await generateKeyPair('x25519');
    const { match, mode, at } = { match: a.client.match!.id, mode: 'text' as const, at: 1 };
    for (const session of server.sessions.values()) {
      const initiator = session.match!.sides[0] === session;
      const [i, r] = initiator ? [session.key, evil.text] : [evil.text, session.key];
      const key_id = computeKeyId(match, i, r);
      session.socket?.deliver({ type: 'matched', match, mode, initiator, resumed: true, peer: { key: evil.text, tags: [] }, key_id, at, sent: 0, acked: 0 } as never);
    }
    assert.deepEqual(await Promise.all([a.once('verify'), b.once('verify')]), [null, null]);
  });
  it('moves to another connection when the server asks for it: nobody notices, no text is lost or doubled', async () => {
    const [a, b] = await meet();
    const before = [...a.log];
    const session = [...server.sessions.values()][0]!;
    const first = session.socket!;
    const arrived = b.once('message', ({ message }) => message.text === '9');
    const heard = a.once('message', ({ message }) => message.text === 'back 9');
    for (let i = 0; i < 10; i++) {
      a.client.sendText(String(i));
      b.client.sendText(`back ${i}`);
      if (i === 3) first.deliver({ type: 'moved', within_ms: 1000 });
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await Promise.all([arrived, heard]);
    const hello = server.heard.filter((m) => m.type === 'hello').at(-1)!;
    assert.ok('beside' in hello && hello.beside && hello.resume);
    assert.notEqual(session.socket, first);
    assert.deepEqual(b.texts, Array.from({ length: 10 }, (_, i) => String(i)));
    assert.deepEqual(a.texts, Array.from({ length: 10 }, (_, i) => `back ${i}`));
    assert.deepEqual(a.log, before, 'no change of state, no error');
  });
  it('a signal that a later one has overtaken says nothing any more', async () => {
    const [a, b] = [page(), page()];
    const keyed = Promise.all([a.once('verify'), b.once('verify')]);
    await meet(a, b);
    await keyed;
    const heard: boolean[] = [];
    b.client.on('typing', ({ on }) => heard.push(on));
    const late: (() => void)[] = [];
    const passed = new Promise<void>((resolve) => {
      server.tamper = (m, to) => {
        if (m.type !== 'signal' || !('e' in JSON.parse(m.data))) return m;
        if (late.length > 0) resolve();
        else return late.push(() => server.sessions.get(to)!.socket!.deliver(m)), null;
        return m;
      };
    });
    a.client.setTyping(true);
    a.client.setTyping(false);
    await passed;
    await new Promise((resolve) => setTimeout(resolve, 20));
    late.forEach((deliver) => deliver());
    await new Promise((resolve) => setTimeout(resolve, 20));
    const arrived = b.once('message');
    a.client.sendText('after it');
    await arrived;
    assert.deepEqual(heard, []);
    const typing = b.once('typing');
    a.client.setTyping(true);
    await typing;
    assert.deepEqual(heard, [true]);
  });
  it('tells of typing and of the end', async () => {
    const [a, b] = await meet();
    const typing = b.once('typing');
    const wait = a.once('verify').then(() => a.client.setTyping(true));
    assert.deepEqual(await typing, { on: true });
    await wait;
    const ended = b.once('ended');
    a.client.stop();
    assert.equal(a.client.state, 'idle');
    assert.equal((await ended).reason, 'left');
  });
  it('Stop while the connection is away is heard by the partner, too', async () => {
    const [a, b] = await meet();
    const ended = b.once('ended');
    [...server.sockets][0]!.lose(); // that of a
    assert.equal(a.client.state, 'reconnecting');
    a.client.stop();
    assert.equal(a.client.state, 'idle');
    assert.equal((await ended).reason, 'left');
  });
  it('Next changes the state at once and uses a fresh key', async () => {
    const [a, b] = await meet();
    const first = a.client.match!.id;
    const again = [a.once('matched'), b.once('matched')];
    a.client.next();
    assert.equal(a.client.state, 'waiting');
    assert.equal(a.client.match, null);
    await Promise.all(again);
    assert.notEqual(a.client.match!.id, first);
    const keys = server.heard.flatMap((m) => ('key' in m && m.key ? [m.key] : []));
    assert.equal(new Set(keys).size, keys.length);
    const arrived = b.once('message');
    a.client.sendText('again');
    await arrived;
  });
  it('a cut socket is mended: same match, nothing lost', async () => {
    const [a, b] = await meet();
    const id = a.client.match!.id;
    const back = a.once('state', ({ state }) => state === 'matched');
    server.cut();
    assert.equal(a.client.state, 'reconnecting');
    a.client.sendText('while away');
    const arrived = b.once('message');
    await Promise.all([back, arrived]);
    assert.equal(a.client.match!.id, id);
    assert.deepEqual(b.texts, ['while away']);
  });
  it('a restarted server: lost, and found again by itself', async () => {
    const [a, b] = await meet();
    const again = Promise.all([a.once('matched'), b.once('matched')]);
    server.restart();
    await again;
    assert.ok(a.log.includes('ended lost'));
    const arrived = b.once('message');
    a.client.sendText('new start');
    await arrived;
  });
  it('a reloaded page takes the match over with new keys, and sends what was under way', async () => {
    const kept = storage();
    const [old, b] = await meet(page({ storage: kept }));
    let dropped = 0;
    server.tamper = (m) => (m.type === 'text' ? (dropped++, null) : m);
    old.client.sendText('sent before the reload');
    while (!dropped) await new Promise((resolve) => setTimeout(resolve, 5));
    const a = page({ storage: kept.copy() });
    assert.deepEqual(a.client.resumable, { mode: 'text' });
    server.tamper = (m) => m;
    const arrived = b.once('message');
    assert.equal(await a.client.resume(), true);
    await arrived;
    assert.equal(a.client.match!.id, b.client.match!.id);
    assert.deepEqual(b.texts, ['sent before the reload']);
    const back = a.once('message');
    b.client.sendText('welcome back');
    await back;
    assert.deepEqual(a.texts, ['welcome back']);
    assert.equal(server.heard.filter((m) => m.type === 'rekey').length, 1);
  });
  it('the newest tab wins', async () => {
    const kept = storage();
    const [old] = await meet(page({ storage: kept }));
    const fatal = old.once('error');
    const tab = page({ storage: kept.copy() });
    assert.equal(await tab.client.resume(), true);
    const error = await fatal;
    assert.deepEqual([error.code, error.fatal, old.client.state], ['replaced', true, 'error']);
  });
  it('nothing to resume: false, and idle', async () => {
    const kept = storage();
    await meet(page({ storage: kept }));
    const copy = kept.copy();
    server.restart();
    const a = page({ storage: copy });
    assert.equal(await a.client.resume(), false);
    assert.equal(a.client.state, 'idle');
    assert.equal(await page().client.resume(), false);
  });
  it('after stop there is nothing to resume, but the token is used again', async () => {
    const a = page();
    await a.client.start(wish);
    a.client.stop();
    assert.equal(a.client.resumable, null);
    await a.client.start(wish);
    assert.equal(server.posts, 1);
  });
  it('stop without a connection, and start at once: the goodbye cannot end the session that begins', async () => {
    const a = page();
    await a.client.start(wish);
    server.cut();
    a.client.stop();
    // Before the goodbye is heard the search may meet the session that it ends, and waits only then.
    const waiting = a.once('waiting');
    await a.client.start(wish);
    await waiting;
    const hellos = server.heard.filter((m) => m.type === 'hello');
    const goodbye = hellos.find((m) => m.resume)!;
    assert.ok(goodbye, 'somebody said goodbye');
    assert.notEqual(hellos.at(-1)!.token, goodbye.token);
    assert.equal(server.posts, 2);
  });
  it('a key id that is not that of the keys: tries a fresh key once, then leaves', async () => {
    const [a, b] = [page(), page()];
    server.tamper = (m) => (m.type === 'matched' ? { ...m, key_id: 'ffffffffffff' } : m);
    // Whoever notices first leaves, and the other only hears that he has gone.
    const noticed = Promise.race([a, b].map(async (p) => ({ p, error: await p.once('error') })));
    await a.client.start(wish);
    await b.client.start(wish);
    const begun = performance.now();
    const { p, error } = await noticed;
    assert.ok(performance.now() - begun < 4000, 'by the answer, not by patience');
    assert.equal(error.code, 'key_mismatch');
    assert.equal(p.client.state, 'ended');
    assert.equal(p.client.match, null);
    assert.ok(server.heard.some((m) => m.type === 'rekey'));
  });
  it('swapped keys: no text gets through, and the emoji never agree', async () => {
    const { generateKeyPair, computeKeyId } = await import('../src/crypto/keys');
    const [a, b] = [page(), page()];
    const evil = await generateKeyPair('x25519');
    const queue: Promise<void>[] = [];
    const deliver = server.tamper;
    server.tamper = (m, to) => {
      if (m.type !== 'matched') return deliver(m, to);
      const session = server.sessions.get(to)!;
      const forged = { ...m, peer: { ...m.peer, key: evil.text } };
      queue.push((async () => {
        const [i, r] = m.initiator ? [session.key, evil.text] : [evil.text, session.key];
        session.socket?.deliver({ ...forged, key_id: computeKeyId(m.match, i, r) });
      })());
      return null;
    };
    const seen: unknown[] = [];
    a.client.on('verify', (v) => seen.push(v));
    b.client.on('verify', (v) => seen.push(v));
    const met = Promise.all([a.once('matched'), b.once('matched')]);
    await a.client.start(wish);
    const second = b.client.start(wish);
    await met;
    await second;
    a.client.sendText('secret');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await Promise.all(queue);
    assert.deepEqual(b.texts, []);
    assert.ok(seen.length < 2 || JSON.stringify(seen[0]) !== JSON.stringify(seen[1]));
  });
  it('a partner whose key is unusable is left for good, and the search goes on', async () => {
    const { computeKeyId } = await import('../src/crypto/keys');
    const [a, b] = [page(), page()];
    let victim = '';
    server.tamper = (m, to) => {
      if (m.type !== 'matched' || (victim ||= to) !== to) return m;
      const { key } = server.sessions.get(to)!;
      return { ...m, peer: { ...m.peer, key: 'foo:bar' }, key_id: computeKeyId(m.match, m.initiator ? key : 'foo:bar', m.initiator ? 'foo:bar' : key) };
    };
    const search = Promise.race([a, b].map(({ once }) => once('state', ({ state, previous }) => previous === 'matched' && state === 'waiting')));
    await meet(a, b);
    await search;
    assert.ok(server.heard.some((m) => m.type === 'block'));
    assert.deepEqual([...a.log, ...b.log].filter((line) => line.startsWith('error')), []);
  });
  it('a partner without X25519: both end up with P-256 keys', async () => {
    const [a, b] = [page(), page()];
    const arrived = b.once('message');
    const { KeyRing } = await import('../src/keyring');
    const fresh = KeyRing.prototype.fresh;
    let calls = 0;
    KeyRing.prototype.fresh = async function (this: InstanceType<typeof KeyRing>, kind) {
      return fresh.call(this, kind ?? (++calls === 2 ? 'p256' : undefined));
    };
    try {
      await meet(a, b);
      a.client.sendText('same kind now');
      await arrived;
    } finally {
      KeyRing.prototype.fresh = fresh;
    }
    assert.deepEqual(b.texts, ['same kind now']);
    const rekeys = server.heard.filter((m) => m.type === 'rekey');
    assert.equal(rekeys.length, 1);
    assert.match((rekeys[0] as { key: string }).key, /^p256:/);
  });
  it('another wish while waiting: same connection, same place, and it counts', async () => {
    const [a, b] = [page(), page()];
    await a.client.start({ ...wish, tags: ['chess'] });
    await b.client.start({ ...wish, tags: ['music'] });
    assert.deepEqual([a.client.state, b.client.state], ['waiting', 'waiting']);
    const met = Promise.all([a.once('matched'), b.once('matched')]);
    const since = server.waiting[0]!.since;
    a.client.find({ widen: true });
    await met;
    const finds = server.heard.filter((m) => m.type === 'find');
    assert.deepEqual(finds.map((m) => m.type === 'find' && [m.tags, m.widen, m.after]), [[['chess'], undefined, ''], [['music'], undefined, ''], [undefined, true, '']]);
    assert.equal(finds[0]!.type === 'find' && finds[0]!.key, finds[2]!.type === 'find' && finds[2]!.key, 'a match on its way may be about this key');
    assert.equal(server.heard.filter((m) => m.type === 'hello').length, 2);
    assert.equal([...server.sessions.values()][0]!.since, since);
    assert.deepEqual(a.client.resumable, { mode: 'text', widen: true });
    const arrived = b.once('message');
    a.client.sendText('found you');
    await arrived;
  });
  it('another wish that a match crosses on its way keeps the match', async () => {
    const [a, b] = [page(), page()];
    await a.client.start(wish);
    let told = 0;
    a.client.on('matched', () => told++);
    const hold = server.receive.bind(server);
    const kept: (() => Promise<void>)[] = [];
    server.receive = async (socket, message) => {
      if (message.type === 'find' && message.id === 'find-2') return void kept.push(() => hold(socket, message));
      return hold(socket, message);
    };
    a.client.find({ widen: true });
    await Promise.all([a.once('matched'), b.client.start(wish)]);
    assert.equal(kept.length, 1);
    const id = a.client.match!.id;
    await kept[0]!();
    const arrived = b.once('message');
    a.client.sendText('still here');
    await arrived;
    assert.deepEqual([a.client.match!.id, b.client.match!.id, told], [id, id, 1]);
    assert.equal(server.heard.filter((m) => m.type === 'rekey').length, 0);
  });
  it('tells what the server keeps to', async () => {
    const a = page();
    assert.equal(a.client.limits.graceMs, 10_000);
    server.limits.grace_ms = 2500;
    await a.client.start(wish);
    assert.deepEqual(a.client.limits, { graceMs: 2500, resumeMs: 30_000, rematchMs: 0, reportMediaMs: 0, clearText: false });
  });
  it('Start after a Stop while the offer was being made', async () => {
    // A peer connection whose offer never comes: Stop closes it, and the next Start must not wait for it.
    class Stuck {
      createDataChannel = () => ({});
      createOffer = () => new Promise(() => {});
      getConfiguration = () => ({});
      setConfiguration() {}
      close() {}
    }
    const global = globalThis as { RTCPeerConnection?: unknown };
    global.RTCPeerConnection = Stuck;
    const a = page();
    const first = a.client.start(wish);
    while (!server.heard.some((m) => m.type === 'hello')) await new Promise((resolve) => setTimeout(resolve, 5));
    a.client.stop();
    await first;
    delete global.RTCPeerConnection;
    await a.client.start(wish);
    assert.equal(a.client.state, 'waiting');
  });
  it('a block or report names its match, though another one runs', async () => {
    const [a, b] = await meet();
    const first = a.client.match!.id;
    const arrived = a.once('message');
    b.client.sendText('something bad');
    await arrived;
    const c = page();
    await c.client.start(wish);
    const again = a.once('matched');
    a.client.next();
    await again;
    const second = a.client.match!.id;
    assert.equal(a.client.provable(first).length, 1);
    assert.equal(a.client.provable(second).length, 0);
    await a.client.report(first, { reason: 'threat', messages: ['p1'] });
    await a.client.block(first);
    assert.deepEqual([a.client.state, a.client.match?.id], ['matched', second]);
    const [report, block] = server.heard.filter((m) => m.type === 'report' || m.type === 'block');
    assert.ok(report?.type === 'report' && report.match === first && report.evidence?.[0]?.text === 'something bad');
    assert.ok(block?.type === 'block' && block.match === first);
    await assert.rejects(a.client.block('of-long-ago'), { code: 'no_match', message: 'That conversation is too long ago.' });
    a.client.stop();
    assert.equal(a.client.provable(first).length, 0, 'forgotten with the session');
  });
  it('block ends it for both; a report carries what was chosen', async () => {
    const [a, b] = await meet(page({ autoNext: false }), page({ autoNext: false }));
    for (const text of ['hello', 'something bad', 'something private']) {
      const arrived = a.once('message');
      b.client.sendText(text);
      await arrived;
    }
    const over = b.once('ended');
    const { id } = a.client.match!;
    assert.deepEqual(a.client.provable(id).map((m) => m.text), ['hello', 'something bad', 'something private']);
    await assert.rejects(a.client.report(id, { reason: 'threat', picture: new Uint8Array(30_001) }), { code: 'too_large' });
    await a.client.report(id, { reason: 'threat', note: 'he said it', messages: ['p2'], picture: Uint8Array.of(255, 216) });
    assert.equal((await over).reason, 'blocked');
    assert.equal(a.client.state, 'ended');
    const report = server.heard.find((m) => m.type === 'report');
    assert.ok(report?.type === 'report' && report.note === 'he said it' && report.picture === '_9g');
    assert.deepEqual(report.evidence?.map(({ n, text, tag }) => [n, text, tag]), [[2, 'something bad', 'tag']]);
    await a.client.block(id);
  });
  it('a server that cannot be reached', async () => {
    server.up = false;
    const a = page();
    await assert.rejects(a.client.start(wish), { code: 'unreachable', fatal: true });
    assert.equal(a.client.state, 'error');
    server.up = true;
    await a.client.start(wish);
    assert.equal(a.client.state, 'waiting');
  });
  it('asks for a session once more when the network failed', async () => {
    let calls = 0;
    globalThis.fetch = (async () => {
      if (++calls === 1) throw new TypeError('network');
      return server.fetch();
    }) as typeof fetch;
    await page().client.start(wish);
    assert.equal(calls, 2);
  });
  it("hands on another app's word, a new one each time", async () => {
    const said: string[] = [];
    globalThis.fetch = (async (_: unknown, init: RequestInit) => {
      said.push(JSON.parse(init.body as string).app_token);
      return said.length > 1 ? server.fetch() : Response.json({ error: { code: 'rate_limited', message: 'slowly' } }, { status: 429 });
    }) as typeof fetch;
    let n = 0;
    const a = page({ session: async () => `token ${++n}` });
    await assert.rejects(a.client.start(wish), { code: 'rate_limited' });
    await a.client.start(wish);
    assert.deepEqual(said, ['token 1', 'token 2']);
    const b = page({ session: () => Promise.reject(new Error('no')) });
    await assert.rejects(b.client.start(wish), { code: 'token_invalid' });
  });
  it('says what the server says when it gives no session', async () => {
    globalThis.fetch = (async () =>
      Response.json({ error: { code: 'rate_limited', message: 'slowly', retry_after_ms: 700 } }, { status: 429 })) as typeof fetch;
    await assert.rejects(page().client.start(wish), { code: 'rate_limited', retryAfterMs: 700 });
    globalThis.fetch = (async () => new Response('<h1>Bad gateway', { status: 502 })) as typeof fetch;
    await assert.rejects(page().client.start(wish), { code: 'unreachable' });
  });
  it('wrong calls say so', async () => {
    const a = page();
    assert.throws(() => a.client.sendText('x'), { code: 'no_match' });
    await assert.rejects(a.client.start({ mode: 'text' } as never), { code: 'adult_required' });
    await assert.rejects(a.client.start({ ...wish, mode: 'video' }), { code: 'unsupported' });
    await assert.rejects(a.client.block('m'), { code: 'offline' });
    assert.throws(() => a.client.find({}), { code: 'wrong_state' });
    const [b] = await meet();
    assert.throws(() => b.client.find({ mode: 'video' }), { code: 'wrong_state' }, 'somebody is here');
    assert.throws(() => b.client.sendText('x'.repeat(7000)), { code: 'too_large' });
    await assert.rejects(b.client.start(wish), { code: 'wrong_state' });
    b.client.next();
    assert.throws(() => b.client.find({ mode: 'video' }), { code: 'unsupported' });
    await assert.rejects(b.client.block('unknown'), { code: 'no_match' });
    b.client.retry('x');
    b.client.setTyping(true);
  });
});

describe('where the server reads texts', () => {
  it('texts go in clear, what is refused comes back once, and nothing is lost behind it', async () => {
    server.clear = true;
    const [a, b] = await meet(page({ allowClearText: true }), page({ allowClearText: true }));
    assert.equal(a.client.limits.clearText, true);
    const last = b.once('message', ({ message }) => message.text === 'three');
    const states: string[] = [];
    a.client.on('update', ({ message }) => states.push(`${message.text} ${message.state} ${message.refused ?? ''}`.trim()));
    for (const text of ['one', 'bad two', 'three']) a.client.sendText(text);
    await last;
    assert.deepEqual(b.texts, ['one', 'three']);
    const body = server.heard.find((m) => m.type === 'text');
    assert.ok(body?.type === 'text' && atob(body.body.replaceAll('-', '+').replaceAll('_', '/')).includes('"text":"one"'));
    await a.once('update', ({ message }) => message.text === 'three' && message.state === 'delivered');
    assert.deepEqual(states.filter((s) => s.startsWith('bad')), ['bad two refused filter']);
    assert.equal(a.client.messages[1]?.state, 'refused', 'the ack of its gap does not make it delivered');
    assert.equal(b.client.provable(b.client.match!.id).length, 2);
  });
  it('a page that does not say so sends nothing', async () => {
    server.clear = true;
    const [a] = await meet();
    assert.throws(() => a.client.sendText('private'), { code: 'clear_text' });
    assert.equal(server.heard.filter((m) => m.type === 'text').length, 0);
  });
  it('texts in clear are not taken from a server that says that they are encrypted', async () => {
    const a = page({ allowClearText: true });
    const [, b] = await meet(a, page());
    server.tamper = (message) => (message.type === 'text' ? { ...message, body: 'AAAA' } : message);
    a.client.sendText('hello');
    const heard = () => server.heard.find((m) => m.type === 'text');
    while (!heard()) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.deepEqual(b.texts, []);
    const sent = heard();
    assert.ok(sent?.type === 'text' && sent.body.startsWith('A') && !sent.body.startsWith('AA'), 'version 1');
  });
  it('what was written as private is not said in clear when the server changes', async () => {
    const a = page({ allowClearText: true });
    const [, b] = await meet(a, page({ allowClearText: true }));
    server.tamper = (message, to) => (message.type === 'text' && to !== '' ? null : message); // nothing arrives
    const told = a.once('update', ({ message }) => message.state === 'refused');
    a.client.sendText('private');
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.clear = true;
    server.heard = [];
    server.tamper = (m) => m;
    server.cut();
    assert.equal((await told).message.refused, 'encryption');
    const after = b.once('message');
    a.client.sendText('public');
    await after;
    assert.deepEqual(b.texts, ['public']);
    for (const m of server.heard) if (m.type === 'text') assert.doesNotMatch(atob(m.body.replaceAll('-', '+').replaceAll('_', '/')), /private/);
  });
});

describe('a moderator’s warning', () => {
  it('is told once, and again on the next visit until it is understood', async () => {
    server.notices = [{ type: 'notice', notice: 'n1', reason: 'hate', message: 'Be kind.', at: 7 }];
    const a = page();
    const heard: string[] = [];
    a.client.on('notice', ({ notice }) => heard.push(notice.id));
    await a.client.start(wish);
    server.cut();
    await a.once('waiting');
    assert.deepEqual(heard, ['n1']);
    assert.deepEqual(a.client.notices, [{ id: 'n1', reason: 'hate', message: 'Be kind.', at: 7 }]);
    // Understood while the way is shut: said when it is open again.
    server.up = false;
    server.cut();
    a.client.understood('n1');
    assert.deepEqual(a.client.notices, []);
    server.up = true;
    for (let i = 0; server.notices.length && i < 200; i++) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(server.notices, []);
    assert.deepEqual(heard, ['n1']);
  });
});
