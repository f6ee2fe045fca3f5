import type { Passerby, SettingsAnswer } from '@passerby/client';
import { Memory } from './memory';
import { findContacts, type Contact } from './words/contact';
import { makeFilter, type Filter, type Span } from './words/filter';

/**
 * What protects on this device alone, since the server can read nothing: words that are masked, a question before one gives oneself away,
 * and a blurred beginning. Own choices and the operator's, which come with `load`.
 */
export class Safety {
  readonly #memory = new Memory();
  #operator: Pick<SettingsAnswer, 'words' | 'blur_start'> = { words: [], blur_start: false };
  #filter: Filter | null = null;
  /** What one has agreed to send in this match. */
  #agreed: { match: string; kinds: Set<Contact> } = { match: '', kinds: new Set() };

  /** Asks for the operator's settings. Without an answer one's own are all there is. */
  async load(): Promise<void> {
    const answer = await fetch('/v1/settings', { cache: 'no-cache' }).then((r) => (r.ok ? (r.json() as Promise<SettingsAnswer>) : null)).catch(() => null);
    if (!answer) return;
    this.#operator = { words: answer.words ?? [], blur_start: answer.blur_start === true };
    this.#filter = null;
  }

  get words(): string[] {
    return this.#memory.words;
  }

  set words(words: string[]) {
    this.#memory.words = words;
    this.#filter = null;
  }

  get blurStart(): boolean {
    return this.#memory.blurStart ?? this.#operator.blur_start;
  }

  set blurStart(on: boolean) {
    this.#memory.blurStart = on;
  }

  /** Where a message holds words that are to be masked. */
  unwanted(text: string): Span[] {
    return (this.#filter ??= makeFilter([...this.words, ...this.#operator.words])).find(text);
  }

  /** What in a message to ask about before it is sent; each kind once in a match. */
  risky(match: string, text: string): Contact[] {
    const { kinds } = this.#agreed.match === match ? this.#agreed : (this.#agreed = { match, kinds: new Set() });
    return findContacts(text).filter((kind) => !kinds.has(kind));
  }

  agree(match: string, kinds: readonly Contact[]): void {
    if (this.#agreed.match === match) for (const kind of kinds) this.#agreed.kinds.add(kind);
  }

  /** Asks the stranger's page to begin blurred, if it is wished here. */
  begin(client: Passerby): boolean {
    if (this.blurStart) client.setBlur({ on: true, ready: false });
    return this.blurStart;
  }
}
