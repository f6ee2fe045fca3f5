/** Getting a session from the server, and what of it survives a reload in this tab. */
import { PasserbyError, type ErrorCode } from './errors';
import type { ErrorAnswer, ICEServer, SessionAnswer } from './protocol';
import type { SavedText } from './text';
import type { Wish } from './types';

export interface Credentials {
  token: string;
  /** Unix milliseconds. */
  expires: number;
  iceServers: ICEServer[];
}

/** Asks for a session: `POST /v1/session`. */
export async function requestSession(origin: string): Promise<Credentials> {
  let response: Response;
  try {
    response = await fetch(new URL('/v1/session', origin), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ adult: true }),
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(10_000),
    });
  } catch (cause) {
    throw new PasserbyError(navigator.onLine ? 'unreachable' : 'offline', { cause, fatal: true });
  }
  const body = (await response.json().catch(() => null)) as (SessionAnswer & Partial<ErrorAnswer>) | null;
  if (!response.ok || typeof body?.token !== 'string') {
    const { code, retry_after_ms } = body?.error ?? {};
    throw new PasserbyError((code ?? (response.status >= 500 ? 'unreachable' : 'internal')) as ErrorCode, {
      retryAfterMs: retry_after_ms,
      fatal: true,
    });
  }
  return { token: body.token, expires: Date.parse(body.expires_at) || Date.now() + 60_000, iceServers: body.ice_servers ?? [] };
}

/** A session as it is kept for a reload. */
export interface Stored extends Credentials {
  origin: string;
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
  text(match: string): SavedText | undefined {
    const saved = this.#read(TEXT) as { match: string; saved: SavedText } | null;
    return saved?.match === match ? saved.saved : undefined;
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
