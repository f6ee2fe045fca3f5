// Pictures of every state: node shoot.mjs DIR [scene …]. SIZE=phone,desktop and SCHEME=light,dark narrow it down, LOCALE=ar changes the language; AXE=1 also
// prints what axe-core finds. See README.md.
import * as esbuild from 'esbuild';
import puppeteer from 'puppeteer-core';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scenes } from './scenes.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const [dir, ...wanted] = process.argv.slice(2);
mkdirSync(dir, { recursive: true });

const built = await esbuild.build({
  absWorkingDir: join(here, '..'),
  entryPoints: { script: 'src/main.tsx', style: 'src/style/main.css' },
  bundle: true,
  write: false,
  outdir: '/',
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  alias: { '@passerby/client': join(here, 'fake.ts') },
  define: { __WORKER_URL__: '"/worker.js"', __PROVER_URL__: '"/prover.js"' },
});
const files = Object.fromEntries(built.outputFiles.map((f) => [f.path, f.text]));
const html = readFileSync(join(here, '../index.html'), 'utf8').replaceAll('{{script}}', '/script.js').replaceAll('{{style}}', '/style.css');
const stats = JSON.stringify({ online: 128, waiting: { video: 6, text: 3 }, matched: 118 });
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://x').pathname;
  const [type, body] = path === '/' ? ['text/html', html] : path === '/v1/stats' ? ['application/json', stats]
    : [path.endsWith('.css') ? 'text/css' : path.endsWith('.svg') ? 'image/svg+xml' : 'text/javascript', files[path] ?? ''];
  response.writeHead(200, { 'content-type': type, 'content-security-policy': "default-src 'self'; style-src 'self'; script-src 'self'; media-src 'self' blob:" });
  response.end(body);
}).listen(0);
const origin = `http://localhost:${server.address().port}`;

const axe = process.env.AXE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : null;
const sizes = { phone: { width: 390, height: 844, deviceScaleFactor: 1, isMobile: true, hasTouch: true }, desktop: { width: 1280, height: 800 } };
const only = process.env.SIZE?.split(',') ?? Object.keys(sizes);
const schemes = process.env.SCHEME?.split(',') ?? ['light', 'dark'];
const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
});
for (const [name, scene] of Object.entries(scenes)) {
  if (wanted.length && !wanted.includes(name)) continue;
  const { query = '', run } = typeof scene === 'function' ? { run: scene } : scene;
  for (const size of only) {
    for (const scheme of schemes) {
      const context = await browser.createBrowserContext();
      const page = await context.newPage();
      page.setDefaultTimeout(20_000);
      page.on('pageerror', (e) => console.log(name, 'error:', e.message));
      page.on('console', (m) => ['error', 'warn'].includes(m.type()) && console.log(name, m.text()));
      await page.setViewport(sizes[size]);
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.evaluateOnNewDocument((query, locale) => {
        const q = new URLSearchParams(query);
        if (locale) localStorage.setItem('passerby.locale', JSON.stringify(locale));
        const failure = q.get('media');
        if (failure) navigator.mediaDevices.getUserMedia = () => failure === 'never' ? new Promise(() => {}) : Promise.reject(new DOMException('', failure));
      }, query, process.env.LOCALE);
      await page.goto(`${origin}/?${query}`);
      try {
        await run(page);
      } catch (e) {
        console.log(name, size, e.message);
      }
      await new Promise((done) => setTimeout(done, 600));
      if (axe) {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        for (const v of violations) console.log(`${name} ${size} ${scheme}: ${v.id}: ${v.help}:`, v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; '));
      }
      await page.screenshot({ path: join(dir, `${name}-${size}-${scheme}.png`), fullPage: name.startsWith('landing') });
      await context.close();
    }
  }
}
await browser.close();
server.close();
