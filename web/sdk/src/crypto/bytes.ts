/** Small helpers on byte arrays. All pure. */
import { hash, hmac } from './sha256';

/** Bytes that WebCrypto and structured clone take as they are. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

export const utf8 = (text: string): Bytes => encoder.encode(text) as Bytes;

/** Decodes strictly: throws on invalid UTF-8. */
export const fromUtf8 = (bytes: Uint8Array): string => decoder.decode(bytes);

export function concat(...parts: Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function hex(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) out += b.toString(16).padStart(2, '0');
  return out;
}

/** base64url without padding (RFC 4648 §5). */
export function base64url(bytes: Uint8Array): string {
  let binary = '';
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Reads base64url with or without padding; throws on anything else. */
export function fromBase64url(text: string): Bytes {
  if (!/^[\w-]*={0,2}$/.test(text)) throw new TypeError('not base64url');
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

export function random(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** Compares without leaving early. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  let diff = a.length ^ b.length;
  for (let i = 0; i < a.length && i < b.length; i++) diff |= a[i]! ^ b[i]!;
  return diff === 0;
}

/** SHA-256 of bytes, or of a text's UTF-8. */
export const sha256 = (data: string | Bytes): Bytes => hash(typeof data === 'string' ? utf8(data) : data);

/**
 * HKDF-SHA-256 (RFC 5869). Not WebCrypto's: a match needs twenty such steps, each of them a trip to another thread and
 * back, and while a picture is awaited the processor is busy.
 */
export function hkdf(secret: Bytes, salt: Bytes, info: Bytes, length: number): Bytes {
  const key = hmac(salt, secret);
  let all = new Uint8Array(0);
  for (let n = 1, last = all; all.length < length; n++) all = concat(all, (last = hmac(key, last, info, Uint8Array.of(n))));
  return all.slice(0, length);
}
