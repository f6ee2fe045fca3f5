/** Errors that a page can show: a stable code, and a sentence that says what to do. */

import type { Ban } from './protocol';

/** The server's codes (docs/protocol.md) and the client's own. */
export type ErrorCode =
  | 'bad_request' | 'unknown_type' | 'too_large' | 'rate_limited' | 'flooding' | 'hello_required'
  | 'token_invalid' | 'token_expired' | 'adult_required' | 'origin_forbidden' | 'proof_required' | 'banned' | 'device_invalid' | 'age_required' | 'replaced' | 'no_match'
  | 'wrong_state' | 'sdp_invalid' | 'media_failed' | 'slow_consumer' | 'server_full' | 'draining' | 'evidence_invalid' | 'internal'
  // Found by the client itself:
  | 'offline' | 'unreachable' | 'unsupported' | 'worker_failed' | 'crypto_failed' | 'key_mismatch'
  // From explainMediaError:
  | 'permission_denied' | 'no_device' | 'device_busy' | 'constraint' | 'insecure' | 'unknown';

const sentences: Partial<Record<ErrorCode, string>> = {
  bad_request: 'The server did not understand this page. Reload it to get the newest version.',
  unknown_type: 'The server is older than this page. Reload the page.',
  too_large: 'That was too long to send. Shorten it and try again.',
  rate_limited: 'That was a bit fast. Wait a moment and try again.',
  flooding: 'Too much was sent at once. Wait a moment, then press Start again.',
  hello_required: 'The connection took too long to open. Press Start again.',
  token_invalid: 'Your session is no longer valid. Press Start to begin a new one.',
  token_expired: 'Your session has ended. Press Start to begin a new one.',
  adult_required: 'Confirm that you are an adult to go on.',
  origin_forbidden: 'This page is not allowed to use this server. Open the site at its own address.',
  proof_required: 'Many people arrive at once, and your browser could not do the small task that keeps programs out. Try again in a moment.',
  banned: 'You are banned. The page of the ban tells why and until when.',
  device_invalid: 'The clock of your device is wrong, or this page is old. Set the clock, reload the page and try again.',
  age_required: 'This site wants proof of your age first.',
  replaced: 'You opened the chat in another tab. Go on there, or press Start to use it here.',
  no_match: 'That person has already gone.',
  wrong_state: 'That is not possible right now. Press Start to begin.',
  sdp_invalid: 'Your browser and the server could not agree on video. Try again, or use text chat.',
  media_failed: 'Video could not be connected. Try again, or use text chat.',
  slow_consumer: 'Your connection could not keep up. Reconnecting.',
  server_full: 'Everything is full right now. Try again in a moment.',
  draining: 'The server is restarting. Try again in a moment.',
  evidence_invalid: 'The server could not confirm what the report offers as proof, so it was not taken. Send it without.',
  internal: 'Something went wrong on the server. Try again.',
  offline: 'You are offline. Check your internet connection; the chat goes on by itself when it is back.',
  unreachable: 'The server cannot be reached. Check your internet connection and try again.',
  unsupported: 'This browser cannot encrypt video between two people. Use text chat, or a current Chrome, Edge, Firefox or Safari.',
  worker_failed: 'The part that encrypts video could not start. Reload the page, or use text chat.',
  crypto_failed: 'The encryption could not be set up. Press Next to meet someone else.',
  key_mismatch: 'The keys of this conversation do not fit together, so it was ended to keep you safe. Press Next.',
  permission_denied: 'Camera and microphone are blocked. Allow them beside the address bar, then try again, or use text chat.',
  no_device: 'No camera or microphone was found. Plug one in and try again, or use text chat.',
  device_busy: 'Your camera or microphone is used by another program. Close it and try again.',
  constraint: 'Your camera does not offer what was asked for. Choose another one.',
  insecure: 'Camera and microphone work only on a secure address. Open this site with https.',
  unknown: 'Something unexpected went wrong. Reload the page and try again.',
};

/** The sentence for a code; `fallback` where the code is new to this version. */
export function sentence(code: string, fallback = sentences.unknown!): string {
  return sentences[code as ErrorCode] ?? fallback;
}

export interface ErrorInit {
  message?: string;
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
    super(init.message ?? sentence(code), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.retryAfterMs = init.retryAfterMs;
    this.fatal = init.fatal ?? false;
    this.ban = init.ban;
    this.ageUrl = init.ageUrl;
  }
}

const mediaCodes: Record<string, ErrorCode> = {
  NotAllowedError: 'permission_denied',
  PermissionDeniedError: 'permission_denied',
  NotFoundError: 'no_device',
  DevicesNotFoundError: 'no_device',
  NotReadableError: 'device_busy',
  TrackStartError: 'device_busy',
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
