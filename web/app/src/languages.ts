/** Languages to choose from, by their BCP 47 primary tag. The browser knows their names. */
const codes = [
  'ar', 'bg', 'bn', 'ca', 'cs', 'da', 'de', 'el', 'en', 'es', 'et', 'fa', 'fi', 'fr', 'he', 'hi', 'hr', 'hu', 'id', 'it', 'ja', 'ko', 'lt',
  'lv', 'ms', 'nl', 'no', 'pl', 'pt', 'ro', 'ru', 'sk', 'sl', 'sr', 'sv', 'sw', 'ta', 'th', 'tl', 'tr', 'uk', 'ur', 'vi', 'zh',
];

export interface Language {
  code: string;
  name: string;
}

/** The name of a language in the language of the page. */
export function languageName(code: string, locale = document.documentElement.lang): string {
  try {
    return new Intl.DisplayNames([locale], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Those that the browser speaks first, then all others by name. */
export function languages(preferred: readonly string[]): { own: Language[]; others: Language[] } {
  const named = (code: string): Language => ({ code, name: languageName(code) });
  const own = [...new Set(preferred.map((tag) => tag.split('-')[0]!.toLowerCase()))].filter((code) => codes.includes(code));
  const others = codes.filter((code) => !own.includes(code)).map(named);
  others.sort((a, b) => a.name.localeCompare(b.name));
  return { own: own.map(named), others };
}
