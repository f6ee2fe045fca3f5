import { pack, unpack, type Whole } from '../src/crypto/packing';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, hex, random, type Bytes } from '../src/crypto/bytes';
import {
  ReplayWindow, clearLength, decodeHeader, deriveFrameKey, deriveRaw, encodeHeader, nonce, open, openFrame, seal, sealFrame,
  splitFrame, type Kind,
} from '../src/crypto/sframe';
import vectors from './vectors/rfc9605.json';
import { unhex } from './bytes';

describe('RFC 9605 Appendix C.1: header', () => {
  for (const { kid, ctr, encoded } of vectors.header) {
    it(`kid ${kid} ctr ${ctr}`, () => {
      const k = BigInt('0x' + kid);
      const c = BigInt('0x' + ctr);
      assert.equal(hex(encodeHeader(k, c)), encoded);
      assert.deepEqual(decodeHeader(unhex(encoded + 'ffff')), { kid: k, ctr: c, length: encoded.length / 2 });
    });
  }
});

describe('RFC 9605 Appendix C.3: the suite in use', () => {
  for (const v of vectors.sframe.filter((v) => v.cipher_suite === 4)) {
    it(`suite ${v.cipher_suite}`, async () => {
      const [kid, ctr] = [BigInt(v.kid), BigInt(v.ctr)];
      const raw = deriveRaw(unhex(v.base_key), kid);
      assert.equal(hex(raw.key), v.sframe_key);
      const key = await deriveFrameKey(unhex(v.base_key), kid);
      assert.equal(hex(key.salt), v.sframe_salt);
      assert.equal(hex(nonce(key.salt, ctr)), v.nonce);
      const header = encodeHeader(kid, ctr);
      const aad = concat(header, unhex(v.metadata));
      assert.equal(hex(aad), v.aad);
      const sealed = await seal(key, ctr, aad, unhex(v.pt));
      assert.equal(hex(concat(header, sealed)), v.ct);
      assert.equal(hex(await open(key, ctr, aad, sealed)), v.pt);
    });
  }
});

describe('header', () => {
  it('is refused when it ends early', () => {
    for (const text of ['', '08', '80', '990123', '99012345']) assert.equal(decodeHeader(unhex(text)), null, text);
  });
  it('gives the KID six bytes on demand, also when fewer would do', () => {
    assert.equal(hex(encodeHeader(0xabn, 5n, 6)), 'd5' + '0000000000ab');
    assert.equal(hex(encodeHeader(0xffee_ddcc_bbaan, 0x1234n, 6)), 'd9' + 'ffeeddccbbaa' + '1234');
    assert.deepEqual(decodeHeader(unhex('d50000000000ab')), { kid: 0xabn, ctr: 5n, length: 7 });
  });
});

const kid = 0x00ab_cdef_0123n;
const frames: [string, Kind, Bytes, number][] = [
  ['VP8 key frame', 'video', concat(Uint8Array.of(0x10), random(500)), 10],
  ['VP8 delta frame', 'video', concat(Uint8Array.of(0x31), random(50)), 3],
  ['Opus', 'audio', concat(Uint8Array.of(0x78), random(80)), 1],
  ['Opus silence of one byte', 'audio', Uint8Array.of(0x78), 1],
];

describe('frames', () => {
  for (const [name, kind, frame, clear] of frames) {
    it(`${name}: clear bytes, header, ciphertext, tag`, async () => {
      const key = await deriveFrameKey(random(32), kid);
      const sealed = (await sealFrame(key, kid, 300, kind, frame))!;
      assert.equal(clearLength(kind, frame), clear);
      assert.equal(sealed.length, frame.length + 9 + 16);
      assert.deepEqual(sealed.subarray(0, clear), frame.subarray(0, clear));
      assert.equal(hex(sealed.subarray(clear, clear + 9)), 'd9' + '00abcdef0123' + '012c');
      const parts = splitFrame(kind, sealed)!;
      assert.equal(parts.kid, kid);
      assert.equal(parts.ctr, 300);
      assert.deepEqual(await openFrame(key, parts), frame);
    });
    it(`${name}: no bit can be changed, nothing cut off`, async () => {
      const key = await deriveFrameKey(random(32), kid);
      const sealed = (await sealFrame(key, kid, 7, kind, frame))!;
      for (let i = 0; i < sealed.length; i++) {
        const changed = sealed.slice();
        changed[i]! ^= 1;
        const parts = splitFrame(kind, changed);
        if (parts) await assert.rejects(openFrame(key, parts), `byte ${i}`);
      }
      for (let length = 0; length < sealed.length; length += 5) {
        const parts = splitFrame(kind, sealed.slice(0, length));
        if (parts) await assert.rejects(openFrame(key, parts), `length ${length}`);
      }
    });
  }
});

const start = Uint8Array.of(0, 0, 0, 1);
const wholes: [Whole, Bytes][] = [
  ['VP9', concat(Uint8Array.of(130, 73, 131, 66), random(700))],
  ['AV1', concat(Uint8Array.of(0x12, 0, 0x0a, 0x0a), random(300))],
  ['H264', concat(start, Uint8Array.of(0x67, 66, 192, 21), start, Uint8Array.of(0x68, 206, 1), start, Uint8Array.of(0x65, 0x88, 0x80, 9), random(900))],
  ['H264', concat(Uint8Array.of(0, 0, 1, 0x61, 0xe0, 0), random(40))],
];

describe('frames that are sealed whole', () => {
  for (const [codec, frame] of wholes) {
    it(`${codec}: opens to what it was, and under no other name`, async () => {
      const key = await deriveFrameKey(random(32), kid);
      const sealed = (await sealFrame(key, kid, 300, codec, frame))!;
      const parts = splitFrame(codec, sealed)!;
      assert.deepEqual([parts.kid, parts.ctr], [kid, 300]);
      assert.deepEqual(await openFrame(key, parts), frame);
      for (const other of ['video', 'VP9', 'AV1', 'H264'] as const) {
        const wrong = other === codec ? null : splitFrame(other, sealed);
        if (wrong) await assert.rejects(openFrame(key, wrong), other);
      }
      sealed[sealed.length - 2]! ^= 1;
      const changed = splitFrame(codec, sealed);
      if (changed) await assert.rejects(openFrame(key, changed));
    });
  }
  it('H.264: no start code inside, whatever the ciphertext', () => {
    const [, frame] = wholes[2]!;
    for (let i = 0; i < 500; i++) {
      const body = random(60).map((byte) => (byte < 200 ? 0 : byte % 5)) as Bytes;
      const header = encodeHeader(BigInt(i % 3), BigInt(i), 6);
      const packed = pack('H264', header, body, frame)!;
      assert.equal(hex(packed).match(/^(..)*?00000001/g)?.length, 1);
      const units = hex(packed).replace(/../g, '$& ').split('00 00 00 01 ');
      assert.deepEqual(units.map((unit) => unit.slice(0, 2)), ['', '06', '67', '68', '65']);
      assert.ok(units.every((unit) => !/00 00 0[012] /.test(unit)), `${i}: ${units}`);
      // Receivers may be given shorter start codes.
      const parts = unpack('H264', unhex(hex(packed).replace(/00000001(?=65|68)/g, '000001')), (sealed) => decodeHeader(sealed)!.length)!;
      assert.deepEqual([parts.header, parts.body], [header, body]);
    }
  });
  it('what is no frame of the codec is not sent', async () => {
    const key = await deriveFrameKey(random(32), kid);
    assert.equal(await sealFrame(key, kid, 0, 'H264', random(50).fill(9)), null);
    for (const codec of ['VP9', 'AV1', 'H264'] as const) for (let n = 0; n < 60; n++) assert.doesNotThrow(() => splitFrame(codec, random(n)));
  });
});

describe('ReplayWindow', () => {
  const feed = (...list: number[]) => {
    const window = new ReplayWindow();
    return list.map((ctr) => {
      const fresh = window.fresh(ctr);
      if (fresh) window.add(ctr);
      return fresh;
    });
  };
  it('takes each counter once, in any order', () => {
    assert.deepEqual(feed(0, 0, 2, 1, 2, 1, 3), [true, false, true, true, false, false, true]);
  });
  it('refuses what is older than 1024', () => {
    assert.deepEqual(feed(5000, 3976, 3977, 3977, 3000, 10), [true, false, true, false, false, false]);
  });
  it('forgets nothing when it slides, and remembers nothing that left', () => {
    assert.deepEqual(feed(10, 1000, 10, 1034, 10, 2057, 1033, 1034), [true, true, false, true, false, true, false, false]);
    assert.deepEqual(feed(1, 1025, 2, 1026, 2, 4000, 2977, 3001), [true, true, true, true, false, true, true, true]);
  });
  it('agrees with a set', () => {
    const window = new ReplayWindow();
    const seen = new Set<number>();
    let highest = -1;
    for (let i = 0, ctr = 0; i < 50_000; i++) {
      ctr = Math.max(0, ctr + Math.floor(Math.random() * 40) - 18 + (i % 5000 === 0 ? 2000 : 0));
      const want = ctr > highest - 1024 && !seen.has(ctr);
      assert.equal(window.fresh(ctr), want, `${ctr} under ${highest}`);
      if (!want) continue;
      window.add(ctr);
      seen.add(ctr);
      highest = Math.max(highest, ctr);
    }
  });
});
