// The whole way of a wrong: somebody is abused and reports it with proof, a moderator sees the proof and bans, the abuser is out, comes
// back as somebody else from the same network and is still out, appeals, is heard, and talks again. On both databases.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { firstPassword } from './lib/console.mjs';
import { meet } from './lib/person.mjs';
import { Postgres } from './lib/postgres.mjs';
import { binary } from './lib/server.mjs';
import { clustered, setStage } from './lib/stage.mjs';

const skip = clustered && 'it needs the data directory of one server';
const from = (p, address) => p.page.setExtraHTTPHeaders({ 'X-Forwarded-For': address });
const banned = (p) => p.until('the page of the ban', () => document.querySelector('[data-testid=ban-until]'));
const threat = 'I know where you live, <b>Ann</b>';
const appeal = 'We both quoted a film. I am sorry if it scared you.';

/** A picture of a step; SHOTS=all takes it on a phone and in the dark, too. */
async function look(who, name) {
  await who.shot(`justice-${name}`);
  if (process.env.SHOTS !== 'all') return;
  const { page } = who;
  const before = page.viewport();
  for (const [size, viewport] of [['desktop', before], ['phone', { width: 390, height: 844 }]]) {
    await page.setViewport(viewport);
    for (const scheme of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await who.shot(`justice-${name}-${size}-${scheme}`);
    }
  }
  await page.emulateMediaFeatures([]);
  await page.setViewport(before);
}

/** Fills in the dialog of the report: the messages, a threat. */
async function report(p) {
  await p.click('report');
  await p.click('report-messages');
  await p.page.click('.dialog input[value=threat]');
}

async function postgres() {
  const database = await Postgres.start();
  execFileSync(binary, ['migrate', 'up', '--database', database.url]);
  return database;
}

const databases = { SQLite: async () => null, PostgreSQL: postgres };
for (const [name, open] of Object.entries(databases)) {
  describe(name, { skip }, () => {
    let database;
    const stage = setStage({
      flags: async () => {
        database = await open();
        return { '--trusted-proxies': '127.0.0.0/8', ...(database && { '--database': database.url }) };
      },
    });
    after(() => database?.stop());

    test('a report, a ban, an appeal, and a second chance', stage.told(async () => {
      const [ann, bad] = await stage.people('red', 'blue');
      await from(ann, '198.51.100.20');
      await from(bad, '203.0.113.7');
      await meet(ann, bad, { mode: 'text' });
      for (const text of ['hello', threat]) {
        await bad.say(text);
        await ann.has(text);
      }

      // A word changed, and the server takes nothing: the proof is about what was sent. (internal/evidence tries every other way to forge.)
      await ann.page.evaluate(() => {
        const { send } = WebSocket.prototype;
        WebSocket.prototype.send = function (frame) {
          const message = JSON.parse(frame);
          if (message.type === 'report') message.evidence[0].text = 'I will kill you';
          send.call(this, JSON.stringify(message));
        };
        window.__honest = () => (WebSocket.prototype.send = send);
      });
      await report(ann);
      await ann.page.click('.dialog .is-danger');
      await ann.until('the refusal', () => /could not confirm/.test(document.querySelector('.dialog .problem')?.textContent));
      await look(ann, 'forged');
      await ann.page.evaluate(() => window.__honest());

      // As it was said, it is proven, and taken.
      await ann.page.$$eval('.evidence input', (boxes) => boxes[0].click()); // "hello" stays private
      await look(ann, 'report');
      await ann.page.click('.dialog .is-danger');
      await ann.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);

      // The moderator signs in as on any other day, by password and code, and sees what is proven.
      const first = await stage.moderator();
      const secret = await first.begin('admin', firstPassword(stage.server), 'a long enough password');
      await first.click('sign-out');
      await first.on('name');
      const m = await stage.moderator();
      await look(m, 'sign-in');
      await m.signIn('admin', 'a long enough password', secret);
      await m.on('case');
      assert.match(await m.text('case'), /Threat/);
      await look(m, 'queue');
      await m.page.keyboard.press('j');
      const evidence = await m.on('evidence');
      assert.deepEqual(await evidence.$$eval('.message', (all) => all.map((e) => [e.querySelector('[data-proof]').dataset.proof, e.querySelector('.said').textContent])), [['proven', threat]]);
      await m.accessible('the case');

      // One key. It holds for the device and the addresses around it.
      await m.page.select('[data-testid=range]', 'wide');
      await look(m, 'case');
      assert.equal(await bad.page.$('[data-testid=ban]'), null);
      await m.page.keyboard.press('7');
      await m.said('Banned for 7 days');
      await banned(bad);
      assert.match(await bad.page.$eval('[data-testid=ban]', (e) => e.textContent), /Threat.*You threatened somebody\./s);
      assert.deepEqual(await bad.faults(), []);
      await look(bad, 'ban');
      await look(m, 'banned');

      // Another browser, another key, another address of the same network.
      const again = await stage.person('green');
      await from(again, '203.0.113.99');
      await again.start({ mode: 'text' });
      await banned(again);
      // ... while a neighbour outside of it comes in, and meets Ann, who searches on.
      const neighbour = await stage.person('yellow');
      await from(neighbour, '203.0.114.7');
      await neighbour.start({ mode: 'text' });
      assert.equal(await neighbour.matched(), await ann.matched());
      await ann.stop();
      await neighbour.stop();

      await again.page.type('[data-testid=appeal]', appeal);
      await look(again, 'appeal');
      await again.click('appeal-send');
      await again.until('that the appeal is open', () => document.querySelector('[data-testid=appeal-open]'));
      await look(again, 'appealed');

      await m.page.keyboard.press('p');
      assert.ok((await m.text('appeal')).includes(appeal));
      await m.accessible('the appeals');
      await look(m, 'appeals');
      await m.type('answer', 'Then quote it to friends. Welcome back.');
      await m.click('accept');
      await m.until('an empty list', () => document.querySelector('.empty-title')?.textContent.includes('No appeal'));
      await look(m, 'answered');

      // Let in, and matched.
      await again.until('to be let in', async () => (await passerby.ban()) === null, { polling: 500 });
      await again.page.evaluate(() => [...document.querySelectorAll('.trouble-actions button')].at(-1).click());
      await again.page.waitForSelector('[data-testid=start]');
      await look(again, 'back');
      const cat = await stage.person('violet');
      await meet(again, cat, { mode: 'text' });
      await again.say('hello, sorry');
      await cat.has('hello, sorry');

      // Everything that happened is in the log, which holds.
      await m.page.keyboard.press('l');
      await m.click('verify');
      assert.match(await m.text('verified'), /The log holds/);
      const log = await m.text('audit');
      for (const act of ['sign-in', 'report.decide', 'appeal']) assert.ok(log.includes(act), `${act} is in the audit log`);
      await look(m, 'audit');
      assert.deepEqual(m.problems, []);
      execFileSync(binary, ['audit', 'verify', '--data-dir', stage.server.data, ...(database ? ['--database', database.url] : [])]);
    }));
  });
}
