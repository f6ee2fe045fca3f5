/**
 * A server in memory for tests of the whole client: HTTP by a fake fetch, sockets by a fake WebSocket, two people
 * matched in the order in which they come. Follows docs/protocol.md as far as the client can tell.
 */
import { computeKeyId } from '../src/crypto/keys';
import { fromBase64url, fromUtf8 } from '../src/crypto/bytes';
import type { ClientMessage, Find, Limits, Notice, ServerMessage } from '../src/protocol';

interface Session {
  id: string;
  resume: string;
  socket: FakeSocket | null;
  find: Find | null;
  key: string;
  match: Match | null;
  /** Names of matches that are over. */
  met: string[];
  since: number;
  sent: number;
  acked: number;
}

interface Match {
  id: string;
  sides: [Session, Session];
}

export class FakeServer {
  sessions = new Map<string, Session>();
  sockets = new Set<FakeSocket>();
  waiting: Session[] = [];
  /** Every message of a client, for tests to look at. */
  heard: ClientMessage[] = [];
  posts = 0;
  limits: Limits = { frame_bytes: 65536, text_bytes: 8192, tags: 8, tag_length: 24, messages_per_second: 20, resume_ms: 30_000, grace_ms: 10_000 };
  /** Reads texts; a text with `bad` in it is refused. */
  set clear(on: boolean) {
    this.limits = { ...this.limits, clear_text: on };
  }

  /** What moderators have to say to whoever comes, until it is understood. */
  notices: Notice[] = [];
  up = true;
  /** What to do to an answer before it is sent; null drops it. */
  tamper: (message: ServerMessage, to: string) => ServerMessage | null = (m) => m;
  #count = 0;

  fetch = async (): Promise<Response> => {
    if (!this.up) throw new TypeError('refused');
    this.posts++;
    const token = `token-${++this.#count}`;
    return Response.json({ token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), ice_servers: [], limits: {} });
  };

  /** Forgets everything, as a restart does. */
  restart(): void {
    this.sessions.clear();
    this.waiting = [];
    this.cut();
  }

  cut(): void {
    for (const socket of [...this.sockets]) socket.lose();
  }

  async receive(socket: FakeSocket, message: ClientMessage): Promise<void> {
    this.heard.push(message);
    const session = socket.session;
    if (message.type === 'hello') return this.#hello(socket, message.token, message.resume, message.beside);
    if (!session) return socket.fail('hello_required');
    const id = message.id === undefined ? {} : { id: message.id };
    switch (message.type) {
      case 'find':
      case 'next':
        if (message.type === 'find') session.find = message;
        if (!session.find) return this.#send(session, { type: 'error', ...id, code: 'wrong_state', message: 'next comes after find' });
        if (session.match && message.after !== undefined && message.after !== session.match.id) {
          return this.#matched(session.match, (side) => (side === session ? { ...id, resumed: true } : null));
        }
        if (message.key) session.key = message.key;
        this.#end(session, 'next');
        return this.#search(session, id);
      case 'leave':
        this.#end(session, 'left');
        this.waiting = this.waiting.filter((s) => s !== session);
        return this.#send(session, { type: 'left' });
      case 'rekey': {
        if (session.match?.id !== message.match) return;
        session.key = message.key;
        return this.#matched(session.match, (side) => ({ ...(side === session ? id : {}), resumed: true }));
      }
      case 'text':
      case 'ack':
      case 'signal': {
        const partner = session.match?.sides.find((s) => s !== session);
        if (!partner || session.match?.id !== message.match) return;
        if (message.type === 'text' && this.limits.clear_text) {
          const bytes = fromBase64url(message.body);
          const reason = bytes[0] !== 0 ? 'form' : fromUtf8(bytes.subarray(33)).includes('bad') ? 'filter' : null;
          if (reason) return this.#send(session, { type: 'refused', match: message.match, n: message.n, reason });
        }
        if (message.type === 'text') session.sent = Math.max(session.sent, message.n);
        if (message.type === 'ack') session.acked = Math.max(session.acked, message.n);
        return this.#send(partner, message.type === 'text' ? { ...message, at: Date.now(), tag: 'tag' } : message);
      }
      case 'block':
      case 'report':
        if (session.match?.id !== message.match && !session.met.includes(message.match)) {
          return this.#send(session, { type: 'error', ...id, code: 'no_match', message: 'match: neither the current one nor a recent one' });
        }
        this.#send(session, { type: message.type === 'block' ? 'blocked' : 'reported', ...id, match: message.match });
        return session.match?.id === message.match ? this.#end(session, 'blocked') : undefined;
      case 'understood':
        this.notices = this.notices.filter(({ notice }) => notice !== message.notice);
        return;
      case 'ping':
        return this.#send(session, { type: 'pong', ...id });
    }
  }

  detach(socket: FakeSocket): void {
    this.sockets.delete(socket);
    if (socket.session?.socket === socket) socket.session.socket = null;
  }

  async #hello(socket: FakeSocket, token: string, resume: string | undefined, beside = false): Promise<void> {
    const known = [...this.sessions.values()].find((s) => s.resume === resume);
    const session: Session = known ?? { id: token, resume: '', socket: null, find: null, key: '', match: null, met: [], since: 0, sent: 0, acked: 0 };
    if (beside) session.socket?.lose();
    else session.socket?.fail('replaced');
    session.socket = socket;
    session.resume = `resume-${++this.#count}`;
    socket.session = session;
    this.sessions.set(session.id, session);
    this.#send(session, {
      type: 'welcome', session: session.id, resume: session.resume, resumed: known !== undefined, media: known !== undefined, token,
      expires_at: new Date(Date.now() + 3_600_000).toISOString(), ice_servers: [],
      limits: this.limits,
    });
    for (const notice of this.notices) this.#send(session, notice);
    if (session.match) await this.#matched(session.match, (side) => (side === session ? { resumed: true } : null));
    else if (this.waiting.includes(session)) this.#send(session, { type: 'waiting', since: 1, mode: 'text' });
  }

  async #search(session: Session, id: { id?: string }): Promise<void> {
    if (!this.waiting.includes(session)) session.since = Date.now();
    this.waiting = this.waiting.filter((s) => s !== session);
    const tags = (s: Session) => s.find?.tags ?? [];
    const partner = this.waiting.find((s) => !tags(s).length || !tags(session).length || tags(s).some((tag) => tags(session).includes(tag)));
    if (!partner) {
      this.waiting.push(session);
      return this.#send(session, { type: 'waiting', ...id, since: session.since, mode: 'text', position: 1 });
    }
    this.waiting = this.waiting.filter((s) => s !== partner);
    const match: Match = { id: `match-${++this.#count}`, sides: [partner, session] };
    for (const side of match.sides) Object.assign(side, { match, sent: 0, acked: 0 });
    await this.#matched(match, (side) => (side === session ? id : {}));
  }

  /** Tells the sides of a match that `more` answers for, all at once, unless it is over by then. */
  async #matched(match: Match, more: (side: Session) => { id?: string; resumed?: boolean } | null): Promise<void> {
    const { id, sides: [i, r] } = match;
    const key_id = computeKeyId(id, i.key, r.key);
    for (const session of match.sides) {
      const extra = more(session);
      if (!extra || session.match !== match) continue;
      const peer = { key: (session === i ? r : i).key, tags: [] };
      this.#send(session, {
        type: 'matched', ...extra, match: id, mode: 'text', initiator: session === i, peer, key_id, at: Date.now(),
        sent: session.sent, acked: session.acked,
      });
    }
  }

  #end(session: Session, reason: 'next' | 'left' | 'blocked'): void {
    const match = session.match;
    if (!match) return;
    for (const side of match.sides) {
      side.match = null;
      side.met.push(match.id);
      if (side !== session || reason === 'blocked') this.#send(side, { type: 'ended', match: match.id, reason });
    }
  }

  #send(session: Session, message: ServerMessage): void {
    const changed = this.tamper(message, session.id);
    if (changed) session.socket?.deliver(changed);
  }
}

/** Enough of WebSocket for socket.ts. Handlers run later, as real ones do. */
export class FakeSocket {
  static readonly OPEN = 1;
  static server: FakeServer;
  readyState = 0;
  session: Session | null = null;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  #server = FakeSocket.server;
  #order: Promise<void> = Promise.resolve();

  constructor(readonly url: string, readonly protocol: string) {
    setTimeout(() => {
      if (!this.#server.up) return this.lose();
      this.readyState = 1;
      this.#server.sockets.add(this);
      this.onopen?.();
    });
  }

  send(text: string): void {
    this.#order = this.#order.then(() => this.#server.receive(this, JSON.parse(text) as ClientMessage));
  }

  close(): void {
    this.readyState = 3;
    this.#server.detach(this);
  }

  deliver(message: ServerMessage): void {
    setTimeout(() => this.readyState === 1 && this.onmessage?.({ data: JSON.stringify(message) }));
  }

  fail(code: 'hello_required' | 'replaced'): void {
    this.deliver({ type: 'error', code, message: code, fatal: true });
    setTimeout(() => this.lose());
  }

  lose(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#server.detach(this);
    this.onclose?.();
  }
}
