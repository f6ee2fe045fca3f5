// An operator has switched the encryption of texts off: each page says so, always; a filter judges each text; nothing is lost or doubled.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { clustered, setStage } from './lib/stage.mjs';
import { meet } from './lib/person.mjs';
import { freePort } from './lib/net.mjs';

const skip = clustered && 'the filter of this story has one address';
const key = Buffer.alloc(32, 7);
const dir = mkdtempSync(join(tmpdir(), 'passerby-clear-'));
writeFileSync(join(dir, 'words'), '# not here\nbadword\n');
const port = await freePort();
process.env.PASSERBY_TEXT_FILTER_PRIVATE = 'true'; // a flag that is on or off takes no word of its own
const stage = setStage({
  flags: {
    '--text-encryption': 'off', '--text-filter-words': join(dir, 'words'), '--text-filter-url': `http://127.0.0.1:${port}/check`,
    '--text-filter-secret': `whsec_${key.toString('base64')}`, '--text-filter-timeout': '3s',
  },
});

/** The operator's service: refuses what is rude, and hangs up when it is ill. */
const heard = [];
let ill = false;
const service = createServer((request, response) => {
  let body = '';
  request.on('data', (d) => (body += d));
  request.on('end', () => {
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
    const good = signature === `v1,${createHmac('sha256', key).update(`${id}.${at}.${body}`).digest('base64')}`;
    const { text } = JSON.parse(body);
    heard.push({ text, good });
    if (ill) return request.socket.destroy();
    response.end(JSON.stringify({ deliver: !/rude/.test(text) }));
  });
});
before(() => new Promise((resolve) => service.listen(port, '127.0.0.1', resolve)));
after(() => {
  service.close();
  service.closeAllConnections();
  rmSync(dir, { recursive: true, force: true });
});

const banner = (p) => p.page.$eval('[data-testid=clear-text]', (e) => e.checkVisibility() && e.textContent);

test('texts that the server reads', { skip }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  for (const p of [a, b]) {
    await p.until('the banner before Start', () => document.querySelector('[data-testid=clear-text]')?.checkVisibility());
    assert.match(await banner(p), /not private.*Picture and sound stay encrypted/);
    assert.doesNotMatch(await p.page.$eval('.landing-facts', (e) => e.textContent), /sound and text are encrypted/);
  }
  assert.deepEqual(await a.faults(), []);
  await a.shot('clear-landing');
  await meet(a, b, { mode: 'video' });
  await Promise.all([a.sees('blue'), b.sees('red')]);
  assert.match(await banner(a), /not private/);
  assert.match(await a.page.$eval('[data-testid=verify]', (e) => e.textContent), /Picture and sound encrypted|Verified/);

  // Over the data channel; refused by the words, refused by the service, and what comes behind is there in order, once.
  await a.say('one');
  await a.say('badwording');
  await a.say('you b4dw0rd');
  await a.say('a rude one');
  await a.say('two');
  await b.has('two');
  const refused = () => a.page.$$eval('[data-testid=refused]', (all) => all.map((e) => [e.closest('.line').querySelector('.bubble').textContent, e.dataset.why, e.textContent.trim()]));
  await a.until('two refusals', () => document.querySelectorAll('[data-testid=refused]').length >= 2);
  assert.deepEqual((await refused()).map(([text, why]) => [text, why]), [['you b4dw0rd', 'filter'], ['a rude one', 'filter']]);
  assert.match((await refused())[0][2], /Not delivered: the filter/);
  const got = (p) => p.messages().then((all) => all.filter((m) => m.from === 'partner').map((m) => m.text));
  assert.deepEqual(await got(b), ['one', 'badwording', 'two']);
  assert.ok(heard.every(({ good }) => good), 'every question is signed');
  assert.ok(!heard.some(({ text }) => /b4dw0rd/.test(text)), 'what the words refuse does not leave the server');
  assert.deepEqual(heard.filter(({ text }) => text === 'two').length, 1, 'each text is judged once');
  assert.deepEqual(await a.faults(), []);
  await a.shot('clear-talk');

  // The service is ill: nothing passes unchecked, the sender is told, and can send it again.
  ill = true;
  await a.say('while it is ill');
  await a.until('that it was not checked', () => document.querySelector('[data-why=unchecked]'));
  ill = false;
  await a.page.$eval('[data-why=unchecked] button', (e) => e.click());
  await b.has('while it is ill');
  await b.say('and back');
  await a.has('and back');
  assert.deepEqual(await got(b), ['one', 'badwording', 'two', 'while it is ill']);

  // A report proves what was said, as ever.
  await b.click('report');
  await b.click('report-messages');
  assert.match(await b.page.$eval('[data-testid=report-what]', (e) => e.textContent), /The server can prove that these words/);
  await b.page.click('.dialog input[value=hate]');
  await b.page.click('.dialog .is-danger');
  await b.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);

  // In text mode there is no badge that says encrypted, and after a reload the banner stands.
  for (const p of [a, b]) {
    await p.page.reload();
    await p.page.waitForSelector('[data-testid=status]');
    await p.until('the banner after a reload', () => document.querySelector('[data-testid=clear-text]')?.checkVisibility());
  }
}));

test('text alone', { skip }, stage.told(async () => {
  const [a, b] = await stage.people('green', 'yellow');
  await meet(a, b, { mode: 'text' });
  assert.equal(await a.page.$('[data-testid=verify]'), null);
  await a.say('hello');
  await b.has('hello');
  assert.match(await banner(b), /not private/);
  assert.match(await (await fetch(`${stage.server.admin}/metrics`)).text(), /passerby_text_filter_total\{outcome="passed"\} [1-9]/);
}));
