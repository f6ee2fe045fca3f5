// Two builds of the page behind one address: what a browser meets when the server is updated while tabs are open.
import { createServer, request } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../../dist');
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json', '.png': 'image/png' };

/** The files of web/dist by path. A later build has another name for every file with a hash, and says so everywhere. */
function build(mark) {
  const hash = /(?<=[\w-]-)[0-9A-Z]{8}(?=\.(?:js|css))/g;
  const renamed = (text) => (mark ? text.replace(hash, (name) => name.slice(0, -mark.length) + mark) : text);
  const files = new Map();
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const name = relative(dist, join(entry.parentPath ?? entry.path, entry.name));
    if (!entry.isFile() || /\.(br|gz)$/.test(name) || name.startsWith('console/')) continue;
    const text = /\.(js|css|html)$/.test(name);
    let body = readFileSync(join(dist, name), text ? 'utf8' : null);
    if (text) body = renamed(body);
    if (name === 'sw.js' && mark) body = body.replace(/passerby-([0-9a-f]+)/, `passerby-${mark}`);
    if (name === 'index.html') body = body.replace('<html', `<html data-build="${mark || 'first'}"`);
    files.set('/' + (name === 'index.html' ? '' : renamed(name)), { body, type: types[extname(name)] ?? 'application/octet-stream' });
  }
  return files;
}

/** Serves the first build, and everything else from `server`; `update()` serves a later one, and the first one's files are gone. */
export async function serveBuilds(server) {
  let files = build('');
  const missing = [];
  const there = new URL(server.url);
  const front = createServer((asked, answer) => {
    const { pathname } = new URL(asked.url, 'http://x');
    const file = files.get(pathname);
    if (file) {
      answer.writeHead(200, { 'content-type': file.type, 'cache-control': pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache' });
      return void answer.end(file.body);
    }
    if (pathname.startsWith('/assets/')) {
      missing.push(pathname);
      answer.writeHead(404).end();
      return;
    }
    asked.pipe(request({ host: there.hostname, port: there.port, path: asked.url, method: asked.method, headers: asked.headers }, (told) => {
      answer.writeHead(told.statusCode, told.headers);
      told.pipe(answer);
    }).on('error', () => answer.destroy()));
  });
  front.on('upgrade', (asked, socket, head) => {
    const behind = connect(there.port, there.hostname, () => {
      const headers = asked.rawHeaders.reduce((lines, word, i) => (i % 2 ? `${lines}${word}\r\n` : `${lines}${word}: `), '');
      behind.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headers}\r\n`);
      behind.write(head);
      behind.pipe(socket).pipe(behind);
    });
    behind.on('error', () => socket.destroy());
    socket.on('error', () => behind.destroy());
  });
  await new Promise((done) => front.listen(0, '127.0.0.1', done));
  return {
    url: `http://localhost:${front.address().port}`,
    missing,
    update: () => (files = build('NEW')),
    close: () => new Promise((done) => {
      front.close(done);
      front.closeAllConnections();
    }),
  };
}
