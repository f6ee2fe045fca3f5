import assert from 'node:assert/strict';
import { createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { hkdf } from '../src/crypto/bytes';
import { constants, hash, hmac } from '../src/crypto/sha256';

const bytes = (n: number) => new Uint8Array(randomBytes(n));
const node = (b: ArrayBuffer | Buffer) => new Uint8Array(b);

describe('SHA-256 and what is built of it', () => {
  it('is what Node computes, for every length around a block and for long ones', () => {
    for (const n of [...Array(200).keys(), 1000, 65_536]) {
      const data = bytes(n);
      assert.deepEqual(hash(data), node(createHash('sha256').update(data).digest()), `${n}`);
      for (const key of [bytes(n % 130), bytes(0)]) assert.deepEqual(hmac(key, data.subarray(0, n >> 1), data.subarray(n >> 1)), node(createHmac('sha256', key).update(data).digest()), `${n}`);
    }
  });
  it('HKDF, with and without salt', () => {
    for (const length of [1, 16, 32, 33, 64, 100]) for (const salt of [bytes(0), bytes(16), bytes(80)]) {
      const [secret, info] = [bytes(32), bytes(length)];
      assert.deepEqual(hkdf(secret, salt, info, length), node(hkdfSync('sha256', secret, salt, info, length) as ArrayBuffer));
    }
  });
  it('has constants that no engine’s rounding could change', () => {
    // Where the exact root would lie so near to a multiple of 2^-32 that an error of a thousand last bits mattered.
    for (const exact of constants) {
      const scaled = exact * 2 ** 32;
      const off = Math.abs(scaled - Math.round(scaled));
      assert.ok(off > exact * 2 ** 32 * 1000 * Number.EPSILON, `${exact}`);
    }
  });
});
