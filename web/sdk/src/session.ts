/** Getting a session from the server, and what of it survives a reload in this tab. */
import { signDevice } from './device';
import { PasserbyError, type ErrorCode } from './errors';
import type { AppealAnswer, Challenge, ErrorAnswer, ICEServer, Proof, SessionAnswer } from './protocol';
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
  let offset = 0; // of the server's clock from ours
  let answer = await ask(origin, offset);
  if (answer.body?.error?.code === 'device_invalid') {
    offset = Date.parse(answer.date ?? '') - Date.now() || 0;
    answer = await ask(origin, offset);
  }
  for (let tries = 0; answer.body?.challenge && tries < MAX_PROOFS; tries++) {
    const proof = await solve(answer.body.challenge).catch((cause: unknown) => {
      throw new PasserbyError('proof_required', { cause, fatal: true });
    });
    answer = await ask(origin, offset, proof);
  }
  const { ok, status, body } = answer;
  if (!ok || typeof body?.token !== 'string') {
    throw refused(status, body);
  }
  return { token: body.token, expires: Date.parse(body.expires_at) || Date.now() + 60_000, iceServers: body.ice_servers ?? [] };
}

/** Appeals against a ban, `POST /v1/appeal`. */
export async function requestAppeal(origin: string, token: string, text: string): Promise<void> {
  const { ok, status, body } = await post<AppealAnswer>(origin, '/v1/appeal', { token, text }).catch((cause: unknown) => {
    throw new PasserbyError(navigator.onLine ? 'unreachable' : 'offline', { cause });
  });
  if (!ok) throw refused(status, body);
}

function refused(status: number, body: Partial<ErrorAnswer> | null): PasserbyError {
  const { code, retry_after_ms } = body?.error ?? {};
  // Without a code it was not our server that answered, but something on the way to it.
  return new PasserbyError((code ?? 'unreachable') as ErrorCode, {
    retryAfterMs: retry_after_ms, fatal: true, cause: `HTTP ${status}`, ban: body?.ban, ageUrl: body?.age_url,
  });
}

type Heard<T> = { ok: boolean; status: number; date: string | null; body: (T & Partial<ErrorAnswer>) | null };

const AGE = 'passerby.age';

/** What an age-assurance service said, as the page kept it. */
export function ageToken(): string | undefined {
  try {
    return localStorage.getItem(AGE) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps it; it is bound to this device. */
export function keepAgeToken(token: string): void {
  try {
    localStorage.setItem(AGE, token);
  } catch {
    // The next visit asks again.
  }
}

async function ask(origin: string, offset: number, proof?: Proof): Promise<Heard<SessionAnswer>> {
  const attempt = async () => {
    const device = await signDevice(new URL(origin).host, Math.round(Date.now() + offset)).catch(() => undefined);
    const age = ageToken();
    return post<SessionAnswer>(origin, '/v1/session', { adult: true, ...(age ? { age_token: age } : {}), ...(device ? { device } : {}), ...(proof ? { proof } : {}) });
  };
  return attempt().catch(attempt).catch((cause: unknown) => {
    throw new PasserbyError(navigator.onLine ? 'unreachable' : 'offline', { cause, fatal: true });
  });
}

async function post<T>(origin: string, path: string, content: object): Promise<Heard<T>> {
  const response = await fetch(new URL(path, origin), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(content),
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
  return { ok: response.ok, status: response.status, date: response.headers.get('Date'), body: body as Heard<T>['body'] };
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
