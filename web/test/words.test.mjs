// What protects on the device: words that are masked, a question before one gives oneself away, and text that stays text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meet } from './lib/person.mjs';
import { setStage } from './lib/stage.mjs';

const stage = setStage();

test('a message is text, whatever it holds; unwanted words are masked, contact details asked about', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await b.page.evaluate(() => localStorage.setItem('passerby.words', '["toad"]'));
  await b.page.reload();
  await meet(a, b, { mode: 'text' });

  const evil = '<img src=x onerror="window.hacked=1"><b>\u202eevil</b><script>window.hacked=1</script>';
  await a.say(evil);
  await b.until('the message', (text) => [...document.querySelectorAll('[data-from=partner] .bubble')].some((e) => e.textContent === text), evil);
  const [hacked, inside, isolated] = await b.page.evaluate(() => {
    const bubble = document.querySelector('[data-from=partner] .bubble');
    return [window.hacked ?? null, bubble.children.length, bubble.tagName === 'BDI' && bubble.dir === 'auto'];
  });
  assert.deepEqual([hacked, inside, isolated], [null, 0, true]);

  await a.say('you t\u043e\u200bad');
  await b.until('the masked word', () => document.querySelector('[data-testid=unmask]'));
  assert.equal(await b.page.$eval('[data-testid=messages] .line:last-child .bubble', (e) => e.textContent), 'you •••');
  await b.click('unmask');
  await b.until('the word', () => document.querySelector('[data-testid=messages] .line:last-child .bubble').textContent.startsWith('you t'));

  await a.page.type('[data-testid=message-input]', 'call me: 0151 2345678');
  await a.page.keyboard.press('Enter');
  await a.until('the question', () => document.querySelector('[data-testid=contact-ask]'));
  assert.equal(await b.page.evaluate(() => document.querySelector('.log').textContent.includes('0151')), false, 'nothing is sent before the answer');
  await a.click('send-anyway');
  await b.until('the number', () => document.querySelector('.log').textContent.includes('0151 2345678'));
  await a.say('or 0151 8765432');
  await b.until('the second one, without a question', () => document.querySelector('.log').textContent.includes('8765432'));
}));

test('both begin blurred until both reveal', stage.told(async () => {
  const [a, b] = await stage.people('red', 'blue');
  await a.page.evaluate(() => localStorage.setItem('passerby.blurStart', 'true'));
  await meet(a, b);
  const isBlurred = (p, want) => p.until(`blurred: ${want}`, (w) => document.querySelector('.stage')?.dataset.blurred === w, String(want));
  await Promise.all([isBlurred(a, true), isBlurred(b, true)]);
  await a.until('the button', () => document.querySelector('[data-testid=reveal]'));
  await a.click('reveal');
  await isBlurred(a, true);
  await b.until('the button', () => document.querySelector('[data-testid=reveal]'));
  await b.click('reveal');
  await Promise.all([isBlurred(a, false), isBlurred(b, false)]);
}));
