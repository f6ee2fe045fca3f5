// Starts and stops `passerby turn` alone, with no more than a newcomer would give it; what it prints is what a page gets.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { selfSigned } from './certificate.mjs';
import { freePort, publicIP } from './net.mjs';
import { binary } from './server.mjs';

export class TURN {
  #child = null;
  #exited = null;
  said = '';

  /** Starts a server for UDP, TCP and, with a certificate of its own, TLS, on every address. */
  static async start(...flags) {
    const turn = new TURN();
    const [port, tls, admin] = [await freePort(), await freePort(), await freePort()];
    turn.admin = `http://127.0.0.1:${admin}`;
    turn.dir = mkdtempSync(join(tmpdir(), 'passerby-turn-'));
    const { cert, key } = selfSigned(turn.dir);
    const where = ['--listen', `:${port}`, '--tls-listen', `:${tls}`, '--public-ip', publicIP(), '--admin', `127.0.0.1:${admin}`];
    turn.#child = spawn(binary, ['turn', ...where, '--tls-cert', cert, '--tls-key', key, '--drain-timeout', '0s', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    turn.#exited = new Promise((resolve) => turn.#child.on('exit', (code, signal) => resolve(signal ?? code)));
    await turn.#greeted();
    return turn;
  }

  /** Waits for the iceServers that the server prints at its start. */
  async #greeted() {
    const printed = new Promise((resolve) => {
      for (const stream of [this.#child.stdout, this.#child.stderr])
        stream.on('data', (d) => {
          this.said += d;
          const [, json] = /iceServers: (\[[^]*?\n {2}\])/.exec(this.said) ?? [];
          if (json) resolve(JSON.parse(json));
        });
    });
    const dead = this.#exited.then((how) => {
      throw new Error(`passerby turn ended at once (${how}):\n${this.said}`);
    });
    dead.catch(() => {});
    [this.entry] = await Promise.race([printed, dead]);
  }

  /** The printed entry with one of its URLs, the one that matches, at another host if need be. */
  iceServers(url, host = publicIP()) {
    const urls = this.entry.urls.filter((u) => u.match(url)).map((u) => u.replace(publicIP(), host));
    return [{ ...this.entry, urls }];
  }

  /** The value of a metric, all labels together. */
  async metric(name) {
    const text = await (await fetch(`${this.admin}/metrics`)).text();
    return text.split('\n').filter((l) => l.startsWith(name)).reduce((sum, l) => sum + Number(l.split(' ').at(-1)), 0);
  }

  /** Ends the server; returns how it ended. */
  async stop() {
    this.#child.kill('SIGTERM');
    try {
      return await this.#exited;
    } finally {
      rmSync(this.dir, { recursive: true, force: true });
    }
  }
}
