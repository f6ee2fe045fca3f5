import { branded, site } from '../site';
import type { Strings } from './en';

export type { Strings };

/** The languages of the page by their own names. Each catalogue is a file of its own, and only one is loaded. */
export const locales = {
  en: 'English', es: 'Español', pt: 'Português', de: 'Deutsch', fr: 'Français', ar: 'العربية', hi: 'हिन्दी', ja: '日本語',
} as const;

export type Locale = keyof typeof locales;

const catalogues: Record<Locale, () => Promise<Strings>> = {
  en: () => import('./en').then((file) => file.en),
  es: () => import('./es').then((file) => file.es),
  pt: () => import('./pt').then((file) => file.pt),
  de: () => import('./de').then((file) => file.de),
  fr: () => import('./fr').then((file) => file.fr),
  ar: () => import('./ar').then((file) => file.ar),
  hi: () => import('./hi').then((file) => file.hi),
  ja: () => import('./ja').then((file) => file.ja),
};

/** The words of the page. There are none before `speak` is done: read them while drawing, never at the top of a module. */
export let t: Strings;

/** Loads the words of a language; from then on the page is in it. */
export async function speak(locale: Locale): Promise<void> {
  const catalogue = await catalogues[locale]();
  t = site.name || site.words ? branded(catalogue, site.words?.[locale], site.name) : catalogue;
  document.documentElement.lang = locale;
  document.documentElement.dir = direction(locale);
}

export function isLocale(code: unknown): code is Locale {
  return typeof code === 'string' && Object.hasOwn(locales, code);
}

/** The first language of the browser that there is a catalogue for. */
export function bestLocale(preferred: readonly string[]): Locale {
  return preferred.map((tag) => tag.split('-')[0]!.toLowerCase()).find(isLocale) ?? 'en';
}

export function direction(locale: Locale): 'ltr' | 'rtl' {
  return locale === 'ar' ? 'rtl' : 'ltr';
}
