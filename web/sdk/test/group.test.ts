import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { concat, random, type Bytes } from '../src/crypto/bytes';
import { generateKeyPair } from '../src/crypto/keys';
import { parseGroup } from '../src/group/messages';
import { groupDigest, openSecret, sealSecret, senderFrameKeys, senderKeyId } from '../src/group/senderkey';
import { Entrance, GroupFrames } from '../src/worker/groupframes';

const GROUP = 'oak 1';
const key = (n = 60): Bytes => concat(Uint8Array.of(0x10), random(n));
const delta = (n = 40): Bytes => concat(Uint8Array.of(0x11), random(n));

describe('sender keys', () => {
  it('reach the member that they are for, and nobody else', async () => {
    const [a, b, c] = [await generateKeyPair('p256'), await generateKeyPair('p256'), await generateKeyPair('p256')];
    const mine = { generation: 3, secret: random(32) };
    const sealed = await sealSecret(a, b.text, GROUP, mine);
    assert.ok(sealed.length < 200);
    assert.deepEqual(await openSecret(b, a.text, GROUP, sealed), mine);
    await assert.rejects(openSecret(c, a.text, GROUP, sealed), 'another member');
    await assert.rejects(openSecret(b, c.text, GROUP, sealed), 'said to be from another');
    await assert.rejects(openSecret(b, a.text, 'oak 2', sealed), 'another call');
    await assert.rejects(openSecret(a, b.text, GROUP, sealed), 'sent back');
    const bent = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    await assert.rejects(openSecret(b, a.text, GROUP, bent), 'changed on the way');
  });
  it('have an id of their own for each sender and generation', () => {
    const ids = ['x', 'y'].flatMap((s) => [1, 2].map((g) => senderKeyId(GROUP, s, g)));
    assert.equal(new Set(ids).size, 4);
    for (const id of ids) assert.match(id, /^[0-9a-f]{12}$/);
  });
  it('the digest depends on every key and on no order', () => {
    const members = [{ id: 'a', key: 'x' }, { id: 'b', key: 'y' }];
    assert.equal(groupDigest(GROUP, members), groupDigest(GROUP, [...members].reverse()));
    assert.notEqual(groupDigest(GROUP, members), groupDigest(GROUP, [{ id: 'a', key: 'x' }, { id: 'b', key: 'z' }]));
  });
});

async function two() {
  const secret = { generation: 1, secret: random(32) };
  const [a, b] = [new GroupFrames(), new GroupFrames()];
  const keys = await senderFrameKeys(GROUP, 'key of a', secret);
  return { a, b, keys, keyId: senderKeyId(GROUP, 'key of a', 1) };
}

describe('frames of a group', () => {
  it('nothing leaves without a key', async () => {
    assert.equal(await new GroupFrames().seal('audio', random(20)), null);
  });
  it('are opened with the sender’s key, once, and tell whose they are', async () => {
    const { a, b, keys, keyId } = await two();
    assert.ok(a.send(keyId, keys));
    const plain = key();
    const sealed = (await a.seal('video', plain))!;
    assert.equal(await b.open('video', sealed), null, 'no key yet');
    b.receive('a', keyId, keys);
    assert.deepEqual(await b.open('video', sealed), { plain, sender: 'a' });
    assert.equal(await b.open('video', sealed), null, 'replayed');
    b.receive('a', keyId, keys); // the same key again: its window goes on
    assert.equal(await b.open('video', sealed), null, 'replayed after the key came again');
    b.forget('a');
    assert.equal(await b.open('video', (await a.seal('video', plain))!), null, 'forgotten');
  });
  it('a key that was in use is not used again', async () => {
    const { a, keys, keyId } = await two();
    assert.ok(a.send(keyId, keys));
    assert.equal(a.send(keyId, keys), false);
  });
  it('frames under the key before still open after the new one came', async () => {
    const { a, b, keys, keyId } = await two();
    a.send(keyId, keys);
    b.receive('a', keyId, keys);
    const next = await senderFrameKeys(GROUP, 'key of a', { generation: 2, secret: random(32) });
    b.receive('a', senderKeyId(GROUP, 'key of a', 2), next);
    assert.ok(await b.open('video', (await a.seal('video', key()))!));
    a.send(senderKeyId(GROUP, 'key of a', 2), next);
    assert.ok(await b.open('video', (await a.seal('video', delta()))!), 'and so do those under it');
  });
  it('a stream begins, and begins again after a gap, with a key frame', () => {
    const entrance = new Entrance();
    assert.equal(entrance.pass('video', delta(), true), false);
    assert.equal(entrance.pass('video', key(), true), true);
    assert.equal(entrance.pass('video', delta(), true), true);
    assert.equal(entrance.pass('video', delta(), false), false);
    assert.equal(entrance.pass('video', delta(), true), false);
    assert.equal(entrance.pass('video', key(), true), true);
    assert.equal(entrance.pass('audio', random(9), true), true);
  });
});

describe('messages of a group', () => {
  it('are understood or passed over', () => {
    assert.deepEqual(parseGroup('{"type":"shown","slots":["a",""],"speaker":"a"}'), { type: 'shown', slots: ['a', ''], speaker: 'a' });
    assert.deepEqual(parseGroup('{"type":"group","group":"g","you":"a","members":[{"id":"a","key":"k"}]}'), { type: 'group', group: 'g', you: 'a', members: [{ id: 'a', key: 'k' }] });
    for (const bad of ['', '[]', 'null', '{"type":"shown","slots":[1]}', '{"type":"group","members":[{}]}', '{"type":"told"}', '{"type":"later"}', 7])
      assert.equal(parseGroup(bad), null, String(bad));
  });
});
