/** Errors that a page can show: a stable code, and a sentence that says what to do. */

import type { Ban } from './protocol';

/** The server's codes (docs/protocol.md) and the client's own. */
export type ErrorCode =
  | 'bad_request' | 'unknown_type' | 'too_large' | 'rate_limited' | 'flooding' | 'hello_required'
  | 'token_invalid' | 'token_expired' | 'adult_required' | 'origin_forbidden' | 'proof_required' | 'banned' | 'device_invalid' | 'age_required' | 'replaced' | 'no_match'
  | 'wrong_state' | 'sdp_invalid' | 'media_failed' | 'slow_consumer' | 'server_full' | 'draining' | 'evidence_invalid' | 'internal'
  // Found by the client itself:
  | 'offline' | 'unreachable' | 'unsupported' | 'clear_text' | 'worker_failed' | 'crypto_failed' | 'key_mismatch'
  // From explainMediaError:
  | 'permission_denied' | 'no_device' | 'device_busy' | 'constraint' | 'insecure' | 'unknown';

/** Of what this side finds out itself. What only the server says comes with the server's own sentence. */
const sentences: Partial<Record<ErrorCode, string>> = {
  too_large: 'That was too long to send. Shorten it and try again.',
  token_invalid: 'Your session is over. Press Start to begin a new one.',
  adult_required: 'Confirm that you are an adult to go on.',
  proof_required: 'Many people arrive at once. Try again in a moment.',
  replaced: 'You opened the chat in another tab. Go on there, or press Start.',
  no_match: 'That person has already gone.',
  wrong_state: 'That is not possible right now.',
  media_failed: 'Video could not be connected. Try again, or use text chat.',
  offline: 'You are offline. The chat goes on by itself when the internet is back.',
  unreachable: 'The server cannot be reached. Check your internet connection and try again.',
  unsupported: 'This browser cannot encrypt video. Use text chat, or a current Chrome, Edge, Firefox or Safari.',
  clear_text: 'This server reads text messages. The page would have to say so first.',
  worker_failed: 'The encryption of video could not start. Reload the page, or use text chat.',
  crypto_failed: 'The encryption could not be set up. Press Next to meet someone else.',
  key_mismatch: 'The keys of this chat do not fit together, so it was ended to keep you safe. Press Next.',
  permission_denied: 'Camera and microphone are blocked. Allow them beside the address bar and try again, or use text chat.',
  no_device: 'No camera or microphone was found. Plug one in and try again, or use text chat.',
  device_busy: 'Camera or microphone is used by another program. Close it and try again.',
  constraint: 'Your camera does not offer what was asked for. Choose another one.',
  insecure: 'Camera and microphone work only on a secure address. Open this site with https.',
  unknown: 'Something went wrong. Reload the page and try again.',
};

/** The sentence for a code; `said`, which came with it, where this version has none. */
export function sentence(code: string, said = sentences.unknown!): string {
  return sentences[code as ErrorCode] ?? said;
}

export interface ErrorInit {
  message?: string;
  /** The server's sentence, for a code that this version has none for. */
  said?: string | undefined;
  retryAfterMs?: number | undefined;
  fatal?: boolean | undefined;
  cause?: unknown;
  ban?: Ban | undefined;
  ageUrl?: string | undefined;
}

/** An error with a stable `code` and a `message` that can be shown to a person. */
export class PasserbyError extends Error {
  override readonly name = 'PasserbyError';
  readonly code: ErrorCode;
  /** When trying again can help, after how long. */
  readonly retryAfterMs: number | undefined;
  /** The conversation cannot go on without a new `start()`. */
  readonly fatal: boolean;
  /** With `banned`: why, until when, and where an appeal stands. */
  readonly ban: Ban | undefined;
  /** With `age_required`: the page that proves it. */
  readonly ageUrl: string | undefined;

  constructor(code: ErrorCode, init: ErrorInit = {}) {
    super(init.message ?? sentence(code, init.said), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.retryAfterMs = init.retryAfterMs;
    this.fatal = init.fatal ?? false;
    this.ban = init.ban;
    this.ageUrl = init.ageUrl;
  }
}

const mediaCodes: Record<string, ErrorCode> = {
  NotAllowedError: 'permission_denied',
  NotFoundError: 'no_device',
  NotReadableError: 'device_busy',
  AbortError: 'device_busy',
  OverconstrainedError: 'constraint',
  SecurityError: 'insecure',
};

/** Turns what `getUserMedia` threw into an error with a sentence. */
export function explainMediaError(e: unknown): PasserbyError {
  if (e instanceof PasserbyError) return e;
  if (typeof navigator !== 'undefined' && !navigator.mediaDevices) return new PasserbyError('insecure', { cause: e });
  const name = typeof e === 'object' && e !== null && 'name' in e ? String(e.name) : '';
  return new PasserbyError(mediaCodes[name] ?? 'unknown', { cause: e });
}
