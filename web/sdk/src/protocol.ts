/**
 * Decoding of what the server sends: types come from protocol.gen.ts (made from the Go structs), the checks here
 * make sure that a value has its type before anything believes it. docs/protocol.md is the reference.
 */
import type { ServerMessage } from './protocol.gen';

export * from './protocol.gen';

type Check = (value: unknown) => boolean;

const string: Check = (v) => typeof v === 'string';
const filled: Check = (v) => typeof v === 'string' && v !== '';
const boolean: Check = (v) => typeof v === 'boolean';
const whole: Check = (v) => Number.isSafeInteger(v) && (v as number) >= 0;
const counted: Check = (v) => Number.isSafeInteger(v) && (v as number) >= 1;
const optional = (check: Check): Check => (v) => v === undefined || check(v);
const oneOf = (...names: string[]): Check => (v) => names.includes(v as string);
const listOf = (check: Check): Check => (v) => Array.isArray(v) && v.every(check);
const shape = (fields: Record<string, Check>): Check => (v) =>
  typeof v === 'object' && v !== null && !Array.isArray(v) &&
  Object.entries(fields).every(([name, check]) => check((v as Record<string, unknown>)[name]));

const mode = oneOf('video', 'text');
/** Those that are used here. */
const limits = shape({ resume_ms: whole, grace_ms: whole, rematch_ms: optional(whole), report_media_ms: optional(whole), clear_text: optional(boolean) });
const iceServer = shape({ urls: listOf(string), username: optional(string), credential: optional(string) });

/** One check for each type of message. */
const messages: Record<ServerMessage['type'], Check> = {
  welcome: shape({
    session: filled, resume: filled, resumed: boolean, media: boolean, token: filled, expires_at: filled,
    ice_servers: (v) => v === null || listOf(iceServer)(v), limits,
  }),
  answer: shape({ sdp: filled }),
  waiting: shape({ since: whole, mode, position: optional(whole), estimate_ms: optional(whole) }),
  matched: shape({
    match: filled, mode, initiator: boolean, key_id: (v) => typeof v === 'string' && /^[0-9a-f]{12}$/.test(v), at: whole,
    peer: shape({ key: filled, tags: (v) => v === null || listOf(string)(v), language: optional(string), name: optional(string) }),
    resumed: optional(boolean), sent: optional(whole), acked: optional(whole),
  }),
  text: shape({ match: filled, n: counted, body: filled, at: whole, tag: string }),
  ack: shape({ match: filled, n: counted }),
  signal: shape({ match: filled, data: filled }),
  committed: shape({ match: filled, key_id: filled, commit: filled }),
  partner: shape({ match: filled, state: oneOf('online', 'reconnecting') }),
  moved: shape({ within_ms: optional(whole) }),
  ended: shape({ match: filled, reason: oneOf('next', 'left', 'lost', 'blocked', 'moderated', 'drain') }),
  left: shape({}),
  reported: shape({ match: filled, report: optional(string) }),
  blocked: shape({ match: filled }),
  notice: shape({ notice: filled, reason: string, message: optional(string), at: whole }),
  refused: shape({ match: filled, n: counted, reason: oneOf('filter', 'unchecked', 'form') }),
  pong: shape({}),
  error: shape({ code: filled, message: string, retry_after_ms: optional(whole), fatal: optional(boolean) }),
};

/**
 * Reads one frame. Null for what this version does not know or what is malformed: a client ignores it, so that a
 * newer server can say more.
 */
export function decode(frame: unknown): ServerMessage | null {
  if (typeof frame !== 'string') return null;
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { type, id } = value as { type?: unknown; id?: unknown };
  if (typeof type !== 'string' || !Object.hasOwn(messages, type) || !optional(string)(id)) return null;
  return messages[type as ServerMessage['type']](value) ? (value as ServerMessage) : null;
}
