// The page with the client that fake.ts plays, served from memory, and its scenes: what shoot.mjs and web/test/scenes.test.mjs look at.
import * as esbuild from 'esbuild';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scenes } from './scenes.mjs';

const here = dirname(fileURLToPath(import.meta.url));

export { scenes };

/** Builds and serves the page. `origin` is its address. */
export async function openTheatre() {
  const built = await esbuild.build({
    absWorkingDir: join(here, '..'),
    entryPoints: { script: 'src/main.tsx', style: 'src/style/main.css' },
    bundle: true,
    write: false,
    outdir: '/',
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    alias: { '@passerby/client': join(here, 'fake.ts'), '@passerby/client/emoji': join(here, '../../sdk/src/crypto/emoji.ts') },
    define: { __WORKER_URL__: '"/worker.js"', __PROVER_URL__: '"/prover.js"' },
  });
  const files = Object.fromEntries(built.outputFiles.map((f) => [f.path, f.text]));
  const html = readFileSync(join(here, '../index.html'), 'utf8').replaceAll('{{script}}', '/script.js').replaceAll('{{style}}', '/style.css');
  const stats = JSON.stringify({ online: 128, waiting: { video: 6, text: 3 }, matched: 118 });
  const tags = JSON.stringify({ tags: ['music', 'film', 'chess', 'travel', 'learning languages', 'قهوة', 'cats'] });
  const drawing = readFileSync(join(here, 'people/evening.svg'), 'utf8');
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    const [type, body] = path === '/' ? ['text/html', html] : path === '/v1/stats' ? ['application/json', stats] : path === '/v1/tags' ? ['application/json', tags] : path === '/stranger.svg' ? ['image/svg+xml', drawing]
      : [path.endsWith('.css') ? 'text/css' : path.endsWith('.svg') ? 'image/svg+xml' : path.endsWith('.webmanifest') ? 'application/json' : 'text/javascript', files[path] ?? (path.endsWith('.webmanifest') ? '{}' : '')];
    response.writeHead(200, { 'content-type': type, 'content-security-policy': "default-src 'self'; style-src 'self'; script-src 'self'; media-src 'self' blob:" });
    response.end(body);
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  return {
    origin: `http://localhost:${server.address().port}`,
    close: () => new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    }),
  };
}

/** Plays a scene from the start. What a page keeps is forgotten first; `locale` is the language of the page. */
export async function play(page, origin, name, locale) {
  const scene = scenes[name];
  const { query = '', run } = typeof scene === 'function' ? { run: scene } : scene;
  const script = await page.evaluateOnNewDocument((query, locale) => {
    localStorage.clear();
    sessionStorage.clear();
    if (locale) localStorage.setItem('passerby.locale', JSON.stringify(locale));
    const failure = new URLSearchParams(query).get('media');
    if (failure) navigator.mediaDevices.getUserMedia = () => failure === 'never' ? new Promise(() => {}) : Promise.reject(new DOMException('', failure));
  }, query, locale);
  await page.goto(`${origin}/?${query}`);
  await page.waitForSelector('main');
  await page.removeScriptToEvaluateOnNewDocument(script.identifier);
  await run(page);
}
