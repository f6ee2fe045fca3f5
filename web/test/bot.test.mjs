// A browser meets the Go client (client/examples/echo): encrypted text both ways, the same emoji, and its own picture and sound come back.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, after, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setStage } from './lib/stage.mjs';

const stage = setStage();
let folder;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'passerby-echo-'));
  const cwd = join(dirname(fileURLToPath(import.meta.url)), '../..');
  execFileSync('go', ['build', '-trimpath', '-o', join(folder, 'echo'), './client/examples/echo'], { cwd, stdio: 'inherit' });
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Starts the bot; it ends with the test. */
function bot(t, ...flags) {
  const child = spawn(join(folder, 'echo'), ['-url', stage.server.url, ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  t.after(async () => {
    child.kill('SIGINT');
    await once(child, 'exit');
  });
  return { saw: (emoji) => lines.some((line) => line.endsWith(`if he sees ${emoji}`)) };
}

/** Page and bot have the same emoji. */
async function verified(person, bot) {
  await person.until('the emoji', () => document.querySelector('[data-testid=verify]')?.dataset.emoji);
  const emoji = await person.emoji();
  for (let tries = 0; tries < 100 && !bot.saw(emoji); tries++) await setTimeout(50);
  assert.ok(bot.saw(emoji), `the bot has other emoji than ${emoji}`);
}

test('in text, again after Next', { timeout: 180_000 }, stage.told(async (t) => {
  const a = await stage.person('red');
  await a.start({ mode: 'text' });
  const b = bot(t, '-greeting', 'Hello from Go');
  const first = await a.matched();
  await a.has('Hello from Go');
  await verified(a, b);
  await a.say('zażółć 🦊 <b>');
  await a.until('the echo', () => __test.messages().some((m) => m.from === 'partner' && m.text === 'zażółć 🦊 <b>'));
  await a.until('the delivery', () => __test.messages().every((m) => m.from === 'partner' || m.delivery === 'delivered'));
  await a.next();
  await a.matched({ before: first });
  await a.has('Hello from Go');
  await verified(a, b);
}));

test('in video, by its own picture', { timeout: 180_000 }, stage.told(async (t) => {
  const a = await stage.person('green');
  await a.start();
  const b = bot(t, '-video');
  await a.matched();
  await a.sees('green');
  await a.hears();
  await verified(a, b);
  const { state } = await a.page.evaluate(() => ({ state: __test.state() }));
  assert.equal(state, 'matched');
}));
