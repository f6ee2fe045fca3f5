import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTags, normalizeTag, tooLong } from '../src/tags';

test('an interest is folded as the server folds it', () => {
  const table: [string, string][] = [
    ['Music', 'music'],
    ['  #Old   Films ', 'old films'],
    ['Straße', 'strasse'],
    ['ＣＨＥＳＳ', 'chess'],
    ['#', ''],
    ['x'.repeat(30), 'x'.repeat(24)],
    ['😀'.repeat(30), '😀'.repeat(24)],
  ];
  for (const [typed, want] of table) assert.equal(normalizeTag(typed), want, typed);
});

test('commas separate, doubles fall away, eight are enough', () => {
  assert.deepEqual(addTags(['a'], 'b, A ,c،d'), ['a', 'b', 'c', 'd']);
  assert.equal(addTags([], '1,2,3,4,5,6,7,8,9,10').length, 8);
  assert.deepEqual(addTags(['a'], ' , '), ['a']);
});

test('an interest that will be cut is known', () => {
  assert.equal(tooLong(`a, ${'x'.repeat(24)}`), false);
  assert.equal(tooLong(`#${'😀'.repeat(24)} `), false);
  assert.equal(tooLong(`a, ${'x'.repeat(25)}`), true);
});
