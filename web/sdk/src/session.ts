/** Getting a session from the server, and what of it survives a reload in this tab. */
import { PasserbyError, type ErrorCode } from './errors';
import type { Challenge, ErrorAnswer, ICEServer, Proof, SessionAnswer } from './protocol';
import type { Past } from './conversation';
import type { SavedText } from './text';
import type { Wish } from './types';

export interface Credentials {
  token: string;
  /** Unix milliseconds. */
  expires: number;
  iceServers: ICEServer[];
}

/** Puzzles solved for one session: the first may be late, on a slow phone. */
const MAX_PROOFS = 3;

/** Asks for a session, `POST /v1/session`; once more when the network failed. `solve` is called when the server asks for proof of work. */
export async function requestSession(origin: string, solve: (challenge: Challenge) => Promise<Proof>): Promise<Credentials> {
  let answer = await ask(origin);
  for (let tries = 0; answer.body?.challenge && tries < MAX_PROOFS; tries++) {
    const proof = await solve(answer.body.challenge).catch((cause: unknown) => {
      throw new PasserbyError('proof_required', { cause, fatal: true });
    });
    answer = await ask(origin, proof);
  }
  const { ok, status, body } = answer;
  if (!ok || typeof body?.token !== 'string') {
    const { code, retry_after_ms } = body?.error ?? {};
    // Without a code it was not our server that answered, but something on the way to it.
    throw new PasserbyError((code ?? 'unreachable') as ErrorCode, { retryAfterMs: retry_after_ms, fatal: true, cause: `HTTP ${status}` });
  }
  return { token: body.token, expires: Date.parse(body.expires_at) || Date.now() + 60_000, iceServers: body.ice_servers ?? [] };
}

type Body = (SessionAnswer & Partial<ErrorAnswer>) | null;
type Heard = { ok: boolean; status: number; body: Body };

async function ask(origin: string, proof?: Proof): Promise<Heard> {
  return post(origin, proof).catch(() => post(origin, proof)).catch((cause: unknown) => {
    throw new PasserbyError(navigator.onLine ? 'unreachable' : 'offline', { cause, fatal: true });
  });
}

async function post(origin: string, proof?: Proof): Promise<Heard> {
  const response = await fetch(new URL('/v1/session', origin), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ adult: true, ...(proof ? { proof } : {}) }),
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(10_000),
  });
  const text = await response.text(); // fails when the connection does
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // a page of a proxy
  }
  return { ok: response.ok, status: response.status, body: body as Body };
}

/** A session as it is kept for a reload. */
export interface Stored extends Credentials {
  origin: string;
  /** The server's name for it. */
  session: string;
  resume: string | null;
  wish: Wish | null;
}

const SESSION = 'passerby.session';
const TEXT = 'passerby.text';

/** sessionStorage or nothing; a full or forbidden storage only means that a reload begins anew. */
export class Vault {
  constructor(private readonly storage: Storage | null) {}

  get session(): Stored | null {
    const stored = this.#read(SESSION) as Stored | null;
    return stored && typeof stored.token === 'string' && typeof stored.origin === 'string' ? stored : null;
  }

  set session(stored: Stored | null) {
    this.#write(SESSION, stored);
  }

  /** Numbers and own unacknowledged messages of the current match; removed when the match ends. */
  past(match?: string): Past | undefined {
    const kept = this.#read(TEXT) as { match: string; saved: SavedText } | null;
    if (!kept || (match ?? kept.match) !== kept.match) return undefined;
    return { match: kept.match, text: kept.saved, messages: [], proofs: [] };
  }

  saveText(match: string, saved: SavedText): void {
    this.#write(TEXT, { match, saved });
  }

  forgetText(): void {
    this.#write(TEXT, null);
  }

  #read(key: string): unknown {
    try {
      return JSON.parse(this.storage?.getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  #write(key: string, value: unknown): void {
    try {
      if (value === null) this.storage?.removeItem(key);
      else this.storage?.setItem(key, JSON.stringify(value));
    } catch {
      // See the class comment.
    }
  }
}
