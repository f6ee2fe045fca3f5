import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { base64url, concat, fromBase64url, random, utf8, type Bytes } from '../src/crypto/bytes';
import { commit, openText, sealText, type Place } from '../src/crypto/envelope';
import { openSignal, sealSignal } from '../src/crypto/signal';

declare const __TEST_DIR__: string;

/** Shared with the server's tests. */
const vectors = JSON.parse(readFileSync(join(__TEST_DIR__, '../../../internal/evidence/testdata/vectors.json'), 'utf8')) as {
  franking: { text: string; kf: string; commitment: string }[];
};

const aes = () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
const place: Place = { match: 'm-1', keyId: 'a1b2c3d4e5f6', n: 7 };
const said = { kind: 'text', text: 'Grüße 👋' } as const;

/** Seals like a client that breaks the rules. */
async function forge(key: CryptoKey, commitment: Bytes, plain: unknown, at: Place = place): Promise<string> {
  const iv = random(12);
  const additionalData = concat(utf8(`${at.match}\n${at.keyId}\n${at.n}`), commitment);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, utf8(JSON.stringify(plain)));
  return base64url(concat(Uint8Array.of(1), commitment, iv, new Uint8Array(sealed)));
}

describe('text', () => {
  it('opens, with what proves it', async () => {
    const key = await aes();
    const opened = await openText(key, place, await sealText(key, place, said));
    const { kf, commitment } = opened;
    assert.deepEqual(opened, { ...said, kf, commitment });
    const want = createHmac('sha256', Buffer.from(kf, 'base64url')).update(said.text).digest('base64url');
    assert.equal(commitment, want);
  });
  it('has the layout of docs/security.md', async () => {
    const body = fromBase64url(await sealText(await aes(), place, { kind: 'text', text: '' }));
    const json = JSON.stringify({ kind: 'text', text: '', kf: base64url(random(32)) });
    assert.equal(body[0], 1);
    assert.equal(body.length, 1 + 32 + 12 + json.length + 16);
  });
  it('opens nowhere else', async () => {
    const key = await aes();
    const body = await sealText(key, place, said);
    for (const other of [{ ...place, n: 8 }, { ...place, match: 'm-2' }, { ...place, keyId: 'a1b2c3d4e5f7' }]) {
      await assert.rejects(openText(key, other, body), JSON.stringify(other));
    }
    await assert.rejects(openText(await aes(), place, body));
  });
  it('refuses every changed byte', async () => {
    const key = await aes();
    const body = fromBase64url(await sealText(key, place, { kind: 'text', text: 'x' }));
    for (let i = 0; i < body.length; i++) {
      const changed = body.slice();
      changed[i]! ^= 0x40;
      await assert.rejects(openText(key, place, base64url(changed)), `byte ${i}`);
    }
  });
  it('commits as the server does', async () => {
    for (const { text, kf, commitment } of vectors.franking) {
      assert.equal(base64url(await commit(fromBase64url(kf), text)), commitment, text);
    }
  });
  it('gives proofs in one spelling, whichever the sender chose', async () => {
    const key = await aes();
    const kf = random(32);
    const plain = base64url(kf);
    const twin = plain.slice(0, -1) + String.fromCharCode(plain.charCodeAt(plain.length - 1) + 1); // the same bytes: two bits are spare
    for (const spelt of [plain + '=', twin]) {
      const body = await forge(key, await commit(kf, 'x'), { kind: 'text', text: 'x', kf: spelt });
      assert.equal((await openText(key, place, body)).kf, plain);
    }
    const half = await openText(key, place, await sealText(key, place, { kind: 'text', text: 'a\ud800' }));
    assert.equal(base64url(await commit(fromBase64url(half.kf), 'a\ufffd')), half.commitment, 'half a character, as Go reads it');
  });
  it('refuses a commitment to other words, although it is sealed correctly', async () => {
    const key = await aes();
    const kf = random(32);
    const wrong = await forge(key, await commit(kf, 'something polite'), { kind: 'text', text: 'something else', kf: base64url(kf) });
    await assert.rejects(openText(key, place, wrong), /commitment/);
    const otherKey = await forge(key, await commit(random(32), 'x'), { kind: 'text', text: 'x', kf: base64url(kf) });
    await assert.rejects(openText(key, place, otherKey), /commitment/);
    const right = await forge(key, await commit(kf, 'x'), { kind: 'text', text: 'x', kf: base64url(kf) });
    assert.equal((await openText(key, place, right)).text, 'x');
  });
  it('refuses malformed content', async () => {
    const key = await aes();
    const kf = random(32);
    const c = await commit(kf, 'x');
    for (const plain of [null, [], 'x', { text: 'x', kf: base64url(kf) }, { kind: 'text', text: 1, kf: '' }, { kind: 'html', text: 'x', kf: base64url(kf) }, { kind: 'text', text: 'x' }]) {
      await assert.rejects(openText(key, place, await forge(key, c, plain)), JSON.stringify(plain));
    }
    for (const body of ['', 'AQ', '!!', base64url(random(61))]) await assert.rejects(openText(key, place, body), body);
  });
});

describe('signals', () => {
  it('open, without fields that nobody knows', async () => {
    const key = await aes();
    const sealed = await sealSignal(key, { typing: true, media: { audio: true, video: false }, x: 1 } as never);
    assert.deepEqual(await openSignal(key, sealed), { n: 0, typing: true, media: { audio: true, video: false, screen: false, paused: false, codecs: [] } });
    const away = await sealSignal(key, { media: { audio: true, video: true, paused: true } });
    assert.deepEqual(await openSignal(key, away), { n: 0, media: { audio: true, video: true, screen: false, paused: true, codecs: [] } });
  });
  it('do not open under another key, cut off, or changed', async () => {
    const key = await aes();
    const sealed = await sealSignal(key, { typing: true });
    await assert.rejects(openSignal(await aes(), sealed));
    await assert.rejects(openSignal(key, sealed.slice(0, 20)));
    await assert.rejects(openSignal(key, ''));
  });
});
