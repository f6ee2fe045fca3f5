// Browsers that keep nothing, or nothing beyond the window: the page works, says what that means, and people are who they are for as long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frugal } from './lib/frugal.mjs';
import { meet, Person } from './lib/person.mjs';
import { clustered, setStage } from './lib/stage.mjs';

const stage = setStage();

/** The pseudonym of the person, as the server's token says it. */
const tokens = (p) => p.page.evaluateOnNewDocument(() => {
  const native = window.fetch;
  window.__users = [];
  window.fetch = async (...args) => {
    const answer = await native(...args);
    if (String(args[0]).endsWith('/v1/session') && answer.ok) {
      const { token } = await answer.clone().json();
      window.__users.push(JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub);
    }
    return answer;
  };
});
const userOf = (p) => p.until('a session', () => window.__users.at(-1));
const kept = (p) => p.page.evaluate(() => passerby.deviceKept());
/** What can be kept in this page, by trying. */
const storage = (p) => p.page.evaluate(async () => {
  const can = async (attempt) => {
    try {
      await attempt();
      return true;
    } catch {
      return false;
    }
  };
  return {
    local: await can(() => localStorage.setItem('try', '1')),
    indexed: await can(() => new Promise((yes, no) => {
      const opening = indexedDB.open('try');
      opening.onsuccess = yes;
      opening.onerror = no;
    })),
  };
});

/** Talks to somebody in an ordinary window, starts again, and comes back after a reload: who was he each time? */
async function visits(p, friend) {
  await tokens(p);
  await p.page.reload({ waitUntil: 'load' });
  await p.page.waitForSelector('[data-testid=start]');
  await meet(p, friend, { mode: 'text' });
  await p.say('hello');
  await friend.has('hello');
  const first = await userOf(p);
  await friend.stop();
  await p.stop();
  await p.page.waitForSelector('[data-testid=start]');
  await p.start({ mode: 'text' });
  await p.inState('waiting');
  const again = await p.page.evaluate(() => window.__users.at(-1));
  await p.stop();
  await p.page.waitForSelector('[data-testid=start]');
  await p.page.evaluate(() => {
    try {
      sessionStorage.clear(); // another visit, and not this one after a reload
    } catch { /* nothing is kept anyhow */ }
  });
  await p.page.reload({ waitUntil: 'load' });
  await p.page.waitForSelector('[data-testid=start]');
  await p.start({ mode: 'text' });
  await p.inState('waiting');
  const errors = await p.page.evaluate(() => __test.errors);
  assert.deepEqual(errors, []);
  return { first, again, later: await userOf(p) };
}

for (const [name, launch] of Object.entries(frugal)) {
  test(name, stage.told(async () => {
    const browser = await launch();
    try {
      const p = await Person.arrive(browser, stage.server, { colour: 'red', name: 'the one who keeps nothing' });
      stage.joins(p);
      const friend = await stage.person('blue');
      const can = await storage(p);
      const { first, again, later } = await visits(p, friend);
      assert.equal(again, first, 'the same person while the page is open');
      assert.equal(await kept(p), can.indexed, 'the page knows whether it is known again');
      if (/forbids/.test(name)) assert.deepEqual(can, { local: false, indexed: false });
      if (can.indexed) assert.equal(later, first, 'kept while the window is open');
      else assert.notEqual(later, first, 'a reload makes somebody new, since nothing is kept');
      await p.stop();
      await p.page.waitForSelector('[data-testid=safety]');
      await p.click('safety');
      await p.until('the page of safety', () => document.querySelector('dialog[open] .safety-tips'));
      if (can.indexed) assert.equal(await p.page.$('[data-testid=not-kept]'), null);
      else await p.until('the word that nothing is kept', () => document.querySelector('[data-testid=not-kept]'));
      assert.deepEqual(await p.faults(), []);
      await p.shot(`private-${name.replaceAll(/\W+/g, '-').toLowerCase()}`);
    } finally {
      await browser.close();
    }
  }));
}

test('a private window of Chromium: one person until it closes, another in the next', stage.told(async () => {
  const [p, friend] = await stage.people('red', 'blue'); // each window of these tests is a private one
  const { first, again, later } = await visits(p, friend);
  assert.deepEqual([again, later], [first, first]);
  assert.equal(await kept(p), true);
  const next = await stage.person('green');
  await tokens(next);
  await next.page.reload({ waitUntil: 'load' });
  await next.start({ mode: 'text' });
  assert.notEqual(await userOf(next), first);
}));

test('the same key is the same person on every node', { skip: !clustered && 'it takes nodes: --cluster' }, stage.told(async () => {
  const { server } = stage;
  const p = await stage.person('red');
  await tokens(p);
  await p.page.reload({ waitUntil: 'load' });
  const users = [];
  for (const node of [1, 2, 3]) { // alone, each in turn
    for (const other of [1, 2, 3]) if (other !== node) await server.halt(other);
    await p.page.waitForSelector('[data-testid=start]');
  await p.start({ mode: 'text' });
    await p.inState('waiting');
    users.push(await userOf(p));
    await p.stop();
    for (const other of [1, 2, 3]) if (other !== node) await server.start(other);
  }
  assert.equal(new Set(users).size, 1, users.join(' '));
}));
