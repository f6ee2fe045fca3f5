// The app's unit tests. Arguments choose files: `run.mjs words`.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runUnitTests } from '../../unit.mjs';

const here = dirname(fileURLToPath(import.meta.url));
await runUnitTests(here, {
  wanted: process.argv.slice(2),
  jsx: 'automatic',
  jsxImportSource: 'preact',
  alias: { '@passerby/client': join(here, '../../sdk/src/index.ts'), '@passerby/client/emoji': join(here, '../../sdk/src/crypto/emoji.ts') },
  env: { NUDITY_NETWORK: join(here, '../src/nudity/network.bin'), TROUBLESHOOTING: join(here, '../../../docs/troubleshooting.md') },
});
