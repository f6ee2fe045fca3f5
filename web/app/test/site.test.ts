import assert from 'node:assert/strict';
import { test } from 'node:test';
import { branded } from '../src/site';
import { en } from '../src/strings/en';

test('own words and an own name lie over the catalogue', () => {
  const t = branded(en, { 'landing.headline': 'Hello', 'landing.ruleList': ['Be kind.'], 'trouble.texts.offline': ['Away', 'Come back.'] }, 'Lantern');
  assert.equal(t.landing.headline, 'Hello');
  assert.deepEqual(t.landing.ruleList, ['Be kind.']);
  assert.deepEqual(t.trouble.texts.offline, ['Away', 'Come back.']);
  assert.equal(t.title.idle, 'Lantern: meet a stranger');
  assert.equal(t.title.unread(2), '(2) New message · Lantern');
  assert.equal(t.landing.online(3), en.landing.online(3));
  assert.deepEqual(t.chat.openers, en.chat.openers);
  assert.doesNotMatch(JSON.stringify(t), /Passerby/);
});

test('words for a page without any change nothing', () => {
  assert.deepEqual(JSON.stringify(branded(en)), JSON.stringify(en));
});
