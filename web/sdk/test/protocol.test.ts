import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { decode } from '../src/protocol';

declare const __TEST_DIR__: string;

interface Golden {
  type: string;
  valid?: Record<string, unknown>[];
  invalid?: { name: string; frame: unknown }[];
}

const dir = join(__TEST_DIR__, '../../../signaling/testdata/protocol');
const golden = existsSync(dir) ? readdirSync(dir).filter((name) => name.startsWith('server-')) : [];
const load = (name: string) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as Golden;

describe('golden messages of the server', { skip: golden.length === 0 && 'this copy has no signaling/testdata' }, () => {
  for (const name of golden) {
    const { type, valid = [], invalid = [] } = load(name);
    it(`${name}: decodes the valid ones as they are`, () => {
      assert.ok(valid.length > 0);
      for (const frame of valid) assert.deepEqual(decode(JSON.stringify(frame)), frame);
    });
    it(`${name}: refuses a field of another type, and ignores unknown ones`, () => {
      for (const frame of valid) {
        assert.ok(decode(JSON.stringify({ ...frame, newer: { a: 1 } })));
        for (const field of Object.keys(frame)) {
          const wrong = { ...frame, [field]: typeof frame[field] === 'object' ? 7 : { not: 'this' } };
          assert.equal(decode(JSON.stringify(wrong)), null, `${type}.${field}`);
        }
      }
    });
    if (invalid.length) it(`${name}: refuses the invalid ones`, () => {
      for (const { name: what, frame } of invalid) assert.equal(decode(JSON.stringify(frame)), null, what);
    });
  }
  it('has every type that the client knows', () => {
    const types = new Set(golden.map((name) => load(name).type));
    for (const type of ['welcome', 'answer', 'waiting', 'matched', 'text', 'ack', 'signal', 'partner', 'ended', 'left', 'reported', 'blocked', 'pong', 'error']) {
      assert.ok(types.has(type), type);
    }
  });
});

describe('decode', () => {
  it('refuses what is no message', () => {
    for (const bad of [undefined, null, 3, new ArrayBuffer(4), '', 'x', 'null', '3', '[]', '"pong"', '{}', '{"type":3}', '{"type":"find"}', '{"type":"toString"}', '{"type":"__proto__"}', '{"type":"pong","id":3}', '{"type":"pong"']) {
      assert.equal(decode(bad), null, String(bad));
    }
  });
  it('refuses numbers that cannot be', () => {
    const text = { type: 'text', match: 'm', n: 1, body: 'AQ', at: 1, tag: '' };
    assert.ok(decode(JSON.stringify(text)));
    for (const n of [0, -1, 1.5, 2 ** 53, '1', null]) assert.equal(decode(JSON.stringify({ ...text, n })), null, String(n));
  });
  it('refuses a key id that is not 12 hex digits, and a mode or reason that nobody knows', () => {
    const matched = { type: 'matched', match: 'm', mode: 'video', initiator: true, peer: { key: 'x25519:A', tags: [] }, key_id: '0123456789ab', at: 1 };
    assert.ok(decode(JSON.stringify(matched)));
    for (const change of [{ key_id: '0123456789a' }, { key_id: '0123456789AB' }, { mode: 'smell' }, { peer: { key: '' } }, { peer: null }]) {
      assert.equal(decode(JSON.stringify({ ...matched, ...change })), null, JSON.stringify(change));
    }
    assert.equal(decode('{"type":"ended","match":"m","reason":"bored"}'), null);
  });
});
