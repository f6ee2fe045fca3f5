/**
 * A filter of words: which parts of a message hold one of them, whole words only, however they are dressed up (fold.ts).
 * Nothing is ever collapsed across whole words: "pen island" stays what it is.
 */
import { fold } from './fold';

/** A part of the original text, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
}

/** More words than this are not looked for. */
export const maxWords = 1000;

/** Scripts that write no spaces between words: their words are found anywhere. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const token = /[\p{L}\p{N}\p{M}@$!|+]+/gu;
const leet: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', 8: 'b', 9: 'g', '@': 'a', $: 's', '!': 'i', '|': 'l', '+': 't' };

export interface Filter {
  /** Where the words stand, in order, without overlaps. */
  find(text: string): Span[];
}

/** Makes a filter. A word may be a phrase; blank ones and doubles are left out. */
export function makeFilter(words: Iterable<string>): Filter {
  const single = new Set<string>();
  const phrases: string[][] = [];
  const anywhere: string[] = [];
  let count = 0;
  for (const word of words) {
    const parts = fold(word.trim()).text.match(token);
    if (!parts || ++count > maxWords) continue;
    if (unspaced.test(parts.join(''))) anywhere.push(parts.join(''));
    else if (parts.length > 1) phrases.push(parts);
    else single.add(parts[0]!);
  }
  if (!single.size && !phrases.length && !anywhere.length) return { find: () => [] };

  return {
    find(original) {
      const { text, from, to } = fold(original);
      const hits: Span[] = [];
      const hit = (start: number, end: number) => hits.push({ start: from[start]!, end: to[end - 1]! });
      const tokens = [...text.matchAll(token)].map((m) => ({ text: trim(m[0]), start: m.index + lead(m[0]), end: m.index + lead(m[0]) + trim(m[0]).length, raw: m[0], at: m.index }));
      for (const t of tokens) {
        if (looks(t.text, single)) hit(t.start, t.end);
        else if (t.raw !== t.text && looks(t.raw, single)) hit(t.at, t.at + t.raw.length);
      }
      for (const run of spelled(tokens, text)) if (looks(run.text, single)) hit(run.start, run.end);
      for (const phrase of phrases) {
        for (let i = 0; i + phrase.length <= tokens.length; i++) {
          if (phrase.every((part, j) => variants(tokens[i + j]!.text).includes(part))) hit(tokens[i]!.start, tokens[i + phrase.length - 1]!.end);
        }
      }
      for (const word of anywhere) {
        for (let i = text.indexOf(word); i >= 0; i = text.indexOf(word, i + word.length)) hit(i, i + word.length);
      }
      return join(hits);
    },
  };
}

/** Signs at the ends of a token are punctuation: "stop!" is "stop". */
const lead = (t: string) => t.length - t.replace(/^[@$!|+]+/, '').length;
const trim = (t: string) => t.replace(/^[@$!|+]+|[@$!|+]+$/g, '');

const looks = (t: string, words: Set<string>) => variants(t).some((v) => words.has(v));

/** What a token may stand for: itself; with digits and signs as letters, if it has letters too; with its stretched letters as one or two. */
function variants(t: string): string[] {
  const all = [t];
  if (/\p{L}/u.test(t) && /[0-9@$!|+]/.test(t)) all.push(t.replace(/[0-9@$!|+]/g, (c) => leet[c] ?? c), t.replace(/[0-9@$!|+]/g, (c) => (c === '1' || c === '!' ? 'l' : (leet[c] ?? c))));
  for (const v of [...all]) if (/(.)\1\1/u.test(v)) all.push(v.replace(/(.)\1{2,}/gu, '$1'), v.replace(/(.)\1{2,}/gu, '$1$1'));
  return all;
}

interface Token extends Span {
  text: string;
}

/** Three single letters (or signs in place of some) or more in a row, with the same short thing between them: "s p a m", "s.p.a.m", "s-p-a-m". */
function spelled(tokens: Token[], text: string): Token[] {
  const runs: Token[] = [];
  let run: Token[] = [];
  let between: string | null = null;
  const close = () => {
    if (run.length > 2 && run.filter((t) => /\p{L}/u.test(t.text)).length > run.length / 2) runs.push({ text: run.map((t) => t.text).join(''), start: run[0]!.start, end: run[run.length - 1]!.end });
    run = [];
    between = null;
  };
  for (const t of tokens) {
    const one = [...t.text].length === 1;
    const last = run[run.length - 1];
    const gap = last ? text.slice(last.end, t.start) : null;
    if (last && (!one || gap!.length > 3 || (between !== null && gap !== between))) close();
    if (!one) continue;
    if (run.length) between = text.slice(run[run.length - 1]!.end, t.start);
    run.push(t);
  }
  close();
  return runs;
}

function join(hits: Span[]): Span[] {
  const joined: Span[] = [];
  for (const hit of hits.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joined[joined.length - 1];
    if (last && hit.start < last.end) last.end = Math.max(last.end, hit.end);
    else joined.push({ ...hit });
  }
  return joined;
}

/** The text with dots in place of the spans. How many says nothing of how long the word is. */
export function mask(text: string, spans: readonly Span[]): string {
  let masked = '';
  let at = 0;
  for (const { start, end } of spans) {
    masked += `${text.slice(at, start)}•••`;
    at = end;
  }
  return masked + text.slice(at);
}
