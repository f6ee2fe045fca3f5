/** What the operator has changed of this page; the server writes it into the document (web/site.go). */
export interface Site {
  /** Origins whose pages may hold this one in a frame. */
  embed?: readonly string[];
  /** In place of Passerby. */
  name?: string;
  /** Where the logo lies. */
  logo?: string;
  links?: { imprint?: string; privacy?: string; rules?: string };
  /** Own words by language and by their path in the catalogue, like `landing.headline`. */
  words?: Partial<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export const site: Site = JSON.parse(globalThis.document?.getElementById('site')?.textContent ?? '{}') as Site;

/** A catalogue with the operator's words over its own, and his name in place of ours. */
export function branded<T>(catalogue: T, words: Readonly<Record<string, unknown>> = {}, name = 'Passerby', path = ''): T {
  const own = words[path];
  if (own !== undefined) return own as T;
  const inner = (value: unknown, key?: string): unknown => branded(value, words, name, key === undefined ? path : path ? `${path}.${key}` : key);
  if (typeof catalogue === 'string') return catalogue.replaceAll('Passerby', name) as T;
  if (typeof catalogue === 'function') return ((...args: unknown[]) => inner((catalogue as (...args: unknown[]) => unknown)(...args))) as T;
  if (Array.isArray(catalogue)) return catalogue.map((value, i) => inner(value, String(i))) as T;
  return Object.fromEntries(Object.entries(catalogue as object).map(([key, value]) => [key, inner(value, key)])) as T;
}
