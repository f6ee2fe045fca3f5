/**
 * What in a message would let a stranger find one: phone numbers, e-mail and postal addresses, links, names elsewhere. For a question
 * before sending, not for a wall: it may miss what is hidden well, and asks rather too seldom than at every number.
 */
import { fold } from './fold';

export type Contact = 'phone' | 'email' | 'address' | 'link' | 'handle';

/** "at" and "dot" as people write them to hide an address, in several languages. */
const at = String.raw`(?:@|[\s(\[{]{1,3}(?:at|arroba|chez|aet|собака|sobaka)[\s)\]}]{1,3})`;
const dot = String.raw`(?:\.|[\s(\[{]{1,3}(?:dot|punkt|punto|ponto|point|tochka)[\s)\]}]{1,3})`;
const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const endings =
  'com|net|org|info|biz|io|me|tv|gg|ly|co|app|dev|xyz|site|online|shop|club|live|link|page|chat|cam|xxx|porn|sex|top|vip|cc|to|ws|' +
  'de|at|ch|fr|es|it|pt|br|mx|ar|nl|be|pl|cz|sk|hu|ro|gr|se|no|dk|fi|ru|ua|by|kz|tr|in|id|jp|cn|kr|vn|th|uk|us|ca|au|nz|za|eu|ai';

const email = new RegExp(`[a-z0-9][a-z0-9._%+-]{0,63}${at}${label}(?:${dot}${label}){0,3}${dot}(?:${endings})(?![a-z0-9-])`);
const link = new RegExp(
  String.raw`(?:https?|ftp|tg|skype|whatsapp):\/\/\S|(?<![a-z0-9.-])www\.[a-z0-9]|(?<![a-z0-9@.-])(?:${label}\.){1,4}(?:${endings})(?=\/|\?|#|:\d|(?![\p{L}\p{N}@.-]))|` +
    String.raw`(?<![a-z0-9])${label}[\s(\[]{1,2}dot[\s)\]]{1,2}(?:com|net|org|io|me|gg|tv)(?![a-z0-9])|(?<![a-z0-9.])(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}(?!\d)`,
  'u',
);
const sites =
  'snap(?:chat)?|insta(?:gram)?|telegram|whats ?app|discord|tik ?tok|kik|skype|facebook|messenger|twitter|signal|wechat|viber|threema|onlyfans|only fans|line id|вк|инст[аы]|телега?|тг';
const sitesFolded = [...sites.matchAll(/[^|]+/g)].map(([s]) => (/[а-я]/u.test(s) && !s.includes('[') ? fold(s).text : s)).join('|');
/** A name after the name of a site, "insta: anna_01", or with an at sign, "@anna_01". The site's name alone is only talk. */
const handle = new RegExp(
  String.raw`(?<![\p{L}\p{N}@._%+-])@[a-z0-9_](?:[a-z0-9_.]{1,29})(?![a-z0-9@])|(?<![\p{L}\p{N}])(?:${sitesFolded}|ig|sc)\s{0,2}(?:(?:is|name|user|id|ist|es|est)\s{0,2})?[:=@-]\s{0,2}@?[\p{L}\p{N}_.-]{3,32}|(?<![\p{L}\p{N}])[\p{L}\p{N}_.]{2,32}#\d{4}(?!\d)`,
  'u',
);

const street =
  'street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|square|terrace|way|place|highway';
const before = 'calle|avenida|avda|plaza|rua|avenida|travessa|rue|avenue|boulevard|bd|place|via|viale|piazza|corso|ulica|ul|ulitsa|sokak|cadde';
/** "12 Main Street", "Hauptstraße 7b", "calle Mayor, 5", "12 rue de la Paix", "ул. Ленина, 5". */
const address = new RegExp(
  String.raw`(?<![\p{L}\p{N}])\d{1,5}[a-z]?,?\s(?:[\p{L}'’.-]{2,30}\s){1,3}(?:${street})(?![\p{L}\p{N}])|` +
    String.raw`(?<![\p{L}])[\p{L}.-]{2,40}(?:strasse|str\.?|gasse|allee|straat|gatan|gade|vagen)\s{1,2}\d{1,4}\s?[a-z]?(?![\p{L}\p{N}])|` +
    String.raw`(?<![\p{L}\p{N}])(?:${before}|${fold('ул').text}|${fold('улица').text}|${fold('проспект').text})\.?\s(?:[\p{L}'’.-]{1,30}\s?){1,5},?\s?(?:n[o.]{0,2}\s?)?\d{1,5}(?![\p{L}\p{N}])|` +
    String.raw`(?<![\p{L}\p{N}])\d{1,5}(?:\s?bis|\s?ter)?,?\s(?:rue|avenue|boulevard|place|chemin|impasse)\s[\p{L}'’.-]{2,30}`,
  'u',
);

/** Digits as words, so that "five five five …" is a number too. */
const spokenDigits: readonly string[] = [
  'zero|oh|null|cero', 'one|eins|uno|um|un', 'two|zwei|zwo|dos|dois|deux|due', 'three|drei|tres|trois|tre', 'four|vier|cuatro|quatro|quatre|quattro', 'five|funf|cinco|cinq|cinque',
  'six|sechs|seis|sei', 'seven|sieben|siete|sete|sept|sette', 'eight|acht|ocho|oito|huit|otto', 'nine|neun|nueve|nove|neuf',
];
const spoken = new RegExp(String.raw`(?<![\p{L}\p{N}])(?:${spokenDigits.join('|')})(?![\p{L}\p{N}])`, 'gu');
const digitOf = new Map(spokenDigits.flatMap((words, n) => words.split('|').map((word) => [word, String(n)] as const)));

/** Digits with single signs between them, as phone numbers are written. */
const numbers = /(?<![\p{L}\p{N}.,:/-])\+?\(?\d[\d\s().\/-]{5,24}\d(?![\p{L}\p{N}]|[.,:]\d)/gu;
const date = /^\(?(?:\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2}))$/;
const span = /^\d{4}\s?-\s?\d{4}$/; // years

function hasPhone(text: string): boolean {
  const said = text.replace(spoken, (word) => digitOf.get(word)!);
  for (const form of said === text ? [text] : [text, said]) {
    for (const [found] of form.matchAll(numbers)) {
      const number = found.trim();
      const digits = number.replace(/\D/g, '').length;
      if (digits < (number.startsWith('+') ? 7 : 8) || digits > 15) continue;
      if (date.test(number) || span.test(number) || /[\s.]{3}|[-/]{2}/.test(number)) continue;
      if (/^\d{1,3}(?:[ .]\d{3}){2,}$/.test(number) && /^[1-9]\d{0,2}(?:[ .]000)+$/.test(number)) continue; // a million
      if (/^\d{1,2}\.\d+$/.test(number)) continue; // a fraction
      if (/^(\d)\1+$/.test(number.replace(/\D/g, ''))) continue; // 11111111
      return true;
    }
  }
  return false;
}

/** What kinds of contact a message holds, each once. */
export function findContacts(original: string): Contact[] {
  const { text } = fold(original);
  const found: Contact[] = [];
  const mail = email.test(text);
  if (hasPhone(text)) found.push('phone');
  if (mail) found.push('email');
  if (address.test(text)) found.push('address');
  if (link.test(mail ? text.replace(new RegExp(email, 'g'), ' ') : text)) found.push('link');
  if (handle.test(mail ? text.replace(new RegExp(email, 'g'), ' ') : text)) found.push('handle');
  return found;
}
