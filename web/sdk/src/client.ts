import type { PasserbyError } from './errors';
import { Emitter, type Events, type Listener } from './events';
import type { Match, Message, Options, Quality, ReportReason, State, Support, Wish } from './types';

/** Whether this browser can do encrypted video, and text. */
export function support(): Support {
  return { media: true, text: true };
}

/** One person's seat in the chat. See README for the walk. */
export class Passerby {
  readonly remoteStream: MediaStream = new MediaStream();
  readonly #events = new Emitter<Events>();

  constructor(readonly options: Options = {}) {}

  get state(): State { return 'idle'; }
  get match(): Match | null { return null; }
  get messages(): readonly Message[] { return []; }
  get lastError(): PasserbyError | null { return null; }

  start(_wish: Wish & { adult: true }, _media?: MediaStream | null): Promise<void> { return Promise.resolve(); }
  resume(_media?: MediaStream | null): Promise<boolean> { return Promise.resolve(false); }
  next(_widen?: boolean): void {}
  stop(): void {}
  sendText(text: string): Message { return { id: '', from: 'me', text, at: Date.now(), state: 'sending' }; }
  retry(_id: string): void {}
  setTyping(_on: boolean): void {}
  setEnabled(_kind: 'audio' | 'video', _on: boolean): void {}
  replaceTrack(_kind: 'audio' | 'video', _track: MediaStreamTrack | null): Promise<void> { return Promise.resolve(); }
  report(_reason: ReportReason, _note?: string): Promise<void> { return Promise.resolve(); }
  block(): Promise<void> { return Promise.resolve(); }
  getStats(): Promise<Quality> { return Promise.reject(new Error('not started')); }
  destroy(): void { this.#events.clear(); }
  on<K extends keyof Events>(event: K, fn: Listener<Events[K]>): () => void { return this.#events.on(event, fn); }
}
