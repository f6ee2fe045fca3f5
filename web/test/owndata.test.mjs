// A person takes what is stored of him, then has it deleted, from the safety page; what protects others stays, and he is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { clustered, setStage } from './lib/stage.mjs';

const stage = setStage();
const userOf = (p) => p.page.evaluate(() => JSON.parse(atob(JSON.parse(sessionStorage['passerby.session']).token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub);

test('own data', { skip: clustered && 'each node of this cluster has a file of its own' }, stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  const match = await meet(a, b, { mode: 'text' });
  const before = await userOf(a);
  await a.page.evaluate(() => {
    const make = URL.createObjectURL.bind(URL);
    URL.createObjectURL = (blob) => { window.saved = blob.text(); return make(blob); };
    HTMLAnchorElement.prototype.click = () => {}; // the browser would ask where to put it
  });
  await a.click('safety');
  await a.page.waitForSelector('[data-testid=own-data]');
  assert.deepEqual(await a.faults(), []);
  await a.shot('own-data');
  await a.until('the file', async () => {
    document.querySelector('[data-testid=data-save]:not([disabled])')?.click();
    await new Promise((r) => setTimeout(r, 1200)); // what is written comes within a second
    return window.saved && (await window.saved).includes(passerby.match.id);
  }, { polling: 1500 });
  const told = JSON.parse(await a.page.evaluate(() => window.saved));
  assert.equal(told.User.ID, before);
  assert.equal(told.Chats[0].ID, match);
  assert.ok(told.Chats[0].Users.includes(before) && !told.Chats[0].Users.includes(await userOf(b)), 'not whom he met');

  await a.click('data-delete');
  await a.page.waitForSelector('[data-testid=data-yes]');
  assert.match(await a.page.$eval('[data-testid=own-data]', (e) => e.textContent), /cannot be undone.*they protect others/s);
  assert.equal(await a.matchId(), match, 'nothing happens before it is confirmed');
  await a.click('data-yes');
  await b.until('the end', () => __test.state() !== 'matched');
  // The safety page was opened from the conversation, which is over: the page is at its beginning.
  await a.inState('idle');
  await a.until('another person', async (old) => {
    const database = await new Promise((resolve) => { const r = indexedDB.open('passerby', 1); r.onsuccess = () => resolve(r.result); });
    const held = await new Promise((resolve) => { const r = database.transaction('keys').objectStore('keys').get('device'); r.onsuccess = () => resolve(r.result); });
    database.close();
    return held === undefined && old;
  }, before);
  await a.start({ mode: 'text' });
  if ((await b.state()) !== 'waiting') await b.next();
  await Promise.all([a.matched(), b.matched()]);
  assert.notEqual(await userOf(a), before);

  // Somebody who was reported keeps his key, since the report stays.
  await a.click('report');
  await a.page.click('.dialog input[value=spam]');
  await a.page.click('.dialog .is-danger');
  await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);
  const reported = await userOf(b);
  await b.stop();
  await b.click('safety');
  await b.page.waitForSelector('[data-testid=data-delete]');
  await b.click('data-delete');
  await b.page.waitForSelector('[data-testid=data-yes]');
  await b.click('data-yes');
  await b.until('what stays', () => /Reports about you: 1\. Bans: 0/.test(document.querySelector('[data-testid=data-done]')?.textContent));
  await b.page.keyboard.press('Escape');
  await b.start({ mode: 'text' });
  await b.inState('waiting');
  assert.equal(await userOf(b), reported);
}));
