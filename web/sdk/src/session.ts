/** Getting a session from the server, and what of it survives a reload in this tab. */
import { signDevice, type Purpose } from './device';
import { PasserbyError, type ErrorCode } from './errors';
import type { Challenge, ErrorAnswer, ICEServer, Proof, SessionAnswer } from './protocol';
import type { Past } from './conversation';
import type { SavedText } from './text';
import type { Options, Wish } from './types';

export interface Credentials {
  token: string;
  /** Unix milliseconds. */
  expires: number;
  iceServers: ICEServer[];
}

/** Puzzles solved for one session: the first may be late, on a slow phone. */
const MAX_PROOFS = 3;

/**
 * Asks for a session, `POST /v1/session`; once more when the network failed. `solve` is called when the server asks for proof of work, `by` is the
 * word of another app.
 */
export async function requestSession(origin: string, solve: (challenge: Challenge) => Promise<Proof>, by?: Options['session']): Promise<Credentials> {
  const barred = (code: ErrorCode) => (cause: unknown): never => {
    throw new PasserbyError(code, { cause, fatal: true });
  };
  const app_token = await Promise.resolve(typeof by === 'function' ? by() : by).catch(barred('token_invalid'));
  const ask = (proof?: Proof) => {
    const attempt = () => post<SessionAnswer>(origin, '/v1/session', { adult: true, app_token, age_token: ageToken() || undefined, proof }, '');
    return attempt().catch(attempt);
  };
  let answer = await ask();
  for (let tries = 0; answer.body?.challenge && tries < MAX_PROOFS; tries++) {
    answer = await ask(await solve(answer.body.challenge).catch(barred('proof_required')));
  }
  const { token, expires_at, ice_servers } = accepted(answer);
  if (typeof token !== 'string') throw new PasserbyError('unreachable', { fatal: true });
  return { token, expires: Date.parse(expires_at) || Date.now() + 60_000, iceServers: ice_servers ?? [] };
}

/** Asks for something else that is no session: `POST`. Rejects with the server's error. */
export async function request<T extends object>(origin: string, path: string, content: object, purpose?: Purpose): Promise<T> {
  return accepted(await post<T>(origin, path, content, purpose));
}

/** What the server said, or its error. */
function accepted<T>({ ok, status, body }: Heard<T>): T {
  if (ok && body) return body;
  // Without a code it was not our server that answered, but something on the way to it.
  const { code = 'unreachable', message, retry_after_ms } = body?.error ?? {};
  throw new PasserbyError(code, {
    said: message, retryAfterMs: retry_after_ms, fatal: true, cause: `HTTP ${status}`, ban: body?.ban, ageUrl: body?.age_url,
  });
}

type Heard<T> = { ok: boolean; status: number; body: (T & Partial<ErrorAnswer>) | null };

const AGE = 'passerby.age';

/** Where there is no storage, it is known as long as the page is open. */
let told: string | undefined;

/** What an age-assurance service said, as the page kept it. */
export function ageToken(): string | undefined {
  try {
    return localStorage.getItem(AGE) ?? told;
  } catch {
    return told;
  }
}

/** Keeps it; it is bound to this device. An empty one is none. */
export function keepAgeToken(token: string): void {
  told = token;
  try {
    if (token) localStorage.setItem(AGE, token);
    else localStorage.removeItem(AGE);
  } catch {
    // The next visit asks again.
  }
}

/** The server's clock less this one's, as far as it is known; milliseconds. */
let ahead = 0;

/** Posts; for a `purpose` signed by this device where it can, and once more when its clock was too far from the server's. */
async function post<T>(origin: string, path: string, content: object, purpose?: Purpose, last = purpose === undefined): Promise<Heard<T>> {
  const url = new URL(path, origin);
  const device = purpose === undefined ? purpose : await signDevice(url.host, Math.round(Date.now() + ahead), purpose).catch(() => undefined);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...content, device }),
    credentials: 'omit',
    cache: 'no-store',
    signal: AbortSignal.timeout(10_000),
  }).catch(unheard);
  const { ok, status, headers } = response;
  const text = await response.text().catch(unheard);
  let body: Heard<T>['body'] = null;
  try {
    body = JSON.parse(text) as Heard<T>['body'];
  } catch {
    // a page of a proxy
  }
  if (last || body?.error?.code !== 'device_invalid') return { ok, status, body };
  ahead = Date.parse(headers.get('Date') ?? '') - Date.now() || 0;
  return post(origin, path, content, purpose, true);
}

function unheard(cause: unknown): never {
  throw new PasserbyError(navigator.onLine ? 'unreachable' : 'offline', { cause, fatal: true });
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

/** This tab's storage. A browser that forbids it forbids even to name it. */
export function ownStorage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

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
