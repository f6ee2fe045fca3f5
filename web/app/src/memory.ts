/** Choices that are kept on this device. */
export class Memory {
  get autoNext(): boolean {
    return read('passerby.autoNext') !== false;
  }

  set autoNext(on: boolean) {
    write('passerby.autoNext', on);
  }
}

function read(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage may be full or forbidden; then the choice lasts as long as the page.
  }
}
