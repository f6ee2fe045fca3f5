// The SDK's unit tests. Arguments choose files: `run.mjs text verify`.
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runUnitTests } from '../../unit.mjs';

const here = dirname(fileURLToPath(import.meta.url));
await runUnitTests(here, { wanted: process.argv.slice(2), define: { __TEST_DIR__: JSON.stringify(here) } });
