import type { Wish } from '@passerby/client';

/** What this tab remembers across a reload. Holds no secret: the client keeps its own. */
export class Memory {
  /** The wish of the conversation that is running, or null. */
  get running(): Wish | null {
    return read<Wish>(sessionStorage, 'passerby.running');
  }

  set running(wish: Wish | null) {
    write(sessionStorage, 'passerby.running', wish);
  }

  get autoNext(): boolean {
    return read<boolean>(localStorage, 'passerby.autoNext') ?? true;
  }

  set autoNext(on: boolean) {
    write(localStorage, 'passerby.autoNext', on);
  }
}

function read<T>(storage: Storage, key: string): T | null {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null') as T | null;
  } catch {
    return null;
  }
}

function write(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, JSON.stringify(value));
  } catch {
    // Storage may be full or forbidden; then a reload simply begins anew.
  }
}
