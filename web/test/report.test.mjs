// A report from the press of the button to the record in the database: words, a picture, and what was seen, with proof.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { firstPassword } from './lib/console.mjs';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage({ flags: { '--report-media-seconds': '4' } });

const passerby = (...args) => execFileSync(stage.server.program, [...args, '--data-dir', stage.server.data], { encoding: 'utf8' });

test('an abusive message and picture, reported with proof', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'video' });
  await Promise.all([a.sees('blue'), b.sees('red')]);
  for (const text of ['hello', 'I will find you']) {
    await b.say(text);
    await a.has(text);
  }
  await a.click('report');
  await a.page.click('.dialog input[value=threat]');
  await a.page.type('.dialog textarea', 'he means it');
  for (const what of ['messages', 'picture', 'media']) await a.click(`report-${what}`);
  await a.page.$$eval('.evidence input', (boxes) => boxes[0].click()); // "hello" stays private
  assert.match(await a.page.$eval('[data-testid=report-what]', (e) => e.textContent), /one message .* this picture, and the key/);
  await a.shot('report');
  assert.deepEqual(await a.faults(), []);
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);

  const number = stage.server.log.match(/msg=reported .*report=(\S+)/)[1];
  assert.equal(JSON.parse(passerby('report', 'list')).ID, number);
  const report = JSON.parse(passerby('report', 'show', number));
  assert.deepEqual([report.Match, report.Reason, report.Note, report.Status], [match, 'threat', 'he means it', 'open']);
  assert.notEqual(report.Reporter, report.Reported);
  assert.deepEqual(report.Evidence.map(({ Kind, From, Proof, Text }) => [Kind, From, Proof, Text]), [
    ['message', 'reported', 'proven', 'I will find you'],
    ['picture', 'reporter', 'unproven', undefined],
    ['media', 'reported', 'proven', undefined],
  ]);

  await recorded(number, a.page.browser());

  // A moderator loads it in the console, and it plays there.
  const m = await stage.moderator();
  await m.begin('admin', firstPassword(stage.server), 'a long enough password');
  await m.on('case');
  await m.page.keyboard.press('j');
  await m.click('open-film');
  await m.until('the first picture', () => document.querySelector('[data-testid=film]')?.readyState >= 2);
  assert.equal(await m.page.$eval('[data-testid=film]', (film) => film.paused), true, 'nothing moves before somebody plays it');
  const [red, , blue] = await m.page.$eval('[data-testid=film]', async (film) => {
    film.muted = true;
    await film.play();
    await new Promise((done) => film.requestVideoFrameCallback(done));
    const pen = new OffscreenCanvas(8, 8).getContext('2d');
    pen.drawImage(film, 0, 0, 8, 8);
    return [...pen.getImageData(4, 4, 1, 1).data];
  });
  assert.ok(blue > red + 60, `the console shows ${red} red, ${blue} blue`);
  await m.page.$eval('[data-testid=film]', (film) => film.scrollIntoView({ block: 'center' }));
  await m.shot('moderate-film');
  await m.accessible('the case with a film');
  assert.deepEqual(m.problems, []);
}));

test('reported from Firefox: picture and sound are proven', stage.told(async () => {
  const a = await stage.person('red', { kind: 'firefox' });
  const b = await stage.person('blue');
  await meet(a, b, { mode: 'video' });
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await a.until('something to prove', () => passerby.provableMedia(passerby.match.id) > 0);
  await watched(a);
  await a.click('report');
  await a.page.click('.dialog input[value=nudity]');
  await a.click('report-media');
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);
  const number = stage.server.log.match(/msg=reported .*reason=nudity.*/)[0].match(/report=(\S+)/)[1];
  const { Evidence } = JSON.parse(passerby('report', 'show', number));
  assert.deepEqual(Evidence.map(({ Kind, From, Proof }) => [Kind, From, Proof]), [['media', 'reported', 'proven']]);
  await recorded(number, await stage.browser());
}));

test('Firefox is reported: what it sent is proven', stage.told(async () => {
  const a = await stage.person('red');
  const b = await stage.person('blue', { kind: 'firefox' });
  await meet(a, b, { mode: 'video' });
  await Promise.all([a.sees('blue'), b.sees('red')]);
  await watched(a);
  await a.click('report');
  await a.page.click('.dialog input[value=hate]');
  await a.click('report-media');
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);
  const number = stage.server.log.match(/msg=reported .*reason=hate.*/)[0].match(/report=(\S+)/)[1];
  await recorded(number, await stage.browser());
}));

test('who commits to other keys is not shown', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await b.page.evaluate(() => {
    const { send } = WebSocket.prototype;
    WebSocket.prototype.send = function (frame) {
      const message = JSON.parse(frame);
      if (message.type === 'keyed') message.commit = 'A'.repeat(43);
      send.call(this, JSON.stringify(message));
    };
  });
  await a.page.evaluate(() => {
    window.__wrong = [];
    passerby.on('error', (e) => window.__wrong.push(e.code));
  });
  await a.start({ mode: 'video' });
  await b.start({ mode: 'video' });
  await a.until('the distrust', () => window.__wrong.includes('key_mismatch'));
  assert.notEqual((await a.seen()).colour, 'blue');
}));

/** Somebody saw enough for a film. */
const watched = (p) => p.until('a second of picture', async () => (await __test.stats()).framesDecoded > 15);

/** The recording of a report, opened, is the one who was reported: blue. */
async function recorded(number, browser) {
  const dir = mkdtempSync(join(tmpdir(), 'passerby-report-'));
  passerby('report', 'save', number, dir);
  const film = readdirSync(dir).find((name) => name.endsWith('.webm'));
  const { colour, seconds } = await play(browser, readFileSync(join(dir, film)));
  rmSync(dir, { recursive: true });
  const [red, , blue] = colour;
  assert.ok(blue > red + 60, `the film shows ${colour}`);
  assert.ok(seconds > 0.3 && seconds < 12, `${seconds} s`);
}

/** What a film shows, as [red, green, blue], and how long it is. */
async function play(browser, film) {
  const page = await browser.newPage();
  try {
    await page.bringToFront();
    return await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      const video = Object.assign(document.createElement('video'), { muted: true, src: URL.createObjectURL(new Blob([bytes], { type: 'video/webm' })) });
      await new Promise((done, failed) => {
        video.onloadeddata = done;
        video.onerror = () => failed(new Error(video.error.message));
      });
      await video.play(); // until a picture is painted there is only black
      await new Promise((done) => video.requestVideoFrameCallback(done));
      const canvas = Object.assign(document.createElement('canvas'), { width: 8, height: 8 });
      const pen = canvas.getContext('2d');
      pen.drawImage(video, 0, 0, 8, 8);
      return { colour: [...pen.getImageData(4, 4, 1, 1).data].slice(0, 3), seconds: video.duration };
    }, film.toString('base64'));
  } finally {
    await page.close();
  }
}
