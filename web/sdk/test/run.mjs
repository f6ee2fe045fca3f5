// Bundles sdk/test/*.test.ts with esbuild and runs them with node --test. Arguments choose files: `run.mjs text verify`.
import * as esbuild from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '.out');
const wanted = process.argv.slice(2);
const names = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts'))
  .filter((name) => wanted.length === 0 || wanted.some((w) => name.startsWith(w)));

rmSync(out, { recursive: true, force: true });
await esbuild.build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  define: { __TEST_DIR__: JSON.stringify(here) },
});
const files = names.map((name) => join(out, basename(name, '.ts') + '.mjs'));
const { status } = spawnSync(process.execPath, ['--enable-source-maps', '--test', '--test-reporter=' + (process.env.TEST_REPORTER ?? 'dot'), ...files], { stdio: 'inherit' });
process.exit(status ?? 1);
