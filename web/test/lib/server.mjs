// Starts and stops bin/passerby on ports of its own, with a data directory of its own.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, publicIP } from './net.mjs';

export const binary = process.env.PASSERBY_BIN ?? join(dirname(fileURLToPath(import.meta.url)), '../../../bin/passerby');

export class Server {
  #child = null;
  #exited = null;
  log = '';

  /** Starts a server. `flags` come after the tests' own: { '--grace': '1s' }. `program` may be another build. */
  static async start(flags = {}, program = binary) {
    const server = new Server();
    server.program = program;
    const ip = publicIP();
    const [http, media, admin, turn] = [await freePort(), await freePort(), await freePort(), await freePort()];
    server.data = mkdtempSync(join(tmpdir(), 'passerby-test-'));
    server.url = `http://localhost:${http}`;
    server.admin = `http://127.0.0.1:${admin}`;
    server.mediaPort = media;
    server.flags = {
      '--http': `127.0.0.1:${http}`,
      '--udp': `${ip}:${media}`,
      '--tcp': `${ip}:${media}`,
      '--public-ip': ip,
      '--turn-listen': `${ip}:${turn}`,
      '--admin': `127.0.0.1:${admin}`,
      '--data-dir': server.data,
      '--rematch': '1ms',
      '--log-level': 'debug',
      ...flags,
    };
    await server.up();
    return server;
  }

  /** Starts the process (again) with the same ports and data, and waits until it answers. */
  async up() {
    const child = spawn(this.program, ['serve', ...Object.entries(this.flags).flat(2)], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (d) => (this.log = (this.log + d).slice(-400_000)));
    const dead = this.#exited.then(({ code, signal }) => {
      throw new Error(`the server ended at once (${signal ?? code}):\n${this.log}`);
    });
    dead.catch(() => {});
    const ready = (async () => {
      for (let i = 0; i < 200; i++) {
        const answer = await fetch(`${this.admin}/readyz`).catch(() => null);
        if (answer?.ok) return;
        await new Promise((r) => setTimeout(r, 50));
      }
      throw new Error(`the server does not get ready:\n${this.log}`);
    })();
    await Promise.race([ready, dead]);
  }

  /** Ends the process; returns how it ended. `SIGKILL` is a crash. */
  async down(signal = 'SIGTERM') {
    if (!this.#child) return null;
    this.#child.kill(signal);
    // A server that hangs shows by SIGQUIT, in its log, where.
    const hung = setTimeout(() => this.#child.kill('SIGQUIT'), 20_000);
    const end = await this.#exited;
    clearTimeout(hung);
    this.#child = null;
    return end;
  }

  async stop() {
    try {
      return await this.down();
    } finally {
      rmSync(this.data, { recursive: true, force: true });
    }
  }

  get pid() {
    return this.#child?.pid;
  }
}
