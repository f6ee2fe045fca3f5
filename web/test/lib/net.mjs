// The private network of the tests. Firefox needs a server address that is not loopback and a default route.
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

const address = '10.77.0.1';
const setup = [
  'ip link set lo up',
  'ip link add pb0 type veth peer name pb1',
  `ip addr add ${address}/24 dev pb0`,
  'ip link set pb0 up && ip link set pb1 up',
  'ip route add default via 10.77.0.254',
  'exec "$@"',
].join(' && ');

/**
 * Runs script again inside a namespace of its own, waits for it, and exits with its code. Returns false when this
 * process should go on itself: it already is inside, or cannot make one (not root), and then uses the machine's own.
 */
export function enterNamespace(script, args) {
  if (process.env.PASSERBY_TEST_IP || process.getuid() !== 0) return false;
  const probe = spawnSync('unshare', ['-n', 'sh', '-c', setup, 'sh', 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    console.error(`no network namespace (${(probe.stderr || String(probe.error)).trim()}): using the machine's own network`);
    return false;
  }
  const child = spawnSync('unshare', ['-n', 'sh', '-c', setup, 'sh', process.execPath, script, ...args], {
    stdio: 'inherit',
    env: { ...process.env, PASSERBY_TEST_IP: address },
  });
  process.exit(child.status ?? 1);
}

/** The address under which browsers reach the media server. */
export function publicIP() {
  if (process.env.PASSERBY_TEST_IP) return process.env.PASSERBY_TEST_IP;
  const own = Object.values(networkInterfaces()).flat().find((a) => a.family === 'IPv4' && !a.internal);
  return own?.address ?? '127.0.0.1';
}

/** A port that is free now, for TCP and most likely for UDP. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve, reject) => server.listen(0, '127.0.0.1', resolve).on('error', reject));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
