// A client without a server: it does what the scene tells it through `window.passerby`.
export { PasserbyError, explainMediaError } from '../../sdk/src/errors';
import { PasserbyError, type ErrorCode } from '../../sdk/src/errors';
import { Emitter, type Events } from '../../sdk/src/events';
import type { Match, Message, Options, State } from '../../sdk/src/types';

const query = new URLSearchParams(location.search);

export function support() {
  const has = query.get('support') ?? 'all';
  return { media: has === 'all', text: has !== 'none' };
}

export function keepAgeToken(): void {}

export const MAX_PICTURE = 30_000;

export class Passerby {
  state: State = 'idle';
  match: Match | null = null;
  messages: Message[] = [];
  readonly remoteStream = new MediaStream();
  readonly #events = new Emitter<Events>();
  #count = 0;
  #said: Message[] = [];

  get resumable() { return query.get('running') ? { mode: 'video' as const } : null; }

  constructor(readonly options: Options) {}

  on<K extends keyof Events>(name: K, fn: (event: Events[K]) => void) {
    return this.#events.on(name, fn);
  }

  // What the page calls

  async start() {
    this.to('connecting');
    if (query.get('scene') === 'connecting') return;
    this.to('waiting');
    this.#events.emit('waiting', { since: Date.now(), position: 2, estimateMs: 12_000 });
  }

  readonly limits = { graceMs: Number(query.get('grace') ?? 10_000), resumeMs: Number(query.get('resume') ?? 30_000), rematchMs: Number(query.get('rematch') ?? 300_000), reportMediaMs: 10_000, clearText: query.get('clear') !== null };
  provableMedia() { return this.match?.mode === 'video' ? 10_000 : 0; }
  find() {}
  provable() { return this.#said; }

  next() {
    this.match = null;
    this.to('waiting');
    this.#events.emit('waiting', { since: Date.now(), position: 1, estimateMs: 4000 });
  }

  stop() { this.to('idle'); }
  async elsewhere() { return []; }
  async takeOver() { return null; }
  async deviceKept() { return true; }
  async resume() { this.to('connecting'); return new Promise<boolean>(() => {}); }
  destroy() {}
  setTyping() {}
  setBlur() {}
  setPaused() {}
  setEnabled() {}
  async share(screen: MediaStreamTrack | null) { this.#events.emit('sharing', { on: screen !== null }); }
  async replaceTrack() {}
  async report() { this.leave('blocked'); }
  async block() { this.leave('blocked'); }
  retry() {}
  async ownData() { return {}; }
  async deleteOwnData() { return { reports: 0, bans: 0 }; }
  readonly notices = [];
  understood() {}

  sendText(text: string): Message {
    const message: Message = { id: String(++this.#count), from: 'me', text, at: Date.now(), state: 'sending' };
    this.messages.push(message);
    return message;
  }

  // What a scene calls

  to(state: State) {
    const previous = this.state;
    this.state = state;
    this.#events.emit('state', { state, previous });
  }

  meet(mode: 'video' | 'text' = 'video', tags: string[] = [], name?: string) {
    this.match = { id: `m${++this.#count}`, mode, initiator: true, tags, at: Date.now(), ...(name && { name }) };
    this.to('matched');
    this.#events.emit('matched', { match: this.match });
  }

  /** A painted stranger. */
  async picture() {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const pen = canvas.getContext('2d')!;
    const drawing = Object.assign(new Image(), { src: '/stranger.svg' });
    await drawing.decode();
    pen.drawImage(drawing, 0, 0, 640, 480);
    const still = await createImageBitmap(canvas);
    setInterval(() => pen.drawImage(still, 0, 0), 66); // a stream gets a frame only when somebody paints
    for (const track of canvas.captureStream(15).getTracks()) this.remoteStream.addTrack(track);
    this.#events.emit('firstframe', { match: this.match!, ms: 90 });
  }

  say(text: string, from: 'me' | 'partner' = 'partner', state?: Message['state']) {
    const message: Message = { id: String(++this.#count), from, text, at: Date.now(), ...(state && { state }) };
    if (from === 'partner') this.#said.push(message);
    this.#events.emit('message', { message });
  }

  emit<K extends keyof Events>(name: K, event: Events[K]) { this.#events.emit(name, event); }

  leave(reason: Events['ended']['reason'] = 'next') {
    const { match } = this;
    if (!match) return;
    this.match = null;
    this.to('ended');
    this.#events.emit('ended', { match, reason });
  }

  trouble(code: ErrorCode, fatal = true, retryAfterMs?: number) {
    if (fatal) this.to('error');
    this.#events.emit('error', new PasserbyError(code, { fatal, retryAfterMs }));
  }
}
