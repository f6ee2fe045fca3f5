/** What the catalogues share: numbers, lists and plurals as the language has them, in the user's own region if it is known. */

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

export interface Words {
  number(n: number): string;
  list(items: readonly string[], type?: 'conjunction' | 'disjunction'): string;
  /** The form that the number asks for, with the number in place of `#`. */
  plural(n: number, forms: Forms): string;
}

export function words(code: string): Words {
  const locale = regional(code, globalThis.navigator?.languages ?? []);
  const numbers = new Intl.NumberFormat(locale);
  const rules = new Intl.PluralRules(locale);
  return {
    number: (n) => numbers.format(n),
    list: (items, type = 'conjunction') => new Intl.ListFormat(locale, { type }).format(items),
    plural: (n, forms) => (forms[rules.select(n)] ?? forms.other).replace('#', numbers.format(n)),
  };
}

/** `de-CH` for somebody whose browser speaks Swiss German: the words are the same, the numbers are not. */
export function regional(code: string, preferred: readonly string[]): string {
  return preferred.find((tag) => tag.toLowerCase().startsWith(`${code}-`)) ?? code;
}

/** An estimate, as exact as it may sound: `few` seconds, steps of five seconds, then minutes. */
export function about(ms: number, few: string, seconds: (n: number) => string, minutes: (n: number) => string): string {
  if (ms < 5000) return few;
  return ms <= 55_000 ? seconds(Math.ceil(ms / 5000) * 5) : minutes(Math.ceil(ms / 60_000));
}

/** A time that is told as it is: seconds, or whole minutes. */
export function lasting(ms: number, seconds: (n: number) => string, minutes: (n: number) => string): string {
  return ms < 60_000 ? seconds(Math.ceil(ms / 1000)) : minutes(Math.ceil(ms / 60_000));
}
