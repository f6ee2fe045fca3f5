import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { base64url, hex } from '../src/crypto/bytes';
import { computeKeyId, deriveMatchKeys, generateKeyPair, keyKind, type MatchKeys } from '../src/crypto/keys';
import { openFrame, sealFrame, splitFrame } from '../src/crypto/sframe';
import { openText, sealText } from '../src/crypto/envelope';

const match = 'm-1';

async function twoSides(kind: 'x25519' | 'p256', id = match): Promise<[MatchKeys, MatchKeys]> {
  const [i, r] = await Promise.all([generateKeyPair(kind), generateKeyPair(kind)]);
  return Promise.all([deriveMatchKeys(i, r.text, id, true), deriveMatchKeys(r, i.text, id, false)]);
}

describe('key id', () => {
  it('is the start of the hash that docs/security.md names', async () => {
    const want = createHash('sha256').update('passerby.v1 key-id\nm\np256:AAA\nx25519:BBB').digest('hex').slice(0, 12);
    assert.equal(computeKeyId('m', 'p256:AAA', 'x25519:BBB'), want);
  });
});

for (const kind of ['x25519', 'p256'] as const) {
  describe(kind, () => {
    it('sends keys as kind and raw public key', async () => {
      const pair = await generateKeyPair(kind);
      assert.match(pair.text, kind === 'p256' ? /^p256:B[\w-]{86}$/ : /^x25519:[\w-]{43}$/);
      assert.equal(keyKind(pair.text), kind);
      assert.equal(pair.privateKey.extractable, false);
    });
    it('gives both sides the same keys, one per direction and purpose', async () => {
      const [pi, pr] = await Promise.all([generateKeyPair(kind), generateKeyPair(kind)]);
      const [i, r] = await Promise.all([deriveMatchKeys(pi, pr.text, match, true), deriveMatchKeys(pr, pi.text, match, false)]);
      assert.equal(i.keyId, computeKeyId(match, pi.text, pr.text));
      assert.equal(i.keyId, r.keyId);
      const kid = BigInt('0x' + i.keyId);
      const frame = Uint8Array.of(1, 2, 3, 4, 5);
      for (const [from, to] of [[i.send, r.receive], [r.send, i.receive]] as const) {
        for (const media of ['audio', 'video'] as const) {
          const parts = splitFrame(media, (await sealFrame(from[media], kid, 0, media, frame))!)!;
          assert.deepEqual(await openFrame(to[media], parts), frame);
        }
        const place = { match, keyId: i.keyId, n: 1 };
        const body = await sealText(from.text, place, { kind: 'text', text: 'hello' });
        assert.equal((await openText(to.text, place, body)).text, 'hello');
      }
      const salts = [i.send.audio, i.send.video, i.receive.audio, i.receive.video].map(({ salt }) => hex(salt));
      assert.equal(new Set(salts).size, 4);
    });
    it('refuses a key that is no point, too short, or of another kind', async () => {
      const own = await generateKeyPair(kind);
      const zero = `${kind}:${base64url(new Uint8Array(kind === 'p256' ? 65 : 32))}`;
      const other = (await generateKeyPair(kind === 'p256' ? 'x25519' : 'p256')).text;
      for (const peer of [zero, `${kind}:AAAA`, `${kind}:***`, other, 'rot13:AAAA', '']) {
        await assert.rejects(deriveMatchKeys(own, peer, match, true), peer);
      }
    });
  });
}

describe('key schedule', () => {
  it('follows docs/security.md and RFC 9605 §4.4.2, computed here a second time', async () => {
    // An importable pair, so that Z is known here.
    const algorithm = { name: 'ECDH', namedCurve: 'P-256' };
    const a = await crypto.subtle.generateKey(algorithm, true, ['deriveBits']);
    const b = await crypto.subtle.generateKey(algorithm, true, ['deriveBits']);
    const text = async (k: CryptoKey) => 'p256:' + base64url(new Uint8Array(await crypto.subtle.exportKey('raw', k)));
    const [aText, bText] = [await text(a.publicKey), await text(b.publicKey)];
    const z = Buffer.from(await crypto.subtle.deriveBits({ name: 'ECDH', public: b.publicKey }, a.privateKey, 256));
    const keys = await deriveMatchKeys({ kind: 'p256', text: aText, privateKey: a.privateKey }, bText, match, true);

    const extract = (salt: Buffer, ikm: Buffer) => createHmac('sha256', salt).update(ikm).digest();
    const expand = (prk: Buffer, info: Buffer) => createHmac('sha256', prk).update(info).update(Buffer.of(1)).digest();
    const prk = extract(Buffer.from(match), z);
    const base = expand(prk, Buffer.from(`passerby.v1 video i ${keys.keyId}`));
    const secret = extract(Buffer.alloc(32), base);
    const tail = Buffer.from('0000' + keys.keyId + '0004', 'hex');
    const salt = expand(secret, Buffer.concat([Buffer.from('SFrame 1.0 Secret salt '), tail])).subarray(0, 12);
    assert.equal(hex(keys.send.video.salt), salt.toString('hex'));

    const raw = expand(prk, Buffer.from(`passerby.v1 text i ${keys.keyId}`));
    const place = { match, keyId: keys.keyId, n: 3 };
    const body = await sealText(keys.send.text, place, { kind: 'text', text: 'known' });
    const same = await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['decrypt']);
    assert.equal((await openText(same, place, body)).text, 'known');
  });
  it('binds keys to the match', async () => {
    const [i, r] = await Promise.all([generateKeyPair('p256'), generateKeyPair('p256')]);
    const one = await deriveMatchKeys(i, r.text, 'one', true);
    const two = await deriveMatchKeys(r, i.text, 'two', false);
    assert.notEqual(one.keyId, two.keyId);
    const place = { match, keyId: one.keyId, n: 1 };
    await assert.rejects(openText(two.receive.text, place, await sealText(one.send.text, place, { kind: 'text', text: 'x' })));
  });
  it('keeps the bytes of keys out of reach', async () => {
    const [i] = await twoSides('p256');
    for (const key of [i.send.text, i.send.signal, i.send.video.key, i.receive.audio.key]) assert.equal(key.extractable, false);
  });
});
