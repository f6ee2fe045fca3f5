/**
 * The line to the server: session and socket. Opens both at once, speaks in order, keeps what a reload needs, and
 * says what it hears. What to say, and when, is the owner's business.
 */
import { PasserbyError } from './errors';
import { sayGoodbye } from './goodbye';
import type { Prove } from './proof';
import type { ClientMessage, ServerMessage, Welcome } from './protocol';
import { requestSession, type Credentials, type Vault } from './session';
import { Socket } from './socket';
import type { Options, Wish } from './types';

export interface LineEvents {
  up(): void;
  /** After `move`: another connection is up, on which nothing was said yet. */
  beside(): void;
  down(tries: number): void;
  message(message: ServerMessage): void;
  /** What comes on the connection before a move. */
  late(message: ServerMessage): void;
  /** The server wants proof of work: the share of it that is done, 0–1; null once it is over. */
  proving(share: number | null): void;
  /** No session was to be had. */
  failed(error: PasserbyError): void;
}

/** A stored token is used again while it lives for at least this long, in milliseconds. */
const SPARE_LIFE = 30_000;

export class Line {
  #socket: Socket | null = null;
  #credentials: Promise<Credentials> | null = null;
  #resume: string | null = null;
  #work = new AbortController();
  #speech: { socket: Socket | null; epoch: number; done: Promise<void> } = { socket: null, epoch: 0, done: Promise.resolve() };

  constructor(
    private readonly origin: URL,
    private readonly vault: Vault,
    private readonly prove: Prove,
    private readonly events: LineEvents,
    /** Another app's word on who comes. */
    private readonly by?: Options['session'],
  ) {}

  get up(): boolean {
    return this.#socket?.up ?? false;
  }

  /** Whether there is a session that can be taken over. */
  get resumable(): boolean {
    return this.#resume !== null;
  }

  /** The ICE servers, as soon as the session is known. */
  get iceServers(): Promise<RTCIceServer[]> {
    const servers = this.#credentials?.then(({ iceServers }) => iceServers) ?? Promise.resolve([]);
    servers.catch(() => {}); // `failed` tells; nobody may be waiting here
    return servers;
  }

  /** Opens. `fresh` asks for a new session; `takeOver` uses the stored one however old it is. */
  open(fresh: boolean, takeOver: boolean): void {
    const stored = this.vault.session;
    const mine = !fresh && stored?.origin === this.origin.origin ? stored : null;
    const usable = mine && (takeOver || mine.expires > Date.now() + SPARE_LIFE);
    if (!usable) this.vault.session = null;
    this.#resume = takeOver ? (mine?.resume ?? null) : null;
    const credentials = usable ? Promise.resolve<Credentials>(mine) : this.#session();
    this.#credentials = credentials;
    credentials.catch((cause: unknown) => {
      if (this.#credentials !== credentials) return;
      this.events.failed(cause instanceof PasserbyError ? cause : new PasserbyError('unreachable', { cause, fatal: true }));
    });
    this.#socket?.close();
    this.#socket = new Socket(this.#url, this.events);
    this.#socket.open();
  }

  #session(): Promise<Credentials> {
    this.#work.abort();
    const { signal } = (this.#work = new AbortController());
    return requestSession(this.origin.origin, async (challenge) => {
      const tell = (share: number | null) => signal.aborted || this.events.proving(share);
      tell(0);
      return this.prove(challenge, tell, signal).finally(() => tell(null));
    }, this.by);
  }

  /** Asks for a session that nobody uses, to hear why there is none: null when there is. */
  knock(): Promise<PasserbyError | null> {
    return this.#session().then(() => null, (error: unknown) => (error instanceof PasserbyError ? error : null));
  }

  get #url(): string {
    const url = new URL('/v1/ws', this.origin);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return url.href;
  }

  /** Sends at once if the socket is up; says whether it did. */
  send(message: ClientMessage): boolean {
    return this.#socket?.send(message) ?? false;
  }

  /** Speaks in order: later words wait for earlier ones, and all are dropped with the connection they were meant for. */
  say(words: () => ClientMessage | null | Promise<ClientMessage | null>): void {
    const socket = this.#socket;
    if (!socket) return;
    const { epoch } = socket;
    const here = () => this.#socket === socket && socket.up && socket.epoch === epoch;
    // Words for an earlier connection may never come; nobody waits for them.
    const before = this.#speech.socket === socket && this.#speech.epoch === epoch ? this.#speech.done : Promise.resolve();
    const done = before.then(async () => {
      if (!here()) return;
      const message = await words();
      if (message && here()) socket.send(message);
    }).catch(() => {}); // no session: `failed` was told
    this.#speech = { socket, epoch, done };
  }

  /** Like `say`, for what the server answers soon: with no sign of it the connection is looked at. */
  ask(words: () => Promise<ClientMessage>): void {
    const socket = this.#socket;
    this.say(async () => {
      const message = await words();
      socket?.expect();
      return message;
    });
  }

  hello(resume: boolean, beside = false): void {
    this.ask(async () => {
      const { token } = await this.#credentials!;
      return { type: 'hello', token, ...(resume && this.#resume ? { resume: this.#resume } : {}), ...(beside ? { beside } : {}) };
    });
  }

  /** Opens another connection beside the present one. */
  move(): void {
    this.#socket?.move();
  }

  /** Keeps what `welcome` brought. */
  welcomed(message: Welcome, wish: Wish | null): RTCIceServer[] {
    const iceServers = message.ice_servers ?? [];
    const credentials: Credentials = { token: message.token, expires: Date.parse(message.expires_at) || 0, iceServers };
    this.#credentials = Promise.resolve(credentials);
    this.#resume = message.resume;
    this.vault.session = { ...credentials, origin: this.origin.origin, session: message.session, resume: message.resume, wish };
    return iceServers;
  }

  /** Keeps another wish for a reload. */
  keep(wish: Wish): void {
    const stored = this.vault.session;
    if (stored?.resume) this.vault.session = { ...stored, wish };
  }

  /** Do not connect again before this many milliseconds are over. */
  holdOff(ms: number): void {
    this.#socket?.holdOff(ms);
  }

  /** Leaves for good; when the connection is away, another one says so. Call `close` next. */
  goodbye(): void {
    if (this.send({ type: 'leave' })) return;
    const token = this.vault.session?.token;
    if (!token || !this.#resume) return;
    sayGoodbye(this.#url, token, this.#resume);
    this.vault.session = null; // begun again with this token, it would be ended by the goodbye, which is on its way
  }

  /** Closes, and forgets the resume secret; the token stays, so that blocks stay with the person. */
  close(): void {
    this.#work.abort();
    this.#socket?.close();
    this.#socket = null;
    this.#credentials = null;
    this.#resume = null;
    const stored = this.vault.session;
    if (stored) this.vault.session = { ...stored, resume: null, wish: null };
  }
}
