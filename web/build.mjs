// Builds the web pages (default) or the SDK (--sdk).
//
//   web/app/src/main.tsx ─┐
//   web/app/src/style/*   ├─ esbuild ─→ web/dist/assets/NAME-HASH.{js,css} (+ .br, .gz) and index.html
//   workers of both       ┘
//   web/console/src        ── esbuild ─→ web/dist/console/ likewise: the moderators' console, which the binary serves at /moderate alone
//
// index.html is web/app/index.html with {{script}}, {{style}} and {{worker}} replaced by the built names.
// Flags: --watch (rebuild on change, no compression), --sdk (web/sdk/dist as ES modules).
import * as esbuild from 'esbuild';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiReference } from './sdk/api.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const flags = new Set(process.argv.slice(2));

const common = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: ['chrome110', 'firefox117', 'safari16.4'],
  logLevel: 'warning',
  legalComments: 'none',
  charset: 'utf8',
  alias: { '@passerby/client': join(root, 'sdk/src/index.ts'), '@passerby/client/emoji': join(root, 'sdk/src/crypto/emoji.ts') },
};

/** Parts of the SDK that are loaded when they are used: each imports nothing of the rest, so that it is a file of its own. */
const later = ['talk', 'quality', 'proof', 'tcp'];
const apart = {
  name: 'apart',
  setup: (build) => build.onResolve({ filter: new RegExp(`^\\./(${later.join('|')})\\.js$`) }, ({ path }) => ({ path, external: true })),
};

/** The SDK for publishing: readable ES modules, each worker in one file, types, and API.md from the comments. Says what it weighs. */
async function buildSDK() {
  rmSync(join(root, 'sdk/dist'), { recursive: true, force: true });
  const entryPoints = {
    index: 'sdk/src/index.ts', worker: 'sdk/src/worker/worker.ts', prover: 'sdk/src/worker/prover.ts',
    group: 'sdk/src/group/index.ts', groupworker: 'sdk/src/worker/group.ts', emoji: 'sdk/src/crypto/emoji.ts',
    ...Object.fromEntries(later.map((name) => [name, `sdk/src/${name}.ts`])),
  };
  const options = { ...common, alias: {}, entryPoints, outdir: 'sdk/dist', plugins: [apart] };
  await esbuild.build({ ...options, sourcemap: true });
  const { outputFiles } = await esbuild.build({ ...options, minify: true, write: false });
  for (const { path, contents } of outputFiles) {
    console.log(`${relative(root, path)}: ${brotliCompressSync(contents).length} bytes minified and compressed (br)`);
  }
  const types = ['tsc', '-p', 'tsconfig.sdk.json', '--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--rootDir', 'sdk/src', '--outDir', 'sdk/dist/types'];
  const { status } = spawnSync('npx', ['--no-install', ...types], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  writeFileSync(join(root, 'sdk/API.md'), apiReference(join(root, 'sdk/dist/types')));
}

const bundled = (watch) => ({
  ...common,
  entryNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: !watch,
  sourcemap: watch ? 'inline' : false,
  metafile: true,
  loader: { '.woff2': 'file', '.svg': 'file', '.png': 'file', '.webp': 'file', '.bin': 'file' },
  define: { 'process.env.NODE_ENV': watch ? '"development"' : '"production"' },
});

/** Files beside index.html that the page needs as they are (icons, manifest). */
function copyPublic(dist) {
  const from = join(root, 'app/public');
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath ?? entry.path, entry.name);
    const target = join(dist, relative(from, source));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, readFileSync(source));
  }
}

function clean(dist) {
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) {
    if (name !== '.placeholder') rmSync(join(dist, name), { recursive: true });
  }
}

function styles() {
  const dir = join(root, 'app/src/style');
  const names = readdirSync(dir).filter((name) => name.endsWith('.css')).sort();
  const main = names.find((name) => name === 'main.css' || name === 'index.css');
  return (main ? [main] : names).map((name) => `@import "./${name}";`).join('\n');
}

async function buildApp({ watch }) {
  const dist = join(root, 'dist');
  const options = { ...bundled(watch), outdir: 'dist/assets' };
  // The workers first: their hashed names are compiled into the page.
  const bundle = (entry, name) => esbuild.build({ ...options, entryPoints: name ? { [name]: entry } : [entry], write: false });
  const worker = await bundle('sdk/src/worker/worker.ts');
  const prover = await bundle('sdk/src/worker/prover.ts');
  const nudity = await bundle('app/src/nudity/worker.ts', 'nudity');
  const urlOf = ({ outputFiles }) => '/' + relative(dist, outputFiles.find(({ path }) => path.endsWith('.js')).path);
  const workerURL = urlOf(worker);
  const style = await esbuild.build({
    ...options,
    stdin: { contents: styles(), loader: 'css', resolveDir: join(root, 'app/src/style'), sourcefile: 'style.css' },
    entryNames: 'style-[hash]',
    write: false,
  });
  const page = await esbuild.build({
    ...options,
    entryPoints: ['app/src/main.tsx'],
    splitting: true,
    write: false,
    define: { ...options.define, __WORKER_URL__: JSON.stringify(workerURL), __PROVER_URL__: JSON.stringify(urlOf(prover)), __NUDITY_URL__: JSON.stringify(urlOf(nudity)) },
  });

  clean(dist);
  const outputs = [...worker.outputFiles, ...prover.outputFiles, ...nudity.outputFiles, ...style.outputFiles, ...page.outputFiles];
  mkdirSync(join(dist, 'assets'), { recursive: true });
  for (const file of outputs) writeFileSync(file.path, file.contents);
  writeFileSync(join(dist, 'assets/network-licence.txt'), readFileSync(join(root, 'app/src/nudity/LICENSE.network')));
  copyPublic(dist);

  const entry = Object.entries(page.metafile.outputs).find(([, o]) => o.entryPoint === 'app/src/main.tsx');
  const sheets = [...style.outputFiles, ...page.outputFiles].filter((f) => f.path.endsWith('.css'));
  const html = readFileSync(join(root, 'app/index.html'), 'utf8')
    .replaceAll('{{script}}', '/' + relative('dist', entry[0]))
    .replaceAll('{{worker}}', workerURL)
    .replaceAll('{{style}}', '/' + relative(dist, sheets[0].path));
  writeFileSync(join(dist, 'index.html'), html);
  await buildConsole(dist, watch);
  await writeWords(dist);
  if (!watch) {
    writeServiceWorker(dist, html, page.metafile.outputs, [workerURL, urlOf(prover), '/' + relative(dist, sheets[0].path)]);
    compress(dist);
  }
  return dist;
}

/** .words.json: every word of the page in English that an operator may say in his own way, by its key (internal/brand). It is not served. */
async function writeWords(dist) {
  const { outputFiles } = await esbuild.build({ ...common, entryPoints: ['app/src/strings/en.ts'], write: false });
  const { en } = await import('data:text/javascript,' + encodeURIComponent(outputFiles[0].text));
  const all = {};
  const walk = (node, path) => {
    if (typeof node === 'string' || Array.isArray(node)) all[path] = node;
    else if (typeof node === 'object') for (const [key, value] of Object.entries(node)) walk(value, path ? `${path}.${key}` : key);
  };
  walk(en, '');
  writeFileSync(join(dist, '.words.json'), JSON.stringify(all));
}

/** sw.js: the service worker, which knows what the page needs to say that it is offline. */
function writeServiceWorker(dist, html, outputs, others) {
  const [entry] = Object.entries(outputs).find(([, o]) => o.entryPoint === 'app/src/main.tsx');
  const needed = (path) => [path, ...outputs[path].imports.filter((i) => i.kind === 'import-statement' || /\/(en|talk)-/.test(i.path)).flatMap((i) => needed(i.path))];
  const assets = needed(entry).map((path) => '/' + relative('dist', path));
  const shell = ['/', '/icon.svg', ...new Set([...assets, ...others])];
  const version = createHash('sha256').update(html + shell).digest('hex').slice(0, 12);
  const text = readFileSync(join(root, 'app/src/service-worker.js'), 'utf8')
    .replace('{{version}}', version)
    .replace('{{shell}}', shell.map((name) => `'${name}'`).join(', '));
  writeFileSync(join(dist, 'sw.js'), text);
}

/** The moderators' console, into a folder that the public page's handler leaves out. Its files are named from where it is served. */
async function buildConsole(dist, watch) {
  const page = await esbuild.build({
    ...bundled(watch),
    outdir: 'dist/console/assets',
    entryPoints: { console: 'console/src/main.tsx', style: 'console/src/style/main.css' },
    write: false,
  });
  const to = join(dist, 'console');
  mkdirSync(join(to, 'assets'), { recursive: true });
  for (const file of page.outputFiles) writeFileSync(file.path, file.contents);
  const built = (suffix) => '/moderate/' + relative(to, page.outputFiles.find((f) => f.path.endsWith(suffix)).path);
  const html = readFileSync(join(root, 'console/index.html'), 'utf8').replaceAll('{{script}}', built('.js')).replaceAll('{{style}}', built('.css'));
  writeFileSync(join(to, 'index.html'), html);
}

/** Writes .br and .gz beside each file that gains from it, and prints what the page weighs. */
function compress(dist) {
  const rows = [];
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|html|svg|json|webmanifest|txt)$/.test(entry.name)) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const data = readFileSync(path);
    const br = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
    const gz = gzipSync(data, { level: 9 });
    if (br.length < data.length) writeFileSync(path + '.br', br);
    if (gz.length < data.length) writeFileSync(path + '.gz', gz);
    rows.push([relative(dist, path), data.length, gz.length, br.length]);
  }
  const kb = (n) => (n / 1024).toFixed(1).padStart(7);
  console.log('    raw      gz      br  KiB');
  for (const [name, raw, gz, br] of rows.sort()) console.log(`${kb(raw)} ${kb(gz)} ${kb(br)}  ${name}`);
}

async function watchApp() {
  const { watch } = await import('node:fs');
  let timer;
  const rebuild = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      buildApp({ watch: true }).then(() => console.log('built'), (e) => console.error(e.message));
    }, 50);
  };
  for (const dir of ['app', 'console', 'sdk/src']) watch(join(root, dir), { recursive: true }, rebuild);
  rebuild();
}

if (flags.has('--sdk')) await buildSDK();
else if (flags.has('--watch')) await watchApp();
else await buildApp({ watch: false });
