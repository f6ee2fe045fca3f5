/**
 * SFrame (RFC 9605) on encoded frames, as docs/security.md lays it out:
 *
 *   | clear bytes | config, KID, CTR | ciphertext | 16-byte tag |
 *                  └── header ──┘
 *   AAD = header || clear bytes          nonce = sframe_salt XOR CTR
 *
 * The clear bytes are what packetisers, depacketisers and the SFU must see. Nothing here keeps state but
 * ReplayWindow.
 */
import { concat, hkdf, utf8, type Bytes } from './bytes';

export type Kind = 'audio' | 'video';

/** A key for one direction and kind: AES-GCM key (not extractable) and 12-byte salt. Can be posted to a Worker. */
export interface FrameKey {
  key: CryptoKey;
  salt: Bytes;
}

/** AES_128_GCM_SHA256_128 */
const SUITE = 4n;
const KEY_BYTES = 16;
const SALT_BYTES = 12;
const TAG_BYTES = 16;
/** KIDs of media always take six bytes, so that the SFU finds them at a fixed place. */
const KID_BYTES = 6;

/** Derives `sframe_key` and `sframe_salt` (RFC 9605 §4.4.2) from a base key. */
export function deriveRaw(baseKey: Bytes, kid: bigint): { key: Bytes; salt: Bytes } {
  const expand = (label: string, bytes: number) => {
    const info = concat(utf8('SFrame 1.0 Secret ' + label), bigEndian(kid, 8), bigEndian(SUITE, 2));
    return hkdf(baseKey, new Uint8Array(0), info, bytes);
  };
  return { key: expand('key ', KEY_BYTES), salt: expand('salt ', SALT_BYTES) };
}

export async function deriveFrameKey(baseKey: Bytes, kid: bigint): Promise<FrameKey> {
  const { key, salt } = deriveRaw(baseKey, kid);
  return { key: await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']), salt };
}

/** Writes the header of RFC 9605 §4.3. `kidBytes` forces a length for the KID; without it the shortest is used. */
export function encodeHeader(kid: bigint, ctr: bigint, kidBytes = 0): Bytes {
  const k = field(kid, kidBytes);
  const c = field(ctr, 0);
  return concat(Uint8Array.of((k.nibble << 4) | c.nibble), k.bytes, c.bytes);
}

/** One half of the config byte: values below 8 stand in it, longer ones follow it (flag 8, length − 1). */
function field(value: bigint, bytes: number): { nibble: number; bytes: Bytes } {
  if (value < 8n && bytes === 0) return { nibble: Number(value), bytes: new Uint8Array(0) };
  let length = bytes || 1;
  while (length < 8 && value >> BigInt(8 * length)) length++;
  return { nibble: 8 | (length - 1), bytes: bigEndian(value, length) };
}

export interface Header {
  kid: bigint;
  ctr: bigint;
  /** Bytes that the header takes. */
  length: number;
}

/** Reads a header; null when the bytes end inside it. */
export function decodeHeader(data: Uint8Array): Header | null {
  const config = data[0];
  if (config === undefined) return null;
  let at = 1;
  const read = (nibble: number): bigint => {
    if (nibble < 8) return BigInt(nibble);
    let value = 0n;
    for (const end = at + (nibble & 7) + 1; at < end; at++) value = (value << 8n) | BigInt(data[at] ?? 0);
    return value;
  };
  const kid = read(config >> 4);
  const ctr = read(config & 15);
  return at > data.length ? null : { kid, ctr, length: at };
}

/** VP8's first bit says whether this is a key frame (RFC 7741 §4.3). */
export const isKeyFrame = (data: Uint8Array): boolean => data.length > 0 && (data[0]! & 1) === 0;

/** How many bytes of an encoded frame stay clear: VP8 key frame 10, delta 3; Opus 1. */
export function clearLength(kind: Kind, data: Uint8Array): number {
  const wanted = kind === 'audio' ? 1 : isKeyFrame(data) ? 10 : 3;
  return Math.min(wanted, data.length);
}

/** Encrypts one encoded frame. The caller never uses a counter twice with a key. */
export async function sealFrame(to: FrameKey, kid: bigint, ctr: number, kind: Kind, frame: Bytes): Promise<Bytes> {
  const clear = frame.subarray(0, clearLength(kind, frame));
  const header = encodeHeader(kid, BigInt(ctr), KID_BYTES);
  const sealed = await seal(to, BigInt(ctr), concat(header, clear), frame.subarray(clear.length));
  return concat(clear, header, sealed);
}

/** A frame split up but not opened: enough to choose the key. */
export interface SealedFrame {
  kid: bigint;
  ctr: number;
  clear: Bytes;
  header: Bytes;
  sealed: Bytes;
}

/** Splits what sealFrame made; null when it cannot be one (encoders make no frame shorter than its clear bytes). */
export function splitFrame(kind: Kind, data: Bytes): SealedFrame | null {
  const clear = clearLength(kind, data);
  const header = decodeHeader(data.subarray(clear));
  if (!header || header.ctr > BigInt(Number.MAX_SAFE_INTEGER)) return null;
  const body = clear + header.length;
  if (data.length < body + TAG_BYTES) return null;
  return {
    kid: header.kid,
    ctr: Number(header.ctr),
    clear: data.subarray(0, clear),
    header: data.subarray(clear, body),
    sealed: data.subarray(body),
  };
}

/** Decrypts; throws when the frame was changed or the key is another. */
export async function openFrame(from: FrameKey, frame: SealedFrame): Promise<Bytes> {
  const plain = await open(from, BigInt(frame.ctr), concat(frame.header, frame.clear), frame.sealed);
  return concat(frame.clear, plain);
}

/** The AEAD of RFC 9605 §4.4.3, without header: exported for the published vectors. */
export async function seal(to: FrameKey, ctr: bigint, aad: Bytes, plain: Bytes): Promise<Bytes> {
  const params = { name: 'AES-GCM', iv: nonce(to.salt, ctr), additionalData: aad, tagLength: 8 * TAG_BYTES };
  return new Uint8Array(await crypto.subtle.encrypt(params, to.key, plain));
}

export async function open(from: FrameKey, ctr: bigint, aad: Bytes, sealed: Bytes): Promise<Bytes> {
  const params = { name: 'AES-GCM', iv: nonce(from.salt, ctr), additionalData: aad, tagLength: 8 * TAG_BYTES };
  return new Uint8Array(await crypto.subtle.decrypt(params, from.key, sealed));
}

export function nonce(salt: Bytes, ctr: bigint): Bytes {
  const counter = bigEndian(ctr, salt.length);
  return salt.map((byte, i) => byte ^ counter[i]!);
}

function bigEndian(value: bigint, length: number): Bytes {
  const out = new Uint8Array(length);
  for (let i = length - 1; i >= 0; i--, value >>= 8n) out[i] = Number(value & 255n);
  return out;
}

/** Refuses counters seen before, or older than the last 1024 below the highest. */
export class ReplayWindow {
  readonly #bits = new Uint32Array(32);
  #highest = -1;

  /** Whether `ctr` is new. Changes nothing: call `add` once the frame has opened. */
  fresh(ctr: number): boolean {
    if (ctr > this.#highest) return true;
    if (ctr <= this.#highest - 1024) return false;
    return !(this.#bits[(ctr >> 5) & 31]! & (1 << (ctr & 31)));
  }

  add(ctr: number): void {
    if (ctr - this.#highest >= 1024) this.#bits.fill(0);
    else for (let i = this.#highest + 1; i <= ctr; i++) this.#bits[(i >> 5) & 31]! &= ~(1 << (i & 31));
    this.#highest = Math.max(this.#highest, ctr);
    this.#bits[(ctr >> 5) & 31]! |= 1 << (ctr & 31);
  }
}
