import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { safetyEmoji } from '@passerby/client/emoji';
import { bestLocale, direction, locales, type Locale } from '../src/strings';
import { ar } from '../src/strings/ar';
import { de } from '../src/strings/de';
import { en } from '../src/strings/en';
import { es } from '../src/strings/es';
import { fr } from '../src/strings/fr';
import { hi } from '../src/strings/hi';
import { ja } from '../src/strings/ja';
import { pt } from '../src/strings/pt';
import { about, regional } from '../src/strings/words';

const catalogues = { en, es, pt, de, fr, ar, hi, ja };

/** Every word with its path; functions are called with what they are called with in the page. */
function flat(node: unknown, path = ''): Map<string, string> {
  if (typeof node === 'string') return new Map([[path, node]]);
  if (typeof node === 'function') {
    const lists = /greeting|seeking|safety\.ask/.test(path);
    const values = lists ? [['chess'], ['chess', 'tea']] : /after|language|addTag|removeTag|code/.test(path) ? ['chess'] : [0, 1, 2, 3, 11, 45_000, 100_000];
    return new Map(values.map((value) => [`${path}(${value})`, String(node(value))]));
  }
  return new Map(Object.entries(node as object).flatMap(([key, value]) => [...flat(value, path ? `${path}.${key}` : key)]));
}

test('every language says everything', () => {
  const wanted = [...flat(en).keys()];
  assert.deepEqual(Object.keys(catalogues), Object.keys(locales));
  for (const [code, catalogue] of Object.entries(catalogues)) {
    const words = flat(catalogue);
    assert.deepEqual([...words.keys()], wanted, code);
    for (const [path, word] of words) {
      assert.ok(word.trim(), `${code} ${path} is empty`);
      assert.doesNotMatch(word, /undefined|NaN|#|\s{2}/, `${code} ${path}`);
    }
    assert.equal(new Set(catalogue.emoji.split(', ')).size, safetyEmoji.length, `${code}: names of the signs`);
  }
});

test('what is translated is not English', () => {
  const english = flat(en);
  const same = /^(name|emoji|title|trouble\.code|landing\.(video|text|start|tagsPlaceholder)|chat\.(stage|self|me)|devices\.(close|none))/;
  for (const [code, catalogue] of Object.entries(catalogues)) {
    if (code === 'en') continue;
    const left = [...flat(catalogue)].filter(([path, word]) => word === english.get(path) && word.length > 14 && !same.test(path));
    assert.deepEqual(left, [], code);
  }
});

test('plurals follow the language', () => {
  assert.deepEqual([1, 2, 3, 11, 100].map(ar.landing.online).map((words) => words.replace(/[\d٠-٩]+/, '#')), [
    'شخص واحد هنا الآن', 'شخصان هنا الآن', '# أشخاص هنا الآن', '# شخصًا هنا الآن', '# شخص هنا الآن',
  ]);
  assert.deepEqual([0, 1, 2].map(fr.waiting.others), ['0 personne attend avec vous.', '1 personne attend avec vous.', '2 personnes attendent avec vous.']);
});

test('the language of the browser, region left aside', () => {
  const cases: [string[], Locale][] = [[['pt-BR', 'en'], 'pt'], [['nl', 'de-AT'], 'de'], [['xx'], 'en'], [[], 'en'], [['AR-eg'], 'ar']];
  for (const [preferred, wanted] of cases) assert.equal(bestLocale(preferred), wanted);
  assert.equal(direction('ar'), 'rtl');
  assert.equal(direction('hi'), 'ltr');
  assert.equal(regional('de', ['en-US', 'de-CH', 'de-DE']), 'de-CH');
  assert.equal(regional('de', ['en-US']), 'de');
});

test('an estimate is no more exact than it may sound', () => {
  const say = (ms: number) => about(ms, 'few', (n) => `${n} s`, (n) => `${n} min`);
  assert.deepEqual([0, 4999, 5000, 12_000, 55_000, 55_001, 61_000].map(say), ['few', 'few', '5 s', '15 s', '55 s', '1 min', '2 min']);
});

test('docs/troubleshooting.md tells of every code that can stand at the foot of the page', () => {
  const told = readFileSync(process.env.TROUBLESHOOTING!, 'utf8');
  // These pass by as a notice, or as the end of a conversation.
  const passing = /^(quality_|block|own_|camera_lost|microphone_lost|share_failed|no_match|evidence_invalid|too_large|unknown$)/;
  const codes = Object.keys(en.trouble.texts).filter((code) => !passing.test(code));
  assert.deepEqual(codes.filter((code) => !told.includes('`' + code + '`')), []);
});

test('a partner that another app names is greeted by his name', () => {
  for (const [code, { chat }] of Object.entries(catalogues)) {
    assert.match(chat.greeting([], 'Ann'), /Ann/, code);
    assert.match(chat.greeting(['tea'], 'Ann'), /Ann.*tea/, code);
    assert.doesNotMatch(chat.greeting([]), /undefined/, code);
  }
});
