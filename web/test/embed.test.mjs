// The chat in a frame of another site: it meets people on the page itself, takes tokens from the page around it and from nobody else, and no
// page that the operator has not named may hold it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { openPage } from './lib/browsers.mjs';
import { freePort } from './lib/net.mjs';
import { meet, Person } from './lib/person.mjs';
import { binary } from './lib/server.mjs';
import { setStage } from './lib/stage.mjs';

const [key, line] = execFileSync(binary, ['apikey', 'shop', 'sessions'], { encoding: 'utf8' }).match(/^\s*shop\S+/gm).map((s) => s.trim());
const sites = [];

/** A site at an address that browsers hold for another site than the chat's, which is at localhost. */
async function site(pages) {
  const server = createServer(async (request, response) => {
    const answer = await pages[new URL(request.url, 'http://x').pathname]?.();
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(answer);
  });
  const port = await freePort();
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  sites.push(server);
  return `http://127.0.0.1:${port}`;
}

let shop, evil;
const frame = (query, allow, [width, height]) => `<!doctype html><title>Shop</title>
<body style="margin:0"><script>
  const heard = [];
  addEventListener('message', (event) => event.source === frames[0] && heard.push({ origin: event.origin, data: event.data }));
</script>
<iframe src="${stage.server.url}/${query}" title="Chat" allow="${allow}" width="${width}" height="${height}" style="border:0"></iframe>`;
const lent = 'camera; microphone; fullscreen; display-capture; autoplay';

const stage = setStage({
  flags: async () => {
    evil = await site({
      '/': () => frame('', lent, [600, 600]),
      '/beside': () => `<script>
        addEventListener('message', ({ source }) => {
          for (const type of ['session', 'ready', 'state', 'constructor']) parent.frames[0].postMessage({ passerby: 1, type, token: 'forged', state: 'idle' }, '*');
          for (const odd of [null, 1, 'session', [], { passerby: 1 }, { passerby: 1, type: 'session', token: {} }]) parent.frames[0].postMessage(odd, '*');
          source.postMessage('done', '*');
        });
      </script>`,
    });
    shop = await site({
      '/': () => frame('', lent, [640, 600]),
      '/phone': () => frame('', lent, [320, 480]),
      '/banner': () => frame('', lent, [480, 270]),
      '/stingy': () => frame('', '', [420, 560]),
      '/token': async () => {
        const answer = await fetch(`${stage.server.url}/api/v1/sessions`, {
          method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify({ user: 'customer-4711', age: 'adult', display_name: 'Ann' }),
        });
        return (await answer.json()).token;
      },
      // Answers with a token once its bad neighbour has had his say.
      '/members': () => `${frame('?session=host', lent, [640, 600])}
        <iframe src="${evil}/beside" title="Advertisement"></iframe>
        <script>
          const chat = ${JSON.stringify(stage.server.url)};
          addEventListener('message', async ({ source, origin, data }) => {
            if (source === frames[0] && origin === chat && data.type === 'session') frames[1].postMessage('now', '*');
            if (source === frames[1]) frames[0].postMessage({ passerby: 1, type: 'session', token: await (await fetch('/token')).text() }, chat);
          });
        </script>`,
    });
    return { '--embed-origins': `https://www.example.org,${shop}`, '--api-keys': line };
  },
});
after(() => sites.forEach((server) => (server.closeAllConnections(), server.close())));

/** Somebody whose chat is in a frame of a page of the shop. */
async function guest(path, { kind, start = '[data-testid="start"]', ...options } = {}) {
  const page = await openPage(await stage.browser(kind), { colour: 'blue', tone: 660, ...options });
  await page.goto(shop + path, { waitUntil: 'load' });
  const person = await inside(page, start);
  stage.joins(person);
  return person;
}

async function inside(page, start) {
  const chat = await (await page.waitForSelector('iframe[title="Chat"]')).contentFrame();
  const person = new Person(chat, 'guest', 'blue', chat.url());
  person.host = page;
  person.leave = () => page.browserContext().close().catch(() => {});
  person.heard = () => page.evaluate(() => heard);
  await chat.waitForSelector(start, { timeout: 20_000 });
  return person;
}

/** The public key by which the server knows this browser here. */
const device = (person) => person.page.evaluate(async () => {
  const done = (request) => new Promise((resolve, reject) => Object.assign(request, { onsuccess: () => resolve(request.result), onerror: () => reject(request.error) }));
  await passerby.deviceKept();
  const { publicKey } = await done((await done(indexedDB.open('passerby', 1))).transaction('keys').objectStore('keys').get('device'));
  return [...new Uint8Array(await crypto.subtle.exportKey('raw', publicKey))].join();
});

/** What of the buttons of a conversation cannot be seen. */
const cutOff = (person) => person.page.evaluate(() => [...document.querySelectorAll('.controls .button, .match-bar button, .self')]
  .filter((e) => e.checkVisibility()).map((e) => [e.dataset.testid ?? e.className, e.getBoundingClientRect()])
  .filter(([, r]) => r.left < 0 || r.top < 0 || r.right > innerWidth || r.bottom > innerHeight).map(([id]) => id));

const shot = (person, name) => person.host.screenshot({ path: new URL(`./out/frame-${name}.png`, import.meta.url).pathname });

for (const [kind, mode] of [['firefox', 'text'], ['chromium', 'video']]) {
  test(`${kind}: two people meet, one of them in a small frame, and the page around it hears how things stand and no more`, { timeout: 400_000 }, stage.told(async () => {
    const a = await guest('/phone', { kind, viewport: { width: 320, height: 480 } });
    await shot(a, `${kind}-1-landing`);
    const { top, bottom } = await a.page.$eval('[data-testid="start"]', (e) => e.getBoundingClientRect().toJSON());
    assert.ok(top > 0 && bottom <= 480, `Start is at ${top} to ${bottom}`);
    const b = await stage.person('green');
    await meet(a, b, { mode });
    if (mode === 'video') await Promise.all([a.sees('green'), b.sees('blue')]);
    await a.say('said in a frame');
    await b.has('said in a frame');
    await shot(a, `${kind}-2-call`);
    assert.deepEqual(await cutOff(a), []);
    await b.stop();
    await a.inState('waiting');
    await a.stop();
    await a.inState('idle');
    await a.host.waitForFunction(() => heard.at(-1).data.state === 'idle' && heard.some(({ data }) => data.type === 'ended'));
    const heard = await a.heard();
    assert.deepEqual([...new Set(heard.map(({ origin }) => origin))], [stage.server.url]);
    const messages = heard.map(({ data: { passerby, ...rest } }) => (assert.equal(passerby, 1), rest));
    assert.deepEqual(messages[0], { type: 'ready' });
    const states = messages.filter(({ type }) => type === 'state').map(({ state }) => state);
    for (const state of ['idle', 'connecting', 'waiting', 'matched']) assert.ok(states.includes(state), `${state} in ${states}`);
    assert.deepEqual(messages.filter(({ type }) => type === 'matched'), [{ type: 'matched', mode }]);
    assert.deepEqual(messages.filter(({ type }) => type === 'ended'), [{ type: 'ended', reason: 'left' }]);
    assert.doesNotMatch(JSON.stringify(messages), /said|token|green/);
  }));
}

test('the browser of a frame is known again there, and is another one on the page itself', { timeout: 300_000 }, stage.told(async () => {
  const a = await guest('/');
  const first = await device(a);
  await a.host.reload({ waitUntil: 'load' });
  const again = await inside(a.host, '[data-testid="start"]');
  assert.equal(await device(again), first);
  const whole = await a.host.browserContext().newPage();
  await whole.goto(stage.server.url);
  await whole.waitForFunction(() => window.passerby);
  assert.notEqual(await device({ page: whole }), first);
}));

test('a page that the operator has not named gets no frame', { timeout: 300_000 }, stage.told(async () => {
  const page = await openPage(await stage.browser(), {});
  const refused = new Promise((resolve) => page.on('console', (m) => /frame-ancestors/.test(m.text()) && resolve(m.text())));
  await page.goto(evil, { waitUntil: 'load' });
  assert.match(await refused, /frame-ancestors https:\/\/www\.example\.org http:\/\/127/);
  const chat = await (await page.$('iframe')).contentFrame();
  assert.equal(await chat.evaluate(() => document.querySelector('[data-testid="start"]')), null);
  assert.deepEqual(await page.evaluate(() => heard), []);
  await page.browserContext().close();
  for (const path of ['/moderate', '/v1/settings']) {
    const answer = await fetch(stage.server.url + path);
    assert.match(answer.headers.get('content-security-policy'), /frame-ancestors 'none'/, path);
  }
}));

test('the page around it hands a token over; what another one sends is not heard', { timeout: 400_000 }, stage.told(async () => {
  const a = await guest('/members');
  const b = await stage.person('green');
  await meet(a, b, { mode: 'text' });
  assert.equal(await b.page.evaluate(() => passerby.match.name), 'Ann');
  assert.doesNotMatch(a.page.url(), /eyJ/);
  await a.say('hello from a member');
  await b.has('hello from a member');
}));

test('a frame without camera says whose fault that is, and text goes on', { timeout: 400_000 }, stage.told(async () => {
  const a = await guest('/stingy', { realDevices: true, viewport: { width: 420, height: 560 } });
  await a.start();
  const said = await a.until('the trouble', () => document.querySelector('main.trouble')?.textContent);
  assert.match(said, /lends it neither camera nor microphone.*allow="camera; microphone"/);
  assert.equal(await a.page.$eval('[data-testid="open-tab"]', (e) => `${e.target} ${e.rel}`), '_blank noopener');
  await shot(a, 'stingy');
  await a.click('text-only');
  const b = await stage.person('green');
  await b.start({ mode: 'text' });
  await Promise.all([a.matched(), b.matched()]);
  assert.ok((await a.heard()).some(({ data }) => data.state === 'error' && data.code === 'permission_denied'));
}));

test('in a frame as low as a banner nothing is cut off while one waits', { timeout: 300_000 }, stage.told(async () => {
  const a = await guest('/banner', { viewport: { width: 480, height: 270 } });
  await shot(a, 'banner-1-landing');
  await a.start();
  await a.inState('waiting');
  await shot(a, 'banner-2-waiting');
  assert.deepEqual(await cutOff(a), []);
}));
