// The SDK as a stranger gets it: packed, unpacked in a fresh folder, served from another origin; its two examples talk.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { launchChromium } from './lib/browsers.mjs';
import { freePort } from './lib/net.mjs';
import { Server } from './lib/server.mjs';

const web = join(dirname(fileURLToPath(import.meta.url)), '..');
const sdk = join(web, 'sdk');
const fresh = mkdtempSync(join(tmpdir(), 'passerby-sdk-'));
const pack = join(fresh, 'node_modules/@passerby/client');
const types = { '.html': 'text/html', '.js': 'text/javascript' };
let files;
let site;
let server;
let browser;

const run = (command, args, cwd) => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, npm_config_cache: join(fresh, 'cache') } });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stdout}${stderr}`);
  return stdout;
};

before(async () => {
  const kept = readFileSync(join(sdk, 'API.md'), 'utf8');
  run('node', ['build.mjs', '--sdk'], web);
  assert.equal(readFileSync(join(sdk, 'API.md'), 'utf8'), kept, 'API.md is as the comments have it: run "npm --prefix web run build:sdk"');
  const [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', fresh], sdk));
  files = packed.files.map(({ path }) => path).sort();
  mkdirSync(pack, { recursive: true });
  run('tar', ['-xzf', join(fresh, packed.filename), '--strip-components=1', '-C', pack], fresh);

  // A site of its own, which knows nothing but the package. An import map does what a bundler would.
  const map = '<script type="importmap">{"imports":{"@passerby/client":"/node_modules/@passerby/client/dist/index.js"}}</script>';
  site = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://x');
    const path = join(fresh, pathname);
    if (!existsSync(path) || !extname(path)) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': types[extname(path)] ?? 'text/plain' });
    response.end(readFileSync(path, 'utf8').replace('<script type="module">', `${map}\n$&`));
  });
  const port = await freePort();
  await new Promise((done) => site.listen(port, '127.0.0.1', done));
  site.origin = `http://localhost:${port}`;
  for (const name of ['text', 'video']) copyFileSync(join(pack, `examples/${name}.html`), join(fresh, `${name}.html`));
  server = await Server.start({ '--allowed-origins': site.origin });
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  site?.closeAllConnections();
  site?.close();
  rmSync(fresh, { recursive: true, force: true });
});

/** Two people on a page of the site, once each has pressed what must be pressed. */
async function two(name) {
  const people = [];
  for (let i = 0; i < 2; i++) {
    const page = await (await browser.createBrowserContext()).newPage();
    page.errors = [];
    page.setDefaultTimeout(110_000);
    page.on('pageerror', (e) => page.errors.push(e.message));
    await page.goto(`${site.origin}/${name}.html?server=${encodeURIComponent(server.url)}`);
    await page.click('#adult');
    people.push(page);
  }
  await Promise.all(people.map((page) => page.waitForFunction(() => document.getElementById('state').textContent === 'matched')));
  return people;
}

test('the package holds what it needs and no more, and is small', () => {
  const unwanted = files.filter((name) => !/^(package\.json|README\.md|API\.md|LICENSE|examples\/(text|video)\.html|dist\/(index|worker|prover|group|groupworker|emoji|talk|quality|proof|tcp)\.js(\.map)?|dist\/types\/.*\.d\.ts)$/.test(name));
  assert.deepEqual(unwanted, []);
  for (const needed of ['README.md', 'API.md', 'dist/index.js', 'dist/worker.js', 'dist/prover.js', 'dist/talk.js', 'dist/quality.js', 'dist/proof.js', 'dist/tcp.js', 'dist/emoji.js', 'dist/group.js', 'dist/groupworker.js', 'dist/types/index.d.ts', 'dist/types/group/index.d.ts']) assert.ok(files.includes(needed), needed);
  const meta = JSON.parse(readFileSync(join(pack, 'package.json'), 'utf8'));
  assert.equal(meta.dependencies, undefined, 'nothing else to install');
  assert.match(meta.version, /^\d+\.\d+\.\d+$/);
  // As a bundler makes it of what the video example imports.
  const stdin = { contents: `export { Passerby, explainMediaError, support } from '@passerby/client'`, resolveDir: fresh };
  const bundle = (from) => esbuild.buildSync({ ...from, bundle: true, splitting: true, minify: true, format: 'esm', outdir: fresh, write: false, chunkNames: '[name]' }).outputFiles;
  const [worker] = bundle({ entryPoints: [join(pack, 'dist/worker.js')] });
  const page = bundle({ stdin });
  const weigh = (name) => brotliCompressSync(page.find(({ path }) => path.endsWith(`/${name}.js`)).contents).length;
  // From Start to the first picture: nothing else is imported statically. talk.js follows with the first picture or text.
  assert.doesNotMatch(readFileSync(join(pack, 'dist/index.js'), 'utf8'), /^import\b/m);
  const [video, later] = [weigh('stdin') + brotliCompressSync(worker.contents).length, weigh('talk')];
  console.log(`minified and compressed by brotli: ${video} bytes until the first picture, ${later} that follow`);
  assert.ok(video <= 20 * 1024 && later <= 5.5 * 1024, `${video} and ${later} bytes`);
});

test('the README shows the examples as they are, in 30 and 60 lines', () => {
  const readme = readFileSync(join(pack, 'README.md'), 'utf8');
  for (const [name, most] of [['text', 30], ['video', 60]]) {
    const example = readFileSync(join(pack, `examples/${name}.html`), 'utf8');
    assert.ok(example.trim().split('\n').length <= most, `${name}: at most ${most} lines`);
    assert.ok(readme.includes(`\`\`\`html\n${example}\`\`\``), `README.md has examples/${name}.html`);
  }
});

test('a project in TypeScript compiles with the package and bundles it', () => {
  writeFileSync(join(fresh, 'main.ts'), `
    import { Passerby, PasserbyError, type Events } from '@passerby/client';
    const client = new Passerby({ url: 'https://chat.example' });
    client.on('matched', ({ match }: Events['matched']) => console.log(match.tags.length));
    client.start({ mode: 'text', adult: true }).catch((e: unknown) => console.log(e instanceof PasserbyError && e.code === 'offline'));
    // @ts-expect-error: there is no such event
    client.on('arrived', () => {});
  `);
  const flags = ['--noEmit', '--strict', '--target', 'ES2022', '--module', 'ESNext', '--moduleResolution', 'bundler', '--lib', 'ES2022,DOM', '--types', ''];
  run(join(web, 'node_modules/.bin/tsc'), [...flags, 'main.ts'], fresh);
  const { outputFiles } = esbuild.buildSync({ absWorkingDir: fresh, entryPoints: ['main.ts'], bundle: true, format: 'esm', write: false });
  assert.ok(outputFiles[0].text.includes('passerby.v1'));
  // With splitting, as Vite and others do it, what comes late is a chunk of its own.
  const split = esbuild.buildSync({ absWorkingDir: fresh, entryPoints: ['main.ts'], bundle: true, splitting: true, format: 'esm', outdir: 'built', write: false });
  assert.ok(split.outputFiles.some(({ path }) => /talk-[^/]*\.js$/.test(path)));
});

test('the text example: two strangers on a page of another origin talk', { timeout: 240_000 }, async () => {
  const [a, b] = await two('text');
  await a.type('#text', 'Hello from elsewhere');
  await a.keyboard.press('Enter');
  await b.waitForFunction(() => document.getElementById('log').textContent.includes('Stranger: Hello from elsewhere'));
  await a.click('#next');
  await b.waitForFunction(() => document.getElementById('state').textContent !== 'ended');
  assert.deepEqual([...a.errors, ...b.errors], []);
});

test('the video example: two strangers see each other, and the same emoji', { timeout: 240_000 }, async () => {
  const people = await two('video');
  for (const page of people) {
    await page.waitForFunction(() => document.getElementById('remote').classList.contains('shown') && document.getElementById('remote').videoWidth > 0);
    await page.waitForFunction(() => document.getElementById('safety').textContent.length > 3);
  }
  const [one, other] = await Promise.all(people.map((page) => page.$eval('#safety', (e) => e.textContent)));
  assert.equal(one, other);
  assert.deepEqual(people.flatMap((page) => page.errors), []);
});

test('an origin that is not on the list gets nothing', async () => {
  const answer = await fetch(`${server.url}/v1/session`, { method: 'POST', headers: { origin: 'https://elsewhere.example', 'content-type': 'application/json' }, body: '{"adult":true}' });
  assert.equal(answer.status, 403);
  assert.equal((await answer.json()).error?.code ?? (await answer.text?.()), 'origin_forbidden');
});
