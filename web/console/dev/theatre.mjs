// The console with an API that only pretends, served from memory, and its scenes: what shoot.mjs and web/test/console.test.mjs look at.
import * as esbuild from 'esbuild';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scenes } from './scenes.mjs';

const here = dirname(fileURLToPath(import.meta.url));

export { scenes };

/** Builds and serves the console. `play` opens a scene in a page and waits until there is something to see. */
export async function openTheatre() {
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
  }).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  return {
    async play(page, name) {
      scene = scenes[name];
      await page.goto('about:blank'); // a change of the hash alone would load nothing
      await page.goto(`http://localhost:${server.address().port}/#${scene.hash ?? ''}`);
      await page.waitForSelector(scene.ready, { timeout: 30_000 });
      await scene.run?.(page);
    },
    close: () => new Promise((done) => {
      server.closeAllConnections();
      server.close(done);
    }),
  };
}
