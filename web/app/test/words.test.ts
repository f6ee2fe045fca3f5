import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findContacts, type Contact } from '../src/words/contact';
import { makeFilter, mask } from '../src/words/filter';
import { fold } from '../src/words/fold';

const tag = (text: string) => [...text].map((c) => String.fromCodePoint(0xe0000 + c.codePointAt(0)!)).join('');

describe('the word filter', () => {
  const filter = makeFilter(['badword', 'penis', 'ass', 'nice try', 'дурак', 'идиот', 'straße', 'كلب', 'тест', '馬鹿', 'mala palabra', ' ', 'ÄRGER']);
  const hit: [string, string][] = [
    ['badword', 'itself'],
    ['You BADWORD!', 'case and punctuation'],
    ['¡badword?', 'punctuation of other languages'],
    ['ｂａｄｗｏｒｄ', 'full width'],
    ['𝓫𝓪𝓭𝔀𝓸𝓻𝓭', 'mathematical letters'],
    ['ⓑⓐⓓⓦⓞⓡⓓ', 'circled letters'],
    ['bаdwоrd', 'Cyrillic а and о'],
    ['Ьаԁԝогԁ', 'Cyrillic all through'],
    ['bαdωοrd', 'Greek'],
    ['b\u200ba\u200dd\u2060w\ufefford', 'zero width'],
    ['bad\u00adword', 'soft hyphen'],
    ['\u202ebad\u202cword', 'bidi override'],
    [`bad${tag('x')}word`, 'tag characters'],
    ['bad\ufe0fword', 'variation selector'],
    ['b̷̛a̶͠d̴̈́w̸͝o̵̚r̷̐d̶', 'zalgo'],
    ['bádwörd', 'accents'],
    ['b4dw0rd', 'digits as letters'],
    ['b@dw0rd', 'signs as letters'],
    ['baaaadwooord', 'stretched'],
    ['b a d w o r d', 'spelled'],
    ['b.a.d.w.o.r.d', 'spelled with dots'],
    ['b-a-d-w-o-r-d now', 'spelled with dashes'],
    ['nice  try', 'a phrase'],
    ['NICE, try', 'a phrase with a comma'],
    ['ты дурак', 'Russian'],
    ['ИДИОТ', 'Russian capitals'],
    ['Strasse', 'ß'],
    ['يا كَلْب', 'Arabic with points'],
    ['你是馬鹿吗', 'no spaces between words'],
    ['una mala palabra', 'Spanish'],
    ['arger', 'an umlaut left out'],
    ['badwo\u0131rd badword', 'the second one'],
  ];
  for (const [text, why] of hit) it(`finds ${why}`, () => assert.equal(filter.find(text).length, 1, fold(text).text));

  it('leaves alone what only contains it', () => {
    for (const text of ['Scunthorpe badwording', 'class assassin bass', 'pen island', 'pen is mine', 'nice', 'nice one, try again', 'as', 'a s', 'тесто', 'дураки', '455', 'a 5 5', 'I a m s o happy', '', '•', '\ud800', '🏳️‍🌈👨‍👩‍👧']) {
      assert.deepEqual(filter.find(text), [], text);
    }
  });
  it('says where, in the original', () => {
    const text = 'so b\u200bаd\u00adwоrd, and ａｓｓ';
    assert.deepEqual(filter.find(text).map(({ start, end }) => text.slice(start, end)), ['b\u200bаd\u00adwоrd', 'ａｓｓ']);
    assert.equal(mask(text, filter.find(text)), 'so •••, and •••');
  });
  it('finds nothing without words', () => assert.deepEqual(makeFilter(['', '  ', '!!']).find('badword'), []));
});

describe('the filter, whatever comes', () => {
  // A small generator of its own, so that a failure can be repeated.
  let seed = 20261130;
  const random = (n: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % n;
  const alphabet = [...'abdorws04@$! .-\u200b\u202e\u0301ａаоｂ馬кلب\u00ad+•', '\ud83d\ude00', '\ud800', '\u{e0041}', '\u0000'];
  const any = (most: number) => Array.from({ length: random(most) }, () => alphabet[random(alphabet.length)]!).join('');
  const filter = makeFilter(['badword', 'ab', 'or ad', '馬']);

  it('gives spans in order, inside the text, without overlaps; masking leaves the rest', () => {
    for (let i = 0; i < 3000; i++) {
      const text = any(60);
      let at = 0;
      let rest = '';
      for (const { start, end } of filter.find(text)) {
        assert.ok(start >= at && end > start && end <= text.length, JSON.stringify(text));
        rest += text.slice(at, start);
        at = end;
      }
      rest += text.slice(at);
      assert.equal(mask(text, filter.find(text)).replaceAll('•', ''), rest.replaceAll('•', ''));
      findContacts(text);
    }
  });
  it('finds a word however it is strewn with what nobody sees', () => {
    const unseen = ['\u200b', '\u200d', '\u2060', '\u00ad', '\u202e', '\u202c', '\u0301', '\ufe0f', '\u{e0041}', '\u034f'];
    for (let i = 0; i < 300; i++) {
      const text = [...'badword'].map((c) => c + unseen[random(unseen.length)]!.repeat(random(3))).join('');
      assert.equal(filter.find(`x ${text} y`).length, 1, JSON.stringify(text));
    }
  });
  it('folding twice changes nothing more, and 2,000 characters of anything take no time', () => {
    for (let i = 0; i < 500; i++) {
      const once = fold(any(40)).text;
      assert.equal(fold(once).text, once);
    }
    for (const evil of ['a.'.repeat(1000), '1 '.repeat(1000), '@'.repeat(2000), 'a at '.repeat(400), '((((1'.repeat(400), 'rue a '.repeat(330), '12 ab '.repeat(330), 'b a d '.repeat(330), 'one '.repeat(500), `${'a'.repeat(1999)}.`, '-'.repeat(2000)]) {
      const began = performance.now();
      findContacts(evil);
      filter.find(evil);
      assert.ok(performance.now() - began < 1500, `${evil.slice(0, 12)}… took ${performance.now() - began} ms`);
    }
  });
});

describe('contact details', () => {
  const table: [Contact[], string[]][] = [
    [['phone'], ['+49 170 1234567', 'call 030 12345678', '(555) 123-4567 8', '555-123-4567', 'my number is 0151.234.5678', '０１５１２３４５６７８', '٠١٥١٢٣٤٥٦٧٨', 'five five five one two three four five', 'null eins sieben sechs 1234567', '0151\u200b2345678']],
    [['email'], ['anna@example.com', 'anna.b+x@mail.example.co.uk', 'anna at example dot com', 'anna (at) example (dot) de', 'anna arroba correo punto es', 'аnna@example.com']],
    [['link'], ['https://x.y', 'www.example', 'see example.com/a', 'bit.ly/abc', 'example dot com', 'ｅｘａｍｐｌｅ．ｃｏｍ', 'exa\u200bmple.com', 'EXAMPLE.ORG', '203.0.113.7:8080']],
    [['handle'], ['@anna_01', 'insta: anna.b', 'my snap is: anna01', 'telegram @anna01', 'anna#1234', 'тг: anna', 'Discord - anna01']],
    [['address'], ['12 Main Street', 'I live at 4b, Old Mill Road', 'Hauptstraße 7b', 'calle Mayor 5', '12 rue de la Paix', 'via Roma, 12', 'ул. Ленина, 5', 'Kerkstraat 12']],
    [[], [
      'hello', 'in 2024-2025', 'on 24.12.2025', '2025-12-24', 'at 12:30', 'I am 25', '1 000 000 people', '1,000,000', '3.14159265', '11111111', 'ok.so what', 'e.g. this', 'I like insta', 'telegram is nice', 'at the dot',
      'one two three', 'we won 3-2', 'version 1.2.3', 'the street', 'I have 12 cats', 'a way', '@ me', 'meet me in Rome', 'lol...ok', 'Dr. Who', '100000', 'no.',
      // In "it.is" is is a country's end, but nobody's link; nothing to ask about.
      'wait.what',
    ]],
    [['phone', 'email'], ['0151 2345678 or a@b.com']],
  ];
  for (const [kinds, texts] of table) for (const text of texts) it(`${kinds.join(' and ') || 'nothing'}: ${text}`, () => assert.deepEqual(findContacts(text), kinds));
});

it("a look-alike becomes a Latin letter, and no script is lost", () => {
  for (const char of 'аԁеοꓳⲟ') assert.match(fold(char).text, /^[a-z]$/, char);
  for (const word of ['hello', 'Привет', 'γειά', 'שלום', 'नमस्ते', '안녕']) assert.equal(fold(word).text.length > 0, true);
});
