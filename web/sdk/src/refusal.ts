/** What an error of the server means for the client: a pure function, so that each code can be looked at. */
import { PasserbyError } from './errors';
import type { Input } from './machine';
import type { ErrorMessage } from './protocol';

export interface Refusal {
  /** For the machine. */
  input?: Input;
  /** For the page. */
  error?: PasserbyError;
  /** The offer was not taken. */
  offer?: true;
  /** Do not connect again before this many milliseconds are over. */
  holdOffMs?: number;
}

const RETRY_DEFAULT = 1500;
const RETRY_LEAST = 250;
const FLOODING_DEFAULT = 5000;
/** New sessions asked for in a row, because of a token that the server did not take. */
const MAX_RENEWALS = 2;

/** Id of a find: it tells which wish is answered. */
export const findId = (wish: number): string => `find-${wish}`;

/** The number of the wish that a message answers, if it answers a find. */
export function answeredWish(id: string | undefined): number | undefined {
  return id?.startsWith('find-') ? Number(id.slice(5)) : undefined;
}

/** `renewals` counts the new sessions asked for since the last welcome. */
export function judge({ id, code, message, retry_after_ms, fatal }: ErrorMessage, renewals: number): Refusal {
  const error = (final = fatal) => new PasserbyError(code, { retryAfterMs: retry_after_ms, fatal: final, said: message });
  const later: Input = { on: 'refused', afterMs: Math.max(RETRY_LEAST, retry_after_ms ?? RETRY_DEFAULT) };
  switch (code) {
    case 'token_invalid':
    case 'token_expired':
      return { input: renewals < MAX_RENEWALS ? { on: 'expired' } : { on: 'fatal', error: error() } };
    case 'slow_consumer':
    case 'hello_required':
      return {}; // the socket comes back by itself
    case 'flooding':
      return { holdOffMs: retry_after_ms ?? FLOODING_DEFAULT, error: error(false) };
  }
  if (fatal) return { input: { on: 'fatal', error: error() } };
  if (id?.startsWith('offer-')) return { offer: true };
  if (id === 'next' || answeredWish(id) !== undefined) {
    // `find` repeats the wish, in case the server has forgotten it.
    if (code === 'wrong_state' && id === 'next') return { input: { on: 'retry' } };
    if (code === 'wrong_state' || code === 'bad_request') return { input: { on: 'fatal', error: error(true) } };
    return { error: error(), input: later };
  }
  if (code === 'no_match' || code === 'wrong_state') return {};
  // A drain is said to who waits, too: the place in the queue is gone.
  return code === 'draining' ? { error: error(), input: later } : { error: error() };
}
