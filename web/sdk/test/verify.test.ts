import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { base64url, random } from '../src/crypto/bytes';
import { fourEmoji, safetyEmoji as emoji } from '../src/crypto/emoji';
import { Verifier, type Step } from '../src/crypto/verify';

const keys = { match: 'm', initiatorKey: 'x25519:AAA', responderKey: 'x25519:BBB' };
const pair = (i: object = {}, r: object = {}) => [
  new Verifier({ ...keys, initiator: true, ...i }),
  new Verifier({ ...keys, initiator: false, ...r }),
] as const;

/** Plays the steps to the end; `tamper` may change, drop (null) or keep what is under way. */
async function play(i: Verifier, r: Verifier, tamper: (step: Step) => Step | null = (s) => s): Promise<void> {
  let step = await i.pending();
  for (let to = r, from = i; step; [to, from] = [from, to]) {
    const sent = tamper(step);
    if (!sent) return;
    step = await to.receive(sent);
  }
}

describe('verification', () => {
  it('shows both the same four emoji', async () => {
    const [i, r] = pair();
    await play(i, r);
    assert.ok(i.outcome && 'emoji' in i.outcome && i.outcome.emoji.length === 4);
    assert.deepEqual(i.outcome, r.outcome);
    assert.equal(await i.pending(), null);
    assert.equal(await r.pending(), null);
  });
  it('follows docs/security.md', async () => {
    const [ni, nr] = [random(32), random(32)];
    const i = new Verifier({ ...keys, initiator: true }, ni);
    const r = new Verifier({ ...keys, initiator: false }, nr);
    assert.deepEqual(await i.pending(), { step: 1, commit: createHash('sha256').update(ni).digest('base64url') });
    await play(i, r);
    const text = `passerby.v1 sas\nm\nx25519:AAA\nx25519:BBB\n${base64url(ni)}\n${base64url(nr)}`;
    assert.deepEqual(r.outcome, fourEmoji(createHash('sha256').update(text).digest()));
  });
  it('survives lost and repeated steps', async () => {
    const [i, r] = pair();
    const one = (await i.pending())!;
    await r.receive(one); // its answer is lost
    const two = (await r.pending())!;
    assert.deepEqual(await r.receive(one), two);
    const three = (await i.receive(two))!; // lost
    assert.deepEqual(await i.receive((await r.pending())!), three);
    await r.receive(three);
    await r.receive(three);
    assert.ok(r.outcome && 'emoji' in r.outcome);
    assert.deepEqual(i.outcome, r.outcome);
  });
  it('shows different emoji when somebody is in the middle with keys of his own', async () => {
    const [i, mr] = pair({ responderKey: 'x25519:MMM' }, { responderKey: 'x25519:MMM' });
    const [mi, r] = pair({ initiatorKey: 'x25519:MMM' }, { initiatorKey: 'x25519:MMM' });
    await play(i, mr);
    await play(mi, r);
    assert.notDeepEqual(i.outcome, r.outcome);
  });
  it('fails, and shows no emoji, when the nonce does not open the commitment', async () => {
    const [i, r] = pair();
    await play(i, r, (step) => (step.step === 3 ? { step: 3, nonce: base64url(random(32)) } : step));
    assert.deepEqual(r.outcome, { failed: true });
    assert.equal(await r.pending(), null);
  });
  for (const [name, change] of [
    ['a second commitment', async (_: Verifier, r: Verifier) => (await r.receive({ step: 1, commit: base64url(random(32)) }), r)],
    ['a late different reveal by the responder', async (i: Verifier) => (await i.receive({ step: 2, nonce: base64url(random(32)) }), i)],
    ['a late different reveal by the initiator', async (_: Verifier, r: Verifier) => (await r.receive({ step: 3, nonce: base64url(random(32)) }), r)],
    ['a step of the wrong side', async (i: Verifier) => (await i.receive({ step: 1, commit: base64url(random(32)) }), i)],
  ] as const) {
    it(`fails on ${name}, for good`, async () => {
      const [i, r] = pair();
      await play(i, r);
      const touched = await change(i, r);
      assert.deepEqual(touched.outcome, { failed: true });
      await play(i, r);
      assert.deepEqual(touched.outcome, { failed: true });
    });
  }
  it('fails when two reveals race', async () => {
    const [i] = pair();
    await Promise.all([i.receive({ step: 2, nonce: base64url(random(32)) }), i.receive({ step: 2, nonce: base64url(random(32)) })]);
    assert.deepEqual(i.outcome, { failed: true });
  });
  it('reveals nothing before the other side is bound', async () => {
    const [i, r] = pair();
    assert.equal(await r.pending(), null);
    assert.equal(await r.receive({ step: 3, nonce: base64url(random(32)) }), null);
    assert.equal(r.outcome, null);
    assert.equal((await i.pending())?.step, 1);
  });
  it('ignores what is no step', async () => {
    const [i, r] = pair();
    for (const bad of [null, 1, 'x', {}, { step: 2 }, { step: 2, nonce: 'short' }, { step: 2, nonce: 5 }, { step: 4, nonce: base64url(random(32)) }, { step: 1, commit: '*'.repeat(43) }]) {
      assert.equal(await i.receive(bad), null);
      assert.equal(await r.receive(bad), null);
    }
    assert.equal(i.outcome, null);
    assert.equal(r.outcome, null);
  });
});

describe('emoji', () => {
  it('are 64 different ones with 64 different names', () => {
    assert.equal(new Set(emoji.map((e) => e.emoji)).size, 64);
    assert.equal(new Set(emoji.map((e) => e.name)).size, 64);
    for (const { emoji: e, name } of emoji) assert.ok(e.length > 0 && name.length > 2, name);
  });
  it('use all 24 bits', () => {
    const index = (bytes: number[]) => fourEmoji(Uint8Array.from(bytes)).names.map((n) => emoji.findIndex((e) => e.name === n));
    assert.deepEqual(index([0b00000100, 0b00100000, 0b11000100]), [1, 2, 3, 4]);
    assert.deepEqual(index([255, 255, 255]), [63, 63, 63, 63]);
  });
});
