// Unit tests in Node: bundles a folder's *.test.ts with esbuild and runs them with node --test. What they print is shown when
// one fails. A file that is not done after two minutes fails: a test may wait for what never comes, or leave a timer behind.
// (Not --test-force-exit, by which Node 20 drops tests from its count.)
import * as esbuild from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Runs the tests of `folder` whose names begin with one of `wanted` (all, when there is none) and exits with their status. */
export async function runUnitTests(folder, { wanted = [], env = {}, ...build }) {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts'))
    .filter((name) => wanted.length === 0 || wanted.some((w) => name.startsWith(w)));
  const out = mkdtempSync(join(tmpdir(), 'passerby-unit-'));
  await esbuild.build({
    entryPoints: names.map((name) => join(folder, name)),
    outdir: out,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    logLevel: 'warning',
    ...build,
  });
  const files = names.map((name) => join(out, name.replace(/\.ts$/, '.mjs')));
  const flags = ['--enable-source-maps', '--test', '--test-timeout=120000', '--test-reporter=spec'];
  const { status, stdout } = spawnSync(process.execPath, [...flags, ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    env: { ...process.env, ...env },
  });
  rmSync(out, { recursive: true });
  process.stdout.write(status === 0 ? `${/^ℹ pass (\d+)$/m.exec(stdout)?.[1]} tests passed\n` : stdout);
  process.exit(status ?? 1);
}
