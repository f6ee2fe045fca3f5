// People without browsers: the SDK itself in text mode, in Node, over real sockets that delay every message and break when told.
//
//   Passerby (SDK) → SlowSocket ──delay, loss of the connection──▶ bin/passerby
import * as esbuild from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';

/** Longest delay of one message, each way, in milliseconds. */
const SLOWEST = 40;

/** As much of the browser's WebSocket as the SDK uses. Order is kept, time is not. */
export class SlowSocket {
  static OPEN = 1;
  static open = new Set();
  readyState = 0;
  #ws;
  #due = { in: 0, out: 0 };

  constructor(url, protocol) {
    this.#ws = new WebSocket(url, protocol);
    this.#ws.on('open', () => this.#later('in', () => this.#opened()));
    this.#ws.on('message', (data) => this.#later('in', () => this.readyState === 1 && this.onmessage?.({ data: String(data) })));
    this.#ws.on('close', () => this.#later('in', () => this.#closed()));
    this.#ws.on('error', () => {});
  }

  send(text) {
    this.#later('out', () => this.#ws.readyState === 1 && this.#ws.send(text));
  }

  close() {
    this.readyState = 3;
    SlowSocket.open.delete(this);
    this.#later('out', () => this.#ws.close());
  }

  /** The network drops it: what is on its way is lost, and the page learns of it at once. */
  cut() {
    this.#ws.terminate();
    this.#closed();
  }

  /** The network swallows it: nothing comes or goes, and nobody is told. */
  swallow() {
    this.send = () => {};
    this.#ws.removeAllListeners('message');
    SlowSocket.open.delete(this);
  }

  #opened() {
    this.readyState = 1;
    SlowSocket.open.add(this);
    this.onopen?.();
  }

  #closed() {
    SlowSocket.open.delete(this);
    const open = this.readyState !== 3;
    this.readyState = 3;
    if (open) this.onclose?.();
  }

  #later(way, act) {
    this.#due[way] = Math.max(this.#due[way], performance.now() + Math.random() * SLOWEST);
    setTimeout(act, this.#due[way] - performance.now());
  }
}

/** Random numbers that a seed repeats (mulberry32). */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

let built;
async function build() {
  const here = dirname(fileURLToPath(import.meta.url));
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(here, '../../sdk/src/index.ts')], bundle: true, write: false, format: 'esm', platform: 'node', target: 'node20',
  });
  class MediaStream {}
  Object.assign(globalThis, { MediaStream, WebSocket: SlowSocket, addEventListener() {}, removeEventListener() {} });
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  return outputFiles[0].text;
}

/** The SDK as a page of one person's own has it: without IndexedDB, the device's key lives in the module. */
async function load(name) {
  const code = await (built ??= build());
  return import(`data:text/javascript;base64,${Buffer.from(`${code}\n// ${name}`).toString('base64')}`);
}

/** One of the crowd: a client, and what became of what it did. */
export class Walker {
  left = new Set(); // matches that Next was pressed in
  log = [];
  wrong = []; // what must never be
  met = 0;
  #asked = null; // when it last began to look for somebody, until it was answered

  static async arrive(url, name, { autoNext }) {
    const sdk = await load(name);
    const walker = new Walker();
    const stored = new Map();
    const storage = { getItem: (k) => stored.get(k) ?? null, setItem: (k, v) => void stored.set(k, v), removeItem: (k) => void stored.delete(k) };
    const client = new sdk.Passerby({ url, storage, autoNext });
    Object.assign(walker, { name, client });
    client.on('state', ({ state }) => {
      walker.note(`is ${state}`);
      if (state === 'idle' || state === 'ended' || state === 'error') walker.#asked = null;
    });
    client.on('waiting', () => (walker.#asked = null));
    client.on('matched', ({ match }) => {
      walker.#asked = null;
      walker.met++;
      walker.note(`matched ${match.id.slice(0, 6)}`);
      if (walker.left.has(match.id)) walker.wrong.push(`is back in the match ${match.id}, which it has left`);
    });
    client.on('ended', ({ match, reason }) => {
      walker.note(`ended ${match.id.slice(0, 6)} ${reason}`);
      if (autoNext) walker.#asked = Date.now();
    });
    client.on('error', ({ code }) => {
      walker.note(`error ${code}`);
      if (code === 'key_mismatch' || code === 'crypto_failed' || code === 'unknown') walker.wrong.push(`error ${code}`);
    });
    return walker;
  }

  note(text) {
    this.log.push(`${new Date().toISOString().slice(14, 23)} ${text}`);
    if (this.log.length > 40) this.log.shift();
  }

  /** How long it has waited in vain for an answer to a press, in milliseconds. */
  get unheard() {
    return this.#asked === null ? 0 : Date.now() - this.#asked;
  }

  start() {
    this.#asked = Date.now();
    return this.client.start({ mode: 'text', adult: true });
  }

  /** Presses Next, if there is something to leave. */
  next() {
    const { state, match } = this.client;
    if (state !== 'matched' && state !== 'ended' && state !== 'reconnecting') return;
    if (match) this.left.add(match.id);
    this.note(`presses Next in ${state} ${match?.id.slice(0, 6) ?? ''}`);
    if (state !== 'reconnecting' || match) this.#asked = Date.now();
    this.client.next();
    if (this.client.match) this.wrong.push('has a match after Next');
  }

  /** Looks with another wish from now on. */
  find(widen) {
    this.note('finds again');
    this.client.find({ widen });
  }
}
