/**
 * Text as it looks, for comparing: what differs only to a computer becomes the same.
 *
 *   "Ｐаѕѕ\u200bwоrd" → "password", and for each letter where it came from, so that a hit can be masked in the original
 *
 * NFKD takes full-width, circled and mathematical letters apart; accents, zero-width characters, bidi controls and tags go; letters of
 * other scripts that look like Latin ones (and digits of other scripts) become those. Words to be found are folded in the same way.
 */
export interface Folded {
  text: string;
  /** Of each UTF-16 unit of `text`: where its character began in the original, and where it ended. */
  from: number[];
  to: number[];
}

/** Characters that show nothing: formats (zero-width, bidi controls, soft hyphen, tags), fillers, variation selectors. */
const invisible = /[\p{Cf}\p{Variation_Selector}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\u2800]/u;
/** Accents and points above or below letters, which change no word's skeleton. Vowel signs of Indic and Thai script are letters, and stay. */
const accents = /[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/u;

/** Letters of other scripts that look like Latin ones, after decomposition and lower-casing: one, then what it looks like. */
const pairs =
  'аaвbсcԁdеeғfһhіiјjкkмmнhоoрpԛqгrѕsтtуyхxѵvԝwьbпnлnиu' + // Cyrillic
  'αaβbγyεeζzηnιiκkνvοoρpτtυuχxωwσoςsμu' + // Greek
  'ɑaɡgɩiɪiɴnʀrʏyıiłløođdħhŧtɓbɗdƙkɛeɔoəeɐaɥhɯwʌvʎyɹrʇtɟj' + // Latin beyond ASCII
  'օoսuհhցgոnզqեtրnյj' + // Armenian
  'ⲟoⲣpⲥcⲧtⲩyⲭxꓐbꓑpꓓdꓔtꓖgꓗkꓙjꓚcꓜzꓝfꓟmꓠnꓡlꓢsꓣrꓦvꓧhꓪwꓫxꓬyꓮaꓰeꓲiꓳoꓴu'; // Coptic, Lisu
const letters = [...pairs];
const lookalikes = new Map(letters.flatMap((letter, i) => (i % 2 ? [] : [[letter, letters[i + 1]!] as const])));
lookalikes.set('ß', 'ss').set('æ', 'ae').set('œ', 'oe').set('þ', 'th').set('ﬀ', 'ff').set('ſ', 's');

/** A decimal digit of any script as ASCII, or null: digits of a script stand in a row, and begin at a multiple of ten after some zero. */
function digit(char: string): string | null {
  if (!/\p{Nd}/u.test(char)) return null;
  let zero = char.codePointAt(0)!;
  for (let i = 0; i < 10 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1)); i++) zero--;
  return String((char.codePointAt(0)! - zero) % 10);
}

export function fold(original: string): Folded {
  let text = '';
  const from: number[] = [];
  const to: number[] = [];
  let at = 0;
  for (const char of original) {
    const end = at + char.length;
    if (!invisible.test(char)) {
      for (const part of char.normalize('NFKD').toLowerCase().normalize('NFKD')) {
        if (accents.test(part) || invisible.test(part)) continue;
        const folded = /[ -~]/.test(part) ? part : (lookalikes.get(part) ?? digit(part) ?? part);
        text += folded;
        for (let i = 0; i < folded.length; i++) {
          from.push(at);
          to.push(end);
        }
      }
    }
    at = end;
  }
  return { text, from, to };
}
