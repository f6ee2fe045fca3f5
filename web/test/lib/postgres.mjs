// A PostgreSQL of the test's own, as internal/testenv starts one for the tests in Go.
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './net.mjs';

/** Where Debian keeps the programs, which are not in PATH: those of the newest version. */
function programs() {
  const root = '/usr/lib/postgresql';
  let versions = [];
  try {
    versions = readdirSync(root).sort((a, b) => a - b);
  } catch { /* none */ }
  if (!versions.length) throw new Error('PostgreSQL is missing: run scripts/test-deps.sh');
  return join(root, versions.at(-1), 'bin');
}

/** It refuses to run as root, who starts it as its package's own user. */
function unprivileged() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export class Postgres {
  static async start() {
    const server = new Postgres();
    const [bin, as, port] = [programs(), unprivileged(), await freePort()];
    server.dir = mkdtempSync(join(tmpdir(), 'passerby-postgres-'));
    if (as.uid !== undefined) chownSync(server.dir, as.uid, as.gid);
    const options = { cwd: server.dir, env: { PATH: process.env.PATH, LC_ALL: 'C' }, ...as };
    const data = join(server.dir, 'data');
    execFileSync(join(bin, 'initdb'), [`--pgdata=${data}`, '--username=passerby', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'], { ...options, stdio: 'pipe' });
    // The shell ends the server when our end of its input closes: also when the test dies.
    const run = [join(bin, 'postgres'), '-D', data, '-p', port, '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off', '-c', 'shared_buffers=16MB', '-c', 'lc_messages=C'];
    const child = spawn('sh', ['-c', '"$@" 2>&1 & pid=$!; exec >&-; read -r _; kill -QUIT $pid; wait $pid', 'postgres', ...run.map(String)], { ...options, stdio: ['pipe', 'pipe', 'ignore'] });
    server.child = child;
    server.ended = new Promise((resolve) => child.on('close', resolve));
    const lines = createInterface({ input: child.stdout });
    const said = [];
    await Promise.race([
      new Promise((ready) => lines.on('line', (line) => (said.push(line), line.includes('ready to accept connections') && ready()))),
      server.ended.then(() => Promise.reject(new Error(`PostgreSQL does not start:\n${said.join('\n')}`))),
    ]);
    server.url = `postgres://passerby@127.0.0.1:${port}/postgres?sslmode=disable`;
    return server;
  }

  async stop() {
    this.child.stdin.end();
    await this.ended;
    rmSync(this.dir, { recursive: true, force: true });
  }
}
