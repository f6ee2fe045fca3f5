/**
 * Sealed text (docs/security.md).
 *
 *   text body = base64url( 0x01 | commitment (32) | iv (12) | AES-256-GCM(JSON) )
 *   AAD       = match \n key id \n n, then the commitment
 *
 * The commitment HMAC-SHA-256(kf, text) is message franking: the receiver can prove to the server what was said,
 * and refuses a message whose commitment does not open.
 */
import { base64url, concat, equal, fromBase64url, fromUtf8, random, utf8, type Bytes } from './bytes';

/** Where a message belongs; authenticated with it. */
export interface Place {
  match: string;
  keyId: string;
  n: number;
}

/** `text` is said; `gap` fills the number of a message that was lost with a closed page, and is not shown. */
export interface Content {
  kind: 'text' | 'gap';
  text: string;
}

/** An opened message with what is needed to prove it. */
export interface Opened extends Content {
  kf: string;
  commitment: string;
}

const VERSION = 1;
const COMMITMENT = 32;
const IV = 12;
const HEAD = 1 + COMMITMENT + IV;

export async function sealText(key: CryptoKey, place: Place, content: Content): Promise<string> {
  const kf = random(32);
  const commitment = await commit(kf, content.text);
  const iv = random(IV);
  const plain = utf8(JSON.stringify({ kind: content.kind, text: content.text, kf: base64url(kf) }));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad(place, commitment) }, key, plain);
  return base64url(concat(Uint8Array.of(VERSION), commitment, iv, new Uint8Array(sealed)));
}

/** Throws when the body was changed, belongs elsewhere, or its commitment does not open. */
export async function openText(key: CryptoKey, place: Place, body: string): Promise<Opened> {
  const bytes = fromBase64url(body);
  if (bytes[0] !== VERSION || bytes.length < HEAD + 16) throw new TypeError('not a message of this version');
  const commitment = bytes.subarray(1, 1 + COMMITMENT);
  const iv = bytes.subarray(1 + COMMITMENT, HEAD);
  const params = { name: 'AES-GCM', iv, additionalData: aad(place, commitment) };
  const plain = await crypto.subtle.decrypt(params, key, bytes.subarray(HEAD));
  return checked(JSON.parse(fromUtf8(new Uint8Array(plain))), commitment);
}

const CLEAR = 0;

/**
 * A text that the server reads, where its operator has switched encryption off: base64url( 0x00 | commitment (32) | JSON ). The commitment
 * is there for reports, as ever.
 */
export async function clearText(content: Content): Promise<string> {
  const kf = random(32);
  const plain = utf8(JSON.stringify({ kind: content.kind, text: content.text, kf: base64url(kf) }));
  return base64url(concat(Uint8Array.of(CLEAR), await commit(kf, content.text), plain));
}

/** Throws when it is malformed, or its commitment does not open. */
export async function readClearText(body: string): Promise<Opened> {
  const bytes = fromBase64url(body);
  if (bytes[0] !== CLEAR || bytes.length < 1 + COMMITMENT) throw new TypeError('not a message in clear');
  return checked(JSON.parse(fromUtf8(bytes.subarray(1 + COMMITMENT))), bytes.subarray(1, 1 + COMMITMENT));
}

/** Content whose commitment opens. */
async function checked(content: unknown, commitment: Uint8Array): Promise<Opened> {
  if (!isContent(content)) throw new TypeError('message content is malformed');
  const kf = fromBase64url(content.kf);
  if (kf.length !== 32 || !equal(await commit(kf, content.text), commitment)) {
    throw new TypeError('message commitment does not open');
  }
  // Written anew: a report with a key in another spelling, which a sender could choose, would be refused.
  return { kind: content.kind, text: content.text, kf: base64url(kf), commitment: base64url(commitment) };
}

function isContent(value: unknown): value is Content & { kf: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, text, kf } = value as Record<string, unknown>;
  return (kind === 'text' || kind === 'gap') && typeof text === 'string' && typeof kf === 'string';
}

const aad = (place: Place, commitment: Uint8Array): Bytes =>
  concat(utf8(`${place.match}\n${place.keyId}\n${place.n}`), commitment);

/** The franking commitment: HMAC-SHA-256(kf, UTF-8(text)). */
export async function commit(kf: Bytes, text: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', kf, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text)));
}
