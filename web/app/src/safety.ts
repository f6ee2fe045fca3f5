import type { Passerby, SettingsAnswer } from '@passerby/client';
import { Memory } from './memory';
import { findContacts, type Contact } from './words/contact';
import { makeFilter, type Filter, type Span } from './words/filter';

/**
 * What protects on this device alone, since the server can read nothing: words that are masked, a question before one gives oneself away,
 * a blurred beginning, and a look for nudity in pictures. Own choices and the operator's, which come with `load`.
 */
export class Safety {
  readonly #memory = new Memory();
  /** The server reads texts. */
  clearText = false;
  #operator: SettingsAnswer = { words: [], blur_start: false };
  #filter: Filter | null = null;
  /** What one has agreed to send in this match. */
  #agreed: { match: string; kinds: Set<Contact> } = { match: '', kinds: new Set() };

  /** When the operator's settings are known, or that they will not be. */
  loaded: Promise<void> = Promise.resolve();

  /** Asks for the operator's settings. Without an answer one's own are all there is. */
  load(): void {
    this.loaded = this.#load();
  }

  async #load(): Promise<void> {
    const answer = await fetch('/v1/settings', { cache: 'no-cache' }).then((r) => (r.ok ? (r.json() as Promise<SettingsAnswer>) : null)).catch(() => null);
    if (!answer) return;
    this.clearText = answer.clear_text === true;
    this.#operator = { words: answer.words ?? [], blur_start: answer.blur_start === true, nudity_check: Number(answer.nudity_check) || 0, age_service: answer.age_service === true, learns: answer.learns === true };
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

  /** A service decides about ages, so that one's own word is not asked for. */
  get ageService(): boolean {
    return this.#operator.age_service === true;
  }

  /** The queue learns from how long talks last who suits whom. */
  get learns(): boolean {
    return this.#operator.learns === true;
  }

  /** From which likelihood on a picture counts as nudity; 0 where the operator has no check, and then there is nothing to choose. */
  get nudityThreshold(): number {
    return this.#operator.nudity_check ?? 0;
  }

  get nudityCheck(): boolean {
    return this.nudityThreshold > 0 && this.#memory.nudityCheck;
  }

  set nudityCheck(on: boolean) {
    this.#memory.nudityCheck = on;
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
