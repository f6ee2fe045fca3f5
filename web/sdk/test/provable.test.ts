import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Call } from '../src/call';
import { fromBase64url, hex } from '../src/crypto/bytes';
import { commitToMedia, computeKeyId, deriveMatchKeys, generateKeyPair, type KeyPair } from '../src/crypto/keys';
import { deriveFrameKey, openFrame, splitFrame, type Kind } from '../src/crypto/sframe';
import { Emitter, type Events } from '../src/events';
import { KeyRing } from '../src/keyring';
import { Meeting } from '../src/meeting';
import type { ClientMessage, Keyed, Matched } from '../src/protocol';
import { Vault } from '../src/session';

declare const __TEST_DIR__: string;

/** Shared with the server's tests. */
const { media: vector } = JSON.parse(readFileSync(join(__TEST_DIR__, '../../../internal/evidence/testdata/vectors.json'), 'utf8')) as {
  media: { match: string; side: 'i' | 'r'; keyid: string; audio: string; video: string; commit: string; frames: { kind: Kind; plain: string; sealed: string }[] };
};

describe('what the server computes, too', () => {
  it('is the commitment', () => {
    const { match, side, keyid, audio, video, commit } = vector;
    assert.equal(commitToMedia(match, side, keyid, fromBase64url(audio), fromBase64url(video)), commit);
  });
  it('is the frame', async () => {
    for (const { kind, plain, sealed } of vector.frames) {
      const key = await deriveFrameKey(fromBase64url(vector[kind]), BigInt('0x' + vector.keyid));
      assert.equal(hex(await openFrame(key, splitFrame(kind, fromBase64url(sealed))!)), hex(fromBase64url(plain)));
    }
  });
});

describe('commitments', () => {
  it('of one side are what the other expects, and only where they are asked for', async () => {
    const [a, b] = await Promise.all([generateKeyPair('p256'), generateKeyPair('p256')]);
    const i = await deriveMatchKeys(a, b.text, 'm', true, true);
    const r = await deriveMatchKeys(b, a.text, 'm', false, true);
    assert.equal(i.proof!.own, r.proof!.theirs);
    assert.equal(r.proof!.own, i.proof!.theirs);
    assert.notEqual(i.proof!.own, r.proof!.own);
    assert.equal(commitToMedia('m', 'r', i.keyId, fromBase64url(i.proof!.audio), fromBase64url(i.proof!.video)), r.proof!.own, 'the keys that are handed over are those of the partner');
    assert.equal((await deriveMatchKeys(a, b.text, 'm', true)).proof, undefined);
  });
});

/** One side of a video match, without a browser. */
async function side(recorded = 10_000) {
  const sent: ClientMessage[] = [];
  const distrusted: string[] = [];
  const shown: unknown[] = [];
  const events = new Emitter<Events>();
  events.on('firstframe', (e) => shown.push(e));
  const ring = new KeyRing();
  const own = await ring.fresh('p256');
  const meeting: Meeting = new Meeting({
    events, ring, vault: new Vault(null),
    send: (message) => sent.push(message) > 0,
    call: {
      media: { send: () => false, makeKeyFrame: async () => {}, shown: async () => {}, pc: { getStats: async () => new Map() } },
      frames: { install: async () => true, clear() {} },
      seen: null, settle() {},
      presence: { audio: true, video: true, screen: false },
      suit: async () => {},
    } as unknown as Call,
    limits: () => ({ graceMs: 0, resumeMs: 0, rematchMs: 0, reportMediaMs: recorded, clearText: false }),
    distrust: (code) => {
      distrusted.push(code);
      meeting.clear();
    },
    avoid: () => {},
  });
  const partner = await generateKeyPair('p256');
  const matched: Matched = {
    type: 'matched', match: 'm', mode: 'video', initiator: true, at: 1, key_id: computeKeyId('m', own.text, partner.text), peer: { key: partner.text, tags: [] },
  };
  meeting.begin(matched, false);
  const keyed = async (): Promise<Keyed> => {
    for (;;) {
      const message = sent.find((m): m is Keyed => m.type === 'keyed');
      if (message) return message;
      await new Promise((done) => setImmediate(done));
    }
  };
  return { meeting, own, partner, matched, sent, distrusted, shown, keyed };
}

/** What the partner's honest client commits to. */
const honest = async (partner: KeyPair, own: KeyPair) => (await deriveMatchKeys(partner, own.text, 'm', false, true)).proof!;
const settled = () => new Promise((done) => setTimeout(done, 5));

describe('a partner', () => {
  it('who has committed to his keys is shown, and can be proven', async () => {
    const { meeting, own, partner, matched, distrusted, shown, keyed } = await side();
    const { key_id, commit } = await keyed();
    const theirs = await honest(partner, own);
    assert.equal(key_id, matched.key_id);
    assert.equal(commit, theirs.theirs, 'and so have we');
    const first = meeting.firstFrame(matched.key_id, 'video', 1);
    await settled();
    assert.deepEqual(shown, [], 'not shown before');
    assert.equal(meeting.mediaKeys('m'), null);
    meeting.committed({ type: 'committed', match: 'm', key_id: matched.key_id, commit: theirs.own });
    await first;
    assert.equal(shown.length, 1);
    const keys = meeting.mediaKeys('m')!;
    assert.equal(commitToMedia('m', 'r', keys.key_id, fromBase64url(keys.audio), fromBase64url(keys.video)), theirs.own);
    meeting.clear();
    assert.deepEqual(meeting.mediaKeys('m'), keys, 'who has left can still be reported');
    assert.deepEqual(distrusted, []);
    meeting.forget();
    assert.equal(meeting.mediaKeys('m'), null);
  });
  it('who commits to other keys is left at once', async () => {
    const { meeting, own, partner, matched, distrusted, shown, keyed } = await side();
    await keyed();
    const first = meeting.firstFrame(matched.key_id, 'video', 1);
    const { theirs: notHis } = await honest(partner, own);
    meeting.committed({ type: 'committed', match: 'm', key_id: matched.key_id, commit: notHis });
    await first;
    assert.deepEqual([distrusted, shown, meeting.mediaKeys('m')], [['key_mismatch'], [], null]);
  });
  it('whose commitment comes before the keys, or is of keys that are over', async () => {
    const { meeting, own, partner, matched, distrusted, shown, keyed } = await side();
    const { own: his } = await honest(partner, own);
    meeting.committed({ type: 'committed', match: 'm', key_id: matched.key_id, commit: his });
    await keyed();
    await settled();
    meeting.committed({ type: 'committed', match: 'm', key_id: '000000000000', commit: 'x' });
    await meeting.firstFrame(matched.key_id, 'video', 1);
    assert.deepEqual([distrusted, shown.length], [[], 1]);
    meeting.clear();
  });
  it('who never commits is not shown, and left', async (t) => {
    const { meeting, matched, distrusted, shown, keyed } = await side();
    await keyed();
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const first = meeting.firstFrame(matched.key_id, 'video', 1);
    for (let i = 0; i < 10; i++) await Promise.resolve();
    t.mock.timers.tick(10_000);
    await first;
    assert.deepEqual([distrusted, shown], [['key_mismatch'], []]);
  });
  it('need not commit where nothing is recorded', async () => {
    const { meeting, matched, shown, keyed } = await side(0);
    assert.deepEqual(await keyed(), { type: 'keyed', match: 'm' });
    await meeting.firstFrame(matched.key_id, 'video', 1);
    assert.equal(shown.length, 1);
    meeting.clear();
  });
});
