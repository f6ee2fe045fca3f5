/**
 * The key schedule of a match (docs/security.md):
 *
 *   own private × peer public ─ECDH→ Z ─HKDF-SHA-256(salt = match id)→ one key per purpose and direction
 */
import { base64url, fromBase64url, hex, hkdf, sha256, utf8, type Bytes } from './bytes';
import { deriveFrameKey, type FrameKey } from './sframe';

export type KeyKind = 'x25519' | 'p256';

/** An ephemeral key pair; the private half cannot be exported and lives in memory only. */
export interface KeyPair {
  kind: KeyKind;
  /** The public half as it travels: kind, colon, base64url. */
  text: string;
  privateKey: CryptoKey;
}

/** Keys of one direction. */
export interface DirectionKeys {
  video: FrameKey;
  audio: FrameKey;
  text: CryptoKey;
  signal: CryptoKey;
}

export interface MatchKeys {
  keyId: string;
  send: DirectionKeys;
  receive: DirectionKeys;
}

const algorithms = { x25519: { name: 'X25519' }, p256: { name: 'ECDH', namedCurve: 'P-256' } };
const publicLength = { x25519: 32, p256: 65 };

let x25519: boolean | undefined;

/** Makes a fresh pair: X25519 where the browser has it, else (or when asked) P-256. */
export async function generateKeyPair(kind?: KeyKind): Promise<KeyPair> {
  if (!kind && x25519 !== false) {
    try {
      const pair = await generateKeyPair('x25519');
      x25519 = true;
      return pair;
    } catch {
      x25519 = false;
    }
  }
  const chosen = kind ?? 'p256';
  const pair = (await crypto.subtle.generateKey(algorithms[chosen], false, ['deriveBits'])) as CryptoKeyPair;
  const raw = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { kind: chosen, text: `${chosen}:${base64url(raw)}`, privateKey: pair.privateKey };
}

/** What kind a public key says it is; null for one this version does not know. */
export function keyKind(text: string): KeyKind | null {
  const kind = text.slice(0, text.indexOf(':'));
  return kind === 'x25519' || kind === 'p256' ? kind : null;
}

/** The 48-bit id that binds a match to both public keys: 12 hex digits. */
export function computeKeyId(match: string, initiatorKey: string, responderKey: string): string {
  return hex(sha256(`passerby.v1 key-id\n${match}\n${initiatorKey}\n${responderKey}`).subarray(0, 6));
}

/** Derives every key of a match. Throws when the kinds differ or the peer's key is not a valid point. */
export async function deriveMatchKeys(own: KeyPair, peer: string, match: string, initiator: boolean): Promise<MatchKeys> {
  const keyId = initiator ? computeKeyId(match, own.text, peer) : computeKeyId(match, peer, own.text);
  const secret = await agree(own, peer);
  const derive = (purpose: string, direction: string): Bytes =>
    hkdf(secret, utf8(match), utf8(`passerby.v1 ${purpose} ${direction} ${keyId}`), 32);
  const aes = (purpose: string, direction: string) =>
    crypto.subtle.importKey('raw', derive(purpose, direction), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const frame = (purpose: string, direction: string) => deriveFrameKey(derive(purpose, direction), BigInt('0x' + keyId));
  const keysOf = async (d: string): Promise<DirectionKeys> => {
    const [video, audio, text, signal] = await Promise.all([frame('video', d), frame('audio', d), aes('text', d), aes('signal', d)]);
    return { video, audio, text, signal };
  };
  const [i, r] = await Promise.all([keysOf('i'), keysOf('r')]);
  return initiator ? { keyId, send: i, receive: r } : { keyId, send: r, receive: i };
}

export async function agree(own: KeyPair, peer: string): Promise<Bytes> {
  const kind = keyKind(peer);
  if (kind !== own.kind) throw new TypeError(`key kinds differ: ${own.kind} and ${kind ?? 'unknown'}`);
  const raw = fromBase64url(peer.slice(kind.length + 1));
  if (raw.length !== publicLength[kind]) throw new TypeError('public key has the wrong length');
  const publicKey = await crypto.subtle.importKey('raw', raw, algorithms[kind], false, []);
  const params = { name: algorithms[kind].name, public: publicKey };
  const z = new Uint8Array(await crypto.subtle.deriveBits(params, own.privateKey, 256));
  if (z.every((byte) => byte === 0)) throw new TypeError('public key is not acceptable');
  return z;
}
