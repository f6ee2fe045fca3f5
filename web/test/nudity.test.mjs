// The nudity check with its real network on real pictures, none of which is nude: they are shown at the usual threshold, and kept from sight
// at one so low that everything counts. Without the operator's word nothing of it is even loaded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const picture = (name) => `data:image/jpeg;base64,${readFileSync(new URL(`./pictures/${name}.jpg`, import.meta.url)).toString('base64')}`;
const glance = (p) => p.page.$eval('.stage', (e) => e.dataset.glance);
const loaded = (p) => p.page.evaluate(() => performance.getEntriesByType('resource').map((r) => new URL(r.name).pathname).filter((path) => /nudity|watch|network/.test(path)));
/** Whether what is on the screen can be made out. */
const blurred = (p) => p.page.$eval('.stage-picture', (e) => getComputedStyle(e).filter.includes('blur'));

/** People whose cameras show a photograph; their pages tell what the check's Worker answered. */
async function people(stage, kinds = ['chromium', 'chromium']) {
  const all = [];
  for (const [i, name] of ['astronaut', 'coffee'].entries()) {
    const p = await stage.person(['red', 'blue'][i], { kind: kinds[i], name, picture: picture(name), tone: 300 + 150 * i });
    await p.page.evaluateOnNewDocument(() => {
      const Native = window.Worker;
      window.__looks = [];
      window.Worker = class extends Native {
        constructor(url, options) {
          super(url, options);
          if (options?.name === 'passerby-nudity') this.addEventListener('message', ({ data }) => window.__looks.push(data));
        }
      };
    });
    await p.page.reload({ waitUntil: 'load' });
    await p.page.waitForSelector('[data-testid=start]');
    assert.deepEqual(await loaded(p), [], 'the first page loads nothing of it');
    all.push(p);
  }
  return all;
}

describe('off, as by default', () => {
  const stage = setStage();
  test('nothing is loaded and nobody looks', stage.told(async () => {
    const [a, b] = await people(stage);
    await meet(a, b, { mode: 'video' });
    await a.until('a picture', () => __test.seen().visible);
    assert.deepEqual([await loaded(a), await glance(a), await blurred(a)], [[], 'off', false]);
    await a.click('safety');
    await a.until('the page of safety', () => document.querySelector('dialog[open]'));
    assert.equal(await a.page.$('[data-testid=nudity-check]'), null, 'there is nothing to choose');
  }));
});

describe('on', () => {
  const stage = setStage({ flags: { '--nudity-check': '0.7' } });
  for (const kind of ['chromium', 'firefox']) {
    test(`what is harmless is looked at and shown, in ${kind}`, stage.told(async () => {
      const [a, b] = await people(stage, [kind, 'chromium']);
      await meet(a, b, { mode: 'video' });
      // What was there before the first picture is an empty look; the stranger's picture and the own one come after it.
      await a.until('the stranger to be found harmless', () => document.querySelector('.stage').dataset.glance === 'clear');
      assert.equal(await blurred(a), false);
      const looks = await a.until('looks', () => window.__looks.length > 1 && window.__looks);
      for (const { likely, failed } of looks) assert.ok(!failed && likely < 0.2, failed ?? `${likely} for a cup of coffee`);
      assert.deepEqual(await a.page.evaluate(() => __test.errors), []);
      assert.match((await loaded(a)).join(' '), /watch.*nudity/);
      assert.equal(a.console.some((line) => /Content Security/.test(line)), false);
      await a.shot(`nudity-clear-${kind}`);

      // Who does not want it is left alone.
      await a.stop();
      await a.page.waitForSelector('[data-testid=safety]');
      await a.click('safety');
      await a.until('the choice', () => document.querySelector('[data-testid=nudity-check]').checked);
      await a.click('nudity-check');
      await a.page.reload({ waitUntil: 'load' });
      await a.page.waitForSelector('[data-testid=start]');
      await a.start({ mode: 'video' });
      await a.matched();
      await a.until('a picture', () => __test.seen().visible);
      assert.deepEqual([await loaded(a), await glance(a)], [[], 'off']);
    }));
  }
});

describe('on, and everything counts as nudity', () => {
  const stage = setStage({ flags: { '--nudity-check': '0.000001' } });
  test('it blurs and asks: show, report, next', stage.told(async () => {
    const [a, b] = await people(stage);
    await a.page.evaluate(() => {
      // What one would have seen before the question: nothing, since the first look comes first.
      window.__clear = 0;
      setInterval(() => {
        const stage = document.querySelector('.stage');
        if (stage?.dataset.picture === 'shown' && ['off', 'clear'].includes(stage.dataset.glance)) window.__clear++;
      }, 5);
    });
    const first = await meet(a, b, { mode: 'video' });
    await a.until('the question', () => document.querySelector('[data-testid=nudity]'));
    assert.equal(await blurred(a), true);
    assert.equal(await a.page.evaluate(() => window.__clear), 0, 'no clear picture before the question');
    assert.deepEqual(await a.faults(), []);
    await look(a, 'nudity');
    await a.until('a word about the own picture', () => /Your own picture looks like nudity/.test(document.querySelector('.notices').textContent));

    await a.click('nudity-show');
    await a.until('the picture', () => !document.querySelector('[data-testid=nudity]'));
    assert.equal(await blurred(a), false);
    assert.equal(await glance(a), 'wanted');

    // It holds for this stranger alone.
    await b.next();
    await a.matched({ before: first });
    await a.until('the question', () => document.querySelector('[data-testid=nudity]'));
    const second = await a.matchId();
    await a.click('nudity-next');
    await a.matched({ before: second });
    await a.until('the question', () => document.querySelector('[data-testid=nudity]'));
    await a.click('nudity-report');
    assert.equal(await a.page.$eval('.dialog input[name=reason]:checked', (e) => e.value), 'nudity');
    await a.page.click('.dialog .is-danger');
    await a.until('thanks', () => document.querySelector('.dialog [role=status]')?.textContent);
    assert.match(stage.server.log, /msg=reported .*reason=nudity/);
  }));
});

/** The question, as it is seen on a desk and a phone. */
async function look(p, name) {
  await p.shot(name);
  const before = p.page.viewport();
  await p.page.setViewport({ width: 390, height: 844 });
  await p.shot(`${name}-phone`);
  await p.page.setViewport(before);
}
