// Pictures of the console in every state, with an API that only pretends: node shoot.mjs DIR [scene …].
// SIZE=phone,desktop and SCHEME=light,dark narrow it down; AXE=1 prints what axe-core finds.
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
  absWorkingDir: join(here, '..'), entryPoints: { script: 'src/main.tsx', style: 'src/style/main.css' }, bundle: true, write: false, outdir: '/', format: 'esm',
  jsx: 'automatic', jsxImportSource: 'preact',
});
const files = Object.fromEntries(built.outputFiles.map((f) => [f.path, f.text]));
const html = readFileSync(join(here, '../index.html'), 'utf8').replaceAll('{{script}}', '/script.js').replaceAll('{{style}}', '/style.css');
let scene;
const server = createServer((request, response) => {
  const path = new URL(request.url, 'http://x').pathname;
  const answer = path.startsWith('/moderate/api') ? scene.api(path.slice('/moderate/api'.length), request.method) : undefined;
  const [type, body] = Buffer.isBuffer(answer) ? ['image/svg+xml', answer] : answer !== undefined ? ['application/json', JSON.stringify(answer)]
    : path === '/' ? ['text/html', html] : [path.endsWith('.css') ? 'text/css' : 'text/javascript', files[path] ?? ''];
  response.writeHead(answer === null ? 404 : 200, { 'content-type': type, 'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:" });
  response.end(body);
}).listen(0);

const axe = process.env.AXE ? readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8') : null;
const sizes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [name, s] of Object.entries(scenes)) {
  if (wanted.length && !wanted.includes(name)) continue;
  scene = s;
  for (const size of process.env.SIZE?.split(',') ?? Object.keys(sizes)) {
    for (const scheme of process.env.SCHEME?.split(',') ?? ['light', 'dark']) {
      const page = await browser.newPage();
      page.on('pageerror', (e) => console.log(name, 'error:', e.message));
      await page.setViewport(sizes[size]);
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(`http://localhost:${server.address().port}/#${s.hash ?? ''}`);
      await page.waitForSelector(s.ready, { timeout: 10_000 }).catch((e) => console.log(name, e.message));
      if (s.run) await s.run(page).catch((e) => console.log(name, e.message));
      if (axe) {
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        for (const v of violations) console.log(`${name} ${size} ${scheme}: ${v.id}: ${v.help}:`, v.nodes.map((n) => `${n.target} ${n.any[0]?.message ?? ''}`).join('; '));
      }
      await page.screenshot({ path: join(dir, `${name}-${size}-${scheme}.png`) });
      await page.close();
    }
  }
}
await browser.close();
server.close();
