// Three nodes behind NGINX in place of one server: bench/cluster, which takes words on its input (node web/test/run.mjs --cluster).
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort, publicIP } from './net.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

export class Cluster {
  #child = null;
  #exited = null;
  #said = [];
  #heard = () => {};
  #kept = '';
  nodes = 3;

  /** `binary` is bin/passerby, `flags` are settings of every node: { '--grace': '1s' }. */
  static async start(binary, flags) {
    const cluster = new Cluster();
    cluster.program = binary;
    const [http, ip] = [await freePort(), publicIP()];
    cluster.url = `http://localhost:${http}`;
    const child = spawn(process.env.PASSERBY_TEST_CLUSTER, [
      '-bin', binary, '-site', join(root, 'deploy/nginx/passerby.conf'), '-http', `127.0.0.1:${http}`, '-media-ip', ip, '-apart',
      '--', ...Object.entries({ '--rematch': '1ms', '--log-level': 'debug', '--drain-delay': '300ms', ...flags }).flat(2),
    ], { stdio: ['pipe', 'pipe', 'pipe'] });
    cluster.#child = child;
    cluster.#exited = new Promise((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })));
    child.stderr.on('data', (d) => (cluster.#kept += d));
    createInterface({ input: child.stdout }).on('line', (line) => {
      cluster.#said.push(line);
      cluster.#heard();
    });
    cluster.dir = (await cluster.#says(/logs in ([^;]+);/))[1];
    return cluster;
  }

  /** Waits for a line. */
  async #says(what) {
    let ended = false;
    void this.#exited.then(() => {
      ended = true;
      this.#heard();
    });
    for (;;) {
      for (let line; (line = this.#said.shift()) !== undefined; ) {
        const found = line.match(what);
        if (found) return found;
      }
      if (ended) throw new Error(`the cluster ended:\n${this.#kept}`);
      await new Promise((resolve) => (this.#heard = resolve));
    }
  }

  async #tell(words) {
    this.#child.stdin.write(`${words}\n`);
    const [answer] = await this.#says(/^(?!  |$).*/);
    if (answer !== 'ok') throw new Error(`${words}: ${answer}`);
  }

  /** Ends a node (from 1) as kill -9 does; tells it to stop; starts it again. */
  kill = (node) => this.#tell(`kill ${node}`);
  halt = (node) => this.#tell(`stop ${node}`);
  roll = (node) => this.#tell(`roll ${node}`);
  start = (node) => this.#tell(`start ${node}`);

  /** Ends all nodes, one after the other; starts them again. */
  async down(signal = 'SIGTERM') {
    for (let node = 1; node <= this.nodes; node++) await (signal === 'SIGKILL' ? this.kill(node) : this.halt(node));
    return { code: 0 };
  }
  async up() {
    for (let node = 1; node <= this.nodes; node++) await this.start(node);
  }

  /** The nodes of one machine share a data directory, and so a database. */
  get data() {
    return join(this.dir, 'data');
  }

  /** What all nodes have logged. */
  get log() {
    if (!existsSync(this.dir ?? '')) return this.#kept;
    return readdirSync(this.dir).filter((f) => f.startsWith('node-')).map((f) => readFileSync(join(this.dir, f), 'utf8')).join('\n').slice(-400_000);
  }

  async stop() {
    const log = this.log;
    this.#child.kill('SIGTERM');
    const end = await this.#exited;
    this.#kept = `${log}\n${this.#kept}`;
    rmSync(this.dir, { recursive: true, force: true });
    return end;
  }
}
