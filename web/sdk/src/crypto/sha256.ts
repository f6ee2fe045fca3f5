/**
 * SHA-256 (FIPS 180-4) without waiting: WebCrypto answers each hash by a promise, which makes a search of many thousands
 * slower than the hashing itself, and the keys of a match twenty trips to another thread. No branch and no index depends on what
 * is hashed. The constants are those of the standard (FIPS 180-4 §4.2.2): roots of primes, far enough from where a last bit of
 * floating point could change them (parts.test.ts).
 */
const primes = (n: number): number[] => {
  const found: number[] = [];
  for (let c = 2; found.length < n; c++) if (found.every((p) => c % p)) found.push(c);
  return found;
};
const fraction = (x: number): number => ((x - Math.floor(x)) * 2 ** 32) | 0;
/** K, then H: the roots whose fractions they are. */
export const constants: readonly number[] = [...primes(64).map(Math.cbrt), ...primes(8).map(Math.sqrt)];
const K = Int32Array.from(constants.slice(0, 64), fraction);
const H = Int32Array.from(constants.slice(64), fraction);

const w = new Int32Array(64);

const turn = (x: number, n: number): number => (x >>> n) | (x << (32 - n));

/** Takes one block of 64 bytes into the state. */
function compress(state: Int32Array, block: DataView, at: number): void {
  for (let i = 0; i < 16; i++) w[i] = block.getInt32(at + 4 * i);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3);
    const s1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!, e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const s1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
  }
  state[0] = (state[0]! + a) | 0; state[1] = (state[1]! + b) | 0; state[2] = (state[2]! + c) | 0; state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0; state[5] = (state[5]! + f) | 0; state[6] = (state[6]! + g) | 0; state[7] = (state[7]! + h) | 0;
}

export function hash(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64);
  bytes.set(data);
  bytes[data.length] = 0x80;
  const view = new DataView(bytes.buffer);
  view.setUint32(bytes.length - 8, data.length / 2 ** 29);
  view.setUint32(bytes.length - 4, data.length * 8);
  const state = H.slice();
  for (let at = 0; at < bytes.length; at += 64) compress(state, view, at);
  const out = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => out.setInt32(4 * i, word));
  return new Uint8Array(out.buffer);
}

/** HMAC (RFC 2104) of the parts one after the other. */
export function hmac(key: Uint8Array, ...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(64);
  padded.set(key.length > 64 ? hash(key) : key);
  const over = (pad: number, rest: Uint8Array[]): Uint8Array<ArrayBuffer> => hash(Uint8Array.from([padded.map((byte) => byte ^ pad), ...rest].flatMap((part) => [...part])));
  return over(0x5c, [over(0x36, parts)]);
}

/** The hash of a prefix followed by a number in decimal digits, again and again for different numbers. */
export class NumberedHash {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #state = new Int32Array(8);
  readonly #prefix: number;
  #end = 0;

  constructor(prefix: string) {
    const bytes = new TextEncoder().encode(prefix);
    this.#prefix = bytes.length;
    this.#bytes = new Uint8Array(Math.ceil((bytes.length + 16 + 9) / 64) * 64); // at most 16 digits, then 0x80 and the length
    this.#bytes.set(bytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Eight words; the same array each time. `n` is a whole number from 0 on. */
  of(n: number): Int32Array {
    const bytes = this.#bytes;
    let digits = 1;
    for (let rest = n; rest >= 10; rest = Math.floor(rest / 10)) digits++;
    const length = this.#prefix + digits;
    for (let i = length - 1, rest = n; i >= this.#prefix; i--, rest = Math.floor(rest / 10)) bytes[i] = 48 + (rest % 10);
    bytes.fill(0, length, Math.max(this.#end, length));
    bytes[length] = 0x80;
    const end = Math.ceil((length + 9) / 64) * 64;
    this.#view.setUint32(end - 4, length * 8);
    this.#end = end;
    this.#state.set(H);
    for (let at = 0; at < end; at += 64) compress(this.#state, this.#view, at);
    return this.#state;
  }
}
