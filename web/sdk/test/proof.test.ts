import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { NumberedHash } from '../src/crypto/sha256';
import { requestSession } from '../src/session';
import { search } from '../src/worker/search';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hex = (words: Int32Array) => [...words].map((w) => (w >>> 0).toString(16).padStart(8, '0')).join('');

describe('proof of work', () => {
  it('hashes like SHA-256, whatever the lengths, also when the digits become fewer', () => {
    for (const length of [0, 1, 40, 44, 46, 50, 54, 55, 56, 60, 63, 64, 65, 100, 120]) {
      const prefix = 'x'.repeat(length);
      const hash = new NumberedHash(prefix);
      for (const n of [0, 9, 10, 1_599_999, 7, 2 ** 53 - 1, 123]) assert.equal(hex(hash.of(n)), sha256(prefix + n), `${length} ${n}`);
    }
  });
  it('finds the number, at both ends too, and tells how far it is', () => {
    const salt = '0123456789abcdef01234567?expires=1800000000&';
    for (const n of [0, 1, 54_321, 60_000]) {
      const shares: number[] = [];
      assert.equal(search({ challenge: sha256(salt + n), maxnumber: 60_000, salt }, (share) => shares.push(share)), n);
      assert.ok(shares.every((share, i) => share > (shares[i - 1] ?? 0) && share <= 1));
    }
  });
  it('gives up on what has no solution or is no puzzle', () => {
    assert.equal(search({ challenge: sha256('another'), maxnumber: 100, salt: 's' }), null);
    for (const challenge of ['', 'x', sha256('1').toUpperCase(), sha256('1') + '0']) assert.equal(search({ challenge, maxnumber: 10, salt: '' }), null);
  });
});

describe('a session that needs proof', () => {
  const nativeFetch = globalThis.fetch;
  const challenge = { algorithm: 'SHA-256', challenge: 'c', maxnumber: 9, salt: 's', signature: 'x' };
  const serve = (accepts: (body: Record<string, any>) => boolean) => {
    const asked: Record<string, any>[] = [];
    globalThis.fetch = (async (_: unknown, init: RequestInit) => {
      const body = JSON.parse(String(init.body));
      asked.push(body);
      return accepts(body)
        ? Response.json({ token: 't', expires_at: new Date().toISOString(), ice_servers: [], limits: {} })
        : Response.json({ error: { code: 'proof_required', message: '' }, challenge }, { status: 428 });
    }) as typeof fetch;
    return asked;
  };
  const solve = async () => ({ algorithm: 'SHA-256', challenge: 'c', number: 7, salt: 's', signature: 'x' });

  it('solves the puzzle and asks again', async () => {
    const asked = serve((body) => body['proof']?.number === 7);
    assert.equal((await requestSession('http://example.test', solve)).token, 't');
    assert.deepEqual(asked.map((body) => body['proof']?.number), [undefined, 7]);
    globalThis.fetch = nativeFetch;
  });
  it('gives up after three, and when the Worker cannot', async () => {
    const asked = serve(() => false);
    await assert.rejects(requestSession('http://example.test', solve), { code: 'proof_required', fatal: true });
    assert.equal(asked.length, 4);
    await assert.rejects(requestSession('http://example.test', () => Promise.reject(new Error('no Worker'))), { code: 'proof_required', fatal: true });
    globalThis.fetch = nativeFetch;
  });
});
