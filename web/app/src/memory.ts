import type { Kind } from './camera';

/** How one's own devices behave: on this device for good. */
export interface Settings {
  /** Suppress what is not a voice. */
  quiet: boolean;
  /** Show the own picture as a mirror does; the stranger always sees it as it is. */
  mirror: boolean;
  /** Single letters act outside of fields; some people press them by accident (WCAG 2.1.4). */
  shortcuts: boolean;
  /** What the stranger says as words, made on this device. */
  captions: boolean;
  /** Where sound comes out; `''` as the system has it. */
  speaker: string;
}

export const usualSettings: Settings = { quiet: true, mirror: true, shortcuts: true, captions: false, speaker: '' };

/** Choices that outlive the page: on this device, or in this tab alone, so that a reload changes nothing. */
export class Memory {
  get autoNext(): boolean {
    return read(() => localStorage, 'passerby.autoNext') !== false;
  }

  set autoNext(on: boolean) {
    write(() => localStorage, 'passerby.autoNext', on);
  }

  get settings(): Settings {
    return { ...usualSettings, ...(read(() => localStorage, 'passerby.settings') as Partial<Settings> | null) };
  }

  set settings(settings: Settings) {
    write(() => localStorage, 'passerby.settings', settings);
  }

  /** The language of the page, if one was chosen. */
  get locale(): unknown {
    return read(() => localStorage, 'passerby.locale');
  }

  set locale(locale: string) {
    write(() => localStorage, 'passerby.locale', locale);
  }

  /** Begin each match blurred; null: as the operator has it. */
  get blurStart(): boolean | null {
    const kept = read(() => localStorage, 'passerby.blurStart');
    return typeof kept === 'boolean' ? kept : null;
  }

  set blurStart(on: boolean) {
    write(() => localStorage, 'passerby.blurStart', on);
  }

  /** Look for nudity in pictures, where the operator offers it. */
  get nudityCheck(): boolean {
    return read(() => localStorage, 'passerby.nudityCheck') !== false;
  }

  set nudityCheck(on: boolean) {
    write(() => localStorage, 'passerby.nudityCheck', on);
  }

  /** Words that one does not want to read. */
  get words(): string[] {
    const kept = read(() => localStorage, 'passerby.words');
    return Array.isArray(kept) ? kept.filter((word) => typeof word === 'string') : [];
  }

  set words(words: string[]) {
    write(() => localStorage, 'passerby.words', words);
  }

  /** Which of camera and microphone are not muted. */
  get sending(): Record<Kind, boolean> {
    const kept = (read(() => sessionStorage, 'passerby.sending') ?? {}) as Partial<Record<Kind, unknown>>;
    return { audio: kept.audio !== false, video: kept.video !== false };
  }

  set sending(sending: Record<Kind, boolean>) {
    write(() => sessionStorage, 'passerby.sending', sending);
  }
}

/** The value that was written, or null. A browser may forbid even to ask for a storage. */
export function read(storage: () => Storage, key: string): unknown {
  try {
    return JSON.parse(storage().getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

export function write(storage: () => Storage, key: string, value: unknown): void {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Storage may be full or forbidden; then the choice lasts as long as the page.
  }
}
