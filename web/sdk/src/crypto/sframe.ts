/**
 * SFrame (RFC 9605) on encoded frames, as docs/security.md lays it out:
 *
 *   | clear bytes | config, KID, CTR | ciphertext | 16-byte tag |
 *                  └── header ──┘
 *   AAD = header || clear bytes          nonce = sframe_salt XOR CTR
 *
 * The clear bytes are what packetisers, depacketisers and the SFU must see. Frames of other codecs than VP8 and Opus have none,
 * the AAD is header || name of the codec, and packing.ts says what goes around them. Nothing here keeps state but
 * ReplayWindow.
 */
import { concat, hkdf, utf8, type Bytes } from './bytes';
import { pack, unpack, type Whole } from './packing';

export type Kind = 'audio' | 'video';

/** How a frame is laid out: as its kind is, video being VP8, or as another codec, of which nothing stays clear. */
export type Format = Kind | Whole;

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

const whole = (format: Format): format is Whole => format !== 'audio' && format !== 'video';

/** Encrypts one encoded frame; null when it is none of the format. The caller never uses a counter twice with a key. */
export async function sealFrame(to: FrameKey, kid: bigint, ctr: number, format: Format, frame: Bytes): Promise<Bytes | null> {
  const header = encodeHeader(kid, BigInt(ctr), KID_BYTES);
  if (whole(format)) return pack(format, header, await seal(to, BigInt(ctr), concat(header, utf8(format)), frame), frame);
  const clear = frame.subarray(0, clearLength(format, frame));
  const sealed = await seal(to, BigInt(ctr), concat(header, clear), frame.subarray(clear.length));
  return concat(clear, header, sealed);
}

/** A frame split up but not opened: enough to choose the key. */
export interface SealedFrame {
  kid: bigint;
  ctr: number;
  clear: Bytes;
  header: Bytes;
  /** What is authenticated beside the header. */
  label: Bytes;
  sealed: Bytes;
}

/** Splits what sealFrame made; null when it cannot be one (encoders make no frame shorter than its clear bytes). */
export function splitFrame(format: Format, data: Bytes): SealedFrame | null {
  const clear = whole(format) ? new Uint8Array(0) : data.subarray(0, clearLength(format, data));
  const rest = data.subarray(clear.length);
  const parts = whole(format)
    ? unpack(format, rest, (sealed) => decodeHeader(sealed)?.length ?? 0)
    : cut(rest);
  const header = parts && decodeHeader(parts.header);
  if (!parts || !header || header.ctr > BigInt(Number.MAX_SAFE_INTEGER) || parts.body.length < TAG_BYTES) return null;
  return { kid: header.kid, ctr: Number(header.ctr), clear, header: parts.header, label: whole(format) ? utf8(format) : clear, sealed: parts.body };
}

function cut(data: Bytes): { header: Bytes; body: Bytes } | null {
  const length = decodeHeader(data)?.length;
  return length === undefined ? null : { header: data.subarray(0, length), body: data.subarray(length) };
}

/** Decrypts; throws when the frame was changed or the key is another. */
export async function openFrame(from: FrameKey, frame: SealedFrame): Promise<Bytes> {
  const plain = await open(from, BigInt(frame.ctr), concat(frame.header, frame.label), frame.sealed);
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
  #highest: number;

  /** Nothing up to `past` is new. */
  constructor(past = -1) {
    this.#highest = past;
    if (past >= 0) this.#bits.fill(0xffffffff);
  }

  get highest(): number {
    return this.#highest;
  }

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
