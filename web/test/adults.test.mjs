// An age-assurance service decides who is an adult: without its word nobody gets in, minors meet minors alone, and its word is of use on one device.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { freePort } from './lib/net.mjs';
import { setStage } from './lib/stage.mjs';

const secret = 'a secret of 32 characters or more';
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What the service signs about a device. */
function word(device, age, { key = secret, seconds = 600 } = {}) {
  const said = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ aud: 'passerby-age', sub: device, age, exp: Math.floor(Date.now() / 1000) + seconds })}`;
  return `${said}.${createHmac('sha256', key).update(said).digest('base64url')}`;
}

// The service: it asks for nothing, and says what the test wants of the next person.
const service = createServer((request, response) => {
  const { searchParams } = new URL(request.url, 'http://service');
  const [device, back] = [searchParams.get('device'), searchParams.get('return')];
  service.asked.push({ device, back });
  response.writeHead(302, { location: `${back}#age=${word(device, service.says)}` }).end();
});
service.asked = [];
const port = await freePort();
service.listen(port, '127.0.0.1');
await once(service, 'listening');
after(() => service.close());

const stage = setStage({ flags: { '--minors=true': [], '--age-secret': secret, '--age-url': `http://127.0.0.1:${port}/` } });

/** Starts, is sent to the service, comes back, and starts again. */
async function prove(p, age) {
  service.says = age;
  await p.start({ mode: 'text' });
  await p.until('the question for a proof', () => document.querySelector('[data-testid=prove-age]'));
  assert.deepEqual(await p.faults(), []);
  await p.shot('age-required');
  await p.page.evaluate(() => {
    window.__before = true;
  });
  await p.click('prove-age');
  await p.until('to be back', () => !window.__before && document.querySelector('[data-testid=start]'));
  const { device, back } = service.asked.at(-1);
  assert.match(device, /^[\w-]{43}$/);
  assert.equal(back, new URL('/', stage.server.url).href);
  assert.equal(await p.page.evaluate(() => location.hash), '', 'the word does not stay in the address');
  await p.start({ mode: 'text' });
}

test('minors and adults never meet', stage.told(async () => {
  const [old1, young1, old2, young2] = await stage.people('red', 'green', 'blue', 'yellow');
  await prove(old1, 'adult');
  await old1.inState('waiting');
  await prove(young1, 'minor');
  await young1.inState('waiting');
  // Two wait, one of each, and nobody else is there: with any other pair they would have met long ago.
  await prove(young2, 'minor');
  assert.equal(await young1.matched(), await young2.matched());
  assert.equal(await old1.state(), 'waiting');
  await young1.say('hello from school');
  await young2.has('hello from school');
  await prove(old2, 'adult');
  assert.equal(await old1.matched(), await old2.matched());
  // Nor by Next: of the four two are left waiting, one of each pool.
  await young2.stop();
  await old2.stop();
  await Promise.all([young1, old1].map((p) => p.inState('waiting')));
  await young1.page.reload({ waitUntil: 'load' });
  await Promise.all([young1, old1].map((p) => p.inState('waiting')));
}));

test('the word of the service is of use on one device, and from the service alone', stage.told(async () => {
  const [p, other] = await stage.people('red', 'blue');
  await prove(p, 'adult');
  await p.inState('waiting');
  const lent = await p.page.evaluate(() => localStorage['passerby.age']);
  const { device } = service.asked.at(-1);
  for (const [what, token] of Object.entries({
    lent, forged: word(device, 'adult', { key: 'another secret of 32 characters!!' }), old: word(device, 'adult', { seconds: -600 }), nonsense: 'x.y.z',
  })) {
    const who = what === 'lent' ? other : p;
    if (await who.page.$('[data-testid=stop]')) await who.stop();
    await who.page.waitForSelector('[data-testid=start]');
    await who.page.evaluate((t) => {
      localStorage['passerby.age'] = t;
      sessionStorage.clear(); // another visit
    }, token);
    await who.page.reload({ waitUntil: 'load' });
    await who.page.waitForSelector('[data-testid=start]');
    await who.start({ mode: 'text' });
    await who.until(`the refusal of a word that is ${what}`, () => document.querySelector('[data-testid=prove-age]'));
    await who.page.evaluate(() => [...document.querySelectorAll('.trouble-actions button')].at(-1).click());
  }
}));
