// A network that lets nothing out but one port for TLS: page, WebSocket and media, by TURN over TLS, all come to the HTTPS port of `serve`.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launchChromium, launchFirefox } from './lib/browsers.mjs';
import { selfSigned } from './lib/certificate.mjs';
import { freePort } from './lib/net.mjs';
import { meet, Person } from './lib/person.mjs';
import { Server } from './lib/server.mjs';

let server, browsers, dir;
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'passerby-https-'));
  const { cert, key } = selfSigned(dir);
  const port = await freePort();
  server = await Server.start({ '--https': `:${port}`, '--tls-cert': cert, '--tls-key': key, '--host': 'localhost' });
  server.url = `https://localhost:${port}`;
  browsers = [await launchChromium('--ignore-certificate-errors'), await launchFirefox({ acceptInsecureCerts: true })];
});
after(async () => {
  for (const b of browsers ?? []) await b.close();
  const end = await server?.stop();
  rmSync(dir, { recursive: true, force: true });
  if (end) assert.equal(end.code, 0, server.log);
});

test('Chromium and Firefox: page and call through the one HTTPS port', { timeout: 120_000 }, async () => {
  const port = new URL(server.url).port;
  const people = await Promise.all(browsers.map((b, i) => Person.arrive(b, server, { colour: ['red', 'blue'][i], tone: 440 + 220 * i, query: 'relay=1', turn: `turns:localhost:${port}?` })));
  const [a, b] = people;
  try {
    await meet(a, b);
    await Promise.all([a.sees('blue'), b.sees('red')]);
    await Promise.all([a.hears(), b.hears()]);
    await a.say('through one port');
    await b.has('through one port');
    for (const p of people) {
      const pairs = await p.until('a way', async () => (({ pairs }) => pairs.length && pairs)(await __test.stats()));
      assert.ok(pairs.every((w) => w.local === 'relay' && w.relay === 'tls'), `${p.name}: ${JSON.stringify(pairs)}`);
    }
  } catch (e) {
    for (const p of people) e.message += `\n-- ${p.name} --\n${await p.describe()}`;
    throw e;
  }
});
