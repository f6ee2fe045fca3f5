/**
 * One WebSocket that comes back by itself: backoff with jitter, a check that the other end still answers, and a
 * look at the network's own events. It knows nothing of sessions; the owner speaks first when it is up.
 */
import { loadTalk } from './load';
import { decode, SUBPROTOCOL, type ClientMessage, type ServerMessage } from './protocol';

export interface SocketEvents {
  up(): void;
  /** Lost; another try follows, unless `close` was called. `tries` counts failures in a row. */
  down(tries: number): void;
  message(message: ServerMessage): void;
  /** `move` was asked for, and another connection is up: what is sent goes there now. */
  beside?(): void;
  /** What comes on the connection before. */
  late?(message: ServerMessage): void;
}

/** Silence after which the other end is asked, the same when it owes an answer, and how long it may take, in milliseconds. */
const QUIET = 15_000;
const DUE = 3_000;
const PATIENCE = 5_000;
const CONNECT_TIMEOUT = 10_000;
const MAX_BACKOFF = 8_000;
/** How long the connection before a move may still say something. */
const LATE = 5_000;

/** The wait before try number `tries` (from 1): doubling from half a second, between half and all of it. */
export function backoff(tries: number, random = Math.random()): number {
  if (tries <= 1) return 150 * random;
  return Math.min(MAX_BACKOFF, 250 * 2 ** (tries - 1)) * (0.5 + random / 2);
}

export class Socket {
  #ws: WebSocket | null = null;
  /** Before a move. */
  #former: WebSocket | null = null;
  /** Gives a move up that is under way. */
  #stay: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #notBefore = 0;
  #closed = true;
  #epoch = 0;
  /** What silence leads to. Later words do not put it off; only something heard does. */
  #silence: 'ask' | 'ask soon' | 'lost' = 'ask';
  readonly #onNetwork = () => this.probe();

  constructor(
    private readonly url: string,
    private readonly events: SocketEvents,
  ) {}

  get up(): boolean {
    return this.#ws?.readyState === WebSocket.OPEN;
  }

  /** Counts connections, so that words for one are not spoken on the next. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Opens and stays open until `close`. */
  open(): void {
    this.#closed = false;
    addEventListener('online', this.#onNetwork);
    addEventListener('pageshow', this.#onNetwork);
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    removeEventListener('online', this.#onNetwork);
    removeEventListener('pageshow', this.#onNetwork);
    this.#drop(1000);
  }

  /** Opens another connection beside the one that is up, as often as it takes; when it is open it takes the other's place. */
  move(): void {
    if (!this.up || this.#stay) return;
    let giveUp: (() => void) | null = null;
    const stay = (this.#stay = () => giveUp?.());
    void loadTalk().then(({ dial }) => {
      if (this.#stay !== stay) return;
      giveUp = dial(this.url, backoff, (ws) => {
        this.#stay = null;
        this.#leave();
        this.#adopt(ws);
        this.#epoch++;
        this.#listen();
        this.events.beside?.();
      });
    });
  }

  /** The present connection may say what it has on its way. */
  #leave(): void {
    const former = this.#ws;
    if (!former) return;
    this.#former?.close();
    this.#former = former;
    former.onclose = null;
    former.onmessage = (event: MessageEvent<unknown>) => {
      const message = decode(event.data);
      if (message) this.events.late?.(message);
    };
    setTimeout(() => former.close(1000), LATE);
  }

  /** Sends if the socket is up; says whether it did. */
  send(message: ClientMessage): boolean {
    if (!this.up) return false;
    this.#ws!.send(JSON.stringify(message));
    return true;
  }

  /** An answer is due: when nothing is heard, ask soon whether the connection lives. */
  expect(): void {
    if (!this.up || this.#silence !== 'ask') return;
    this.#silence = 'ask soon';
    this.#after(DUE, () => this.#ask());
  }

  /** Do not try again before this many milliseconds are over. */
  holdOff(ms: number): void {
    this.#notBefore = Math.max(this.#notBefore, Date.now() + ms);
  }

  /** The network may have changed: find out now whether the connection lives. */
  probe(): void {
    if (this.#closed) return;
    if (this.up) this.#ask();
    else if (!this.#ws) this.#connect();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    let ws: WebSocket;
    try {
      ws = new WebSocket(this.url, SUBPROTOCOL);
    } catch {
      this.#again();
      return;
    }
    this.#after(CONNECT_TIMEOUT, () => this.#lost(ws));
    ws.onopen = () => {
      if (this.#ws !== ws) return;
      this.#epoch++;
      this.#listen();
      this.events.up();
    };
    this.#adopt(ws);
  }

  #adopt(ws: WebSocket): void {
    this.#ws = ws;
    ws.onmessage = (event: MessageEvent<unknown>) => {
      if (this.#ws !== ws) return;
      this.#listen();
      const message = decode(event.data);
      if (message?.type === 'welcome') this.#tries = 0;
      if (message) this.events.message(message);
    };
    ws.onclose = () => this.#lost(ws);
  }

  /** Something was heard: be quiet until it has been silent for a while. */
  #listen(): void {
    this.#silence = 'ask';
    this.#after(QUIET, () => this.#ask());
  }

  #ask(): void {
    const ws = this.#ws;
    if (!ws || this.#silence === 'lost') return;
    this.#silence = 'lost';
    this.send({ type: 'ping' });
    this.#after(PATIENCE, () => this.#lost(ws));
  }

  #after(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #lost(ws: WebSocket): void {
    if (this.#ws !== ws) return;
    this.#drop();
    if (!this.#closed) this.#again();
  }

  #again(): void {
    this.#tries++;
    const wait = Math.max(backoff(this.#tries), this.#notBefore - Date.now());
    this.#after(wait, () => this.#connect());
    this.events.down(this.#tries);
  }

  #drop(code?: number): void {
    clearTimeout(this.#timer);
    this.#stay?.();
    this.#stay = null;
    this.#former?.close(1000);
    this.#former = null;
    const ws = this.#ws;
    this.#ws = null;
    if (!ws) return;
    ws.onopen = ws.onmessage = ws.onclose = null;
    ws.close(code);
  }
}
