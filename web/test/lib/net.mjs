// The private network of the tests. Firefox needs a server address that is not loopback and a default route.
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';

const address = '10.77.0.1';
const second = '10.77.0.3';
const setup = [
  'ip link set lo up',
  'ip link add pb0 type veth peer name pb1',
  `ip addr add ${address}/24 dev pb0 && ip addr add ${second}/24 dev pb0`,
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

/** Another address like it, for a server that stands behind a proxy; null outside the private network. */
export const hiddenIP = () => (process.env.PASSERBY_TEST_IP ? second : null);

/**
 * A port that nobody has, for TCP or UDP, below those that outgoing connections are given (from 32768 on Linux), so that
 * nobody takes it before its program starts.
 */
export async function freePort() {
  for (let tries = 0; tries < 100; tries++) {
    const port = 12_000 + randomInt(20_000);
    if ((await tried(createServer(), (s) => s.listen(port))) && (await tried(createSocket('udp4'), (s) => s.bind(port)))) return port;
  }
  throw new Error('no free port');
}

/** Whether a server or socket could be opened; it is closed again. */
async function tried(socket, open) {
  const opened = await new Promise((resolve) => open(socket.once('listening', () => resolve(true)).once('error', () => resolve(false))));
  if (opened) await new Promise((resolve) => socket.close(resolve));
  return opened;
}
