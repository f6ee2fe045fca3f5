// Runs the tests in real browsers: node web/test/run.mjs [--cluster] [NAME …] (part of a test file's name).
// With --cluster they run against three nodes behind NGINX, and partners are on different nodes (lib/person.mjs looks).
//
// As root everything runs in a private network namespace (lib/net.mjs, docs/decisions/0001-firefox-in-tests.md), which
// vanishes with the process. The files run one after the other: browsers are heavy. Screenshots land in web/test/out.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { enterNamespace } from './lib/net.mjs';

/** Files that say nothing more with three nodes. */
const single = {
  'https.test.mjs': 'a server with TLS of its own, and nothing in front',
  'scenes.test.mjs': 'needs no server',
  'sdk.test.mjs': 'the package of the SDK, with a server of its own',
  'loss.test.mjs': 'stands before the one address of a server for media',
  'slow.test.mjs': 'squeezes the one address of a server for media',
};

const here = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const onCluster = args[0] === '--cluster';
const names = onCluster ? args.slice(1) : args;
if (!existsSync(process.env.PASSERBY_BIN ?? join(here, '../../bin/passerby'))) {
  console.error('bin/passerby is missing: run "make build" first.');
  process.exit(1);
}
if (onCluster && !process.env.PASSERBY_TEST_CLUSTER) {
  process.env.PASSERBY_TEST_CLUSTER = join(here, '../../bin/cluster');
  const { status } = spawnSync('go', ['build', '-o', process.env.PASSERBY_TEST_CLUSTER, './bench/cluster'], { cwd: join(here, '../..'), stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
if (!enterNamespace(fileURLToPath(import.meta.url), args)) {
  mkdirSync(join(here, 'out'), { recursive: true });
  const files = readdirSync(here)
    .filter((f) => f.endsWith('.test.mjs') && (onCluster ? !(f in single) : !f.startsWith('cluster-')))
    .filter((f) => !names.length || names.some((n) => f.includes(n)))
    .sort()
    .map((f) => join(here, f));
  // A file that is not done after a quarter of an hour fails, so that one that hangs does not hide the others.
  const child = spawn(process.execPath, ['--test', '--test-concurrency=1', '--test-timeout=900000', '--test-reporter=spec', ...files], { stdio: 'inherit' });
  child.on('exit', (code, signal) => process.exit(signal ? 1 : code));
}
