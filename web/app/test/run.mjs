// Bundles web/app/test/*.test.ts with esbuild and runs them with node --test.
import * as esbuild from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'passerby-app-'));
const names = readdirSync(here).filter((name) => name.endsWith('.test.ts'));
await esbuild.build({
  entryPoints: names.map((name) => join(here, name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  alias: { '@passerby/client': join(here, '../../sdk/src/index.ts'), '@passerby/client/emoji': join(here, '../../sdk/src/crypto/emoji.ts') },
});
const files = names.map((name) => join(out, name.replace('.ts', '.mjs')));
const { status } = spawnSync(process.execPath, ['--test', '--test-reporter=dot', ...files], {
  stdio: 'inherit',
  env: { ...process.env, NUDITY_NETWORK: join(here, '../src/nudity/network.bin'), TROUBLESHOOTING: join(here, '../../../docs/troubleshooting.md') },
});
rmSync(out, { recursive: true });
process.exit(status ?? 1);
