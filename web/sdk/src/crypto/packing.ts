/**
 * What packetisers must find in a sealed frame of a codec that shows nothing of itself (docs/security.md): they look for units,
 * so the frame becomes one.
 *
 *   VP9    header, ciphertext                        its packetiser only cuts
 *   AV1    one OBU of header, ciphertext
 *   H.264  SEI unit of the header │ parameter sets │ beginning of the slice, ciphertext      each escaped
 */
import { concat, type Bytes } from './bytes';

/** A codec of video. */
export type Codec = 'VP8' | 'VP9' | 'AV1' | 'H264';

/** Those whose frames are sealed whole. */
export type Whole = Exclude<Codec, 'VP8'>;

interface Sealed {
  header: Bytes;
  body: Bytes;
}

/** Null when the frame is none of the codec. */
export function pack(codec: Whole, header: Bytes, body: Bytes, frame: Bytes): Bytes | null {
  if (codec === 'VP9') return concat(header, body);
  if (codec === 'AV1') return concat(Uint8Array.of(beginsSequence(frame) ? OBU_SEQUENCE : OBU_FRAME), leb128(header.length + body.length), header, body);
  const all = units(frame);
  const slice = all.find((unit) => kindOf(unit) >= 1 && kindOf(unit) <= 5);
  if (!slice || slice.length < SLICE_CLEAR) return null;
  const sets = all.filter((unit) => kindOf(unit) === 7 || kindOf(unit) === 8);
  return concat(
    START, Uint8Array.of(SEI), escape(concat(header, STOP)),
    ...sets.flatMap((unit) => [START, unit]),
    START, slice.subarray(0, 1), escape(concat(slice.subarray(1, SLICE_CLEAR), body, STOP)),
  );
}

/** What `pack` made of; `size` tells how long the header is. Null when it cannot be that. */
export function unpack(codec: Whole, data: Bytes, size: (sealed: Bytes) => number): Sealed | null {
  const cut = (sealed: Bytes): Sealed => {
    const at = size(sealed);
    return { header: sealed.subarray(0, at), body: sealed.subarray(at) };
  };
  if (codec === 'VP9') return cut(data);
  if (codec === 'AV1') {
    let at = 1;
    while (at < data.length && data[at]! & 0x80) at++;
    return data[0] === OBU_FRAME || data[0] === OBU_SEQUENCE ? cut(data.subarray(at + 1)) : null;
  }
  const [sei, ...rest] = units(data);
  const slice = rest.at(-1);
  if (!sei || !slice || sei[0] !== SEI) return null;
  const header = unescape(sei.subarray(1)).slice(0, -1);
  return size(header) === header.length ? { header, body: unescape(slice.subarray(1)).slice(SLICE_CLEAR - 1, -1) } : null;
}

/** Headers of units with their size behind (AV1 §5.3.2). A packetiser marks a key frame by the sequence header that begins it. */
const OBU_FRAME = 0x32;
const OBU_SEQUENCE = 0x0a;
const OBU_DELIMITER = 0x12;

const beginsSequence = (frame: Bytes): boolean => frame[frame[0] === OBU_DELIMITER ? 2 : 0] === OBU_SEQUENCE;

function leb128(n: number): Bytes {
  const out = [];
  for (; n > 127; n >>>= 7) out.push((n & 127) | 128);
  return Uint8Array.of(...out, n);
}

// H.264 in the byte stream format (ITU-T H.264 annex B)

const START = Uint8Array.of(0, 0, 0, 1);
const STOP = Uint8Array.of(0x80);
const SEI = 6;
/** Type, and what tells the parameter set of a slice. */
const SLICE_CLEAR = 3;

const kindOf = (unit: Bytes): number => unit[0]! & 31;

function units(data: Bytes): Bytes[] {
  const out: Bytes[] = [];
  let from = -1;
  for (let i = 0; i + 2 < data.length; i++) {
    if (data[i] || data[i + 1] || data[i + 2] !== 1) continue;
    if (from >= 0) out.push(trimmed(data.subarray(from, i)));
    from = i + 3;
    i += 2;
  }
  if (from >= 0) out.push(data.subarray(from));
  return out.filter((unit) => unit.length > 0);
}

/** Without the zero that belongs to the start code behind it. */
function trimmed(unit: Bytes): Bytes {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end--;
  return unit.subarray(0, end);
}

/** Emulation prevention (§7.4.1): no start code inside. */
function escape(data: Bytes): Bytes {
  const out = new Uint8Array(data.length + Math.ceil(data.length / 2));
  let n = 0;
  let zeros = 0;
  for (const byte of data) {
    if (zeros >= 2 && byte <= 3) {
      out[n++] = 3;
      zeros = 0;
    }
    out[n++] = byte;
    zeros = byte ? 0 : zeros + 1;
  }
  return out.subarray(0, n);
}

function unescape(data: Bytes): Bytes {
  const out = new Uint8Array(data.length);
  let n = 0;
  let zeros = 0;
  for (const byte of data) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    out[n++] = byte;
    zeros = byte ? 0 : zeros + 1;
  }
  return out.subarray(0, n);
}
