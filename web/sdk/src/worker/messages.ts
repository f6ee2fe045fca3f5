/** What page and Worker tell each other. */
import type { FrameKey, Kind } from '../crypto/sframe';

export type Side = 'send' | 'receive';

/** Options of one RTCRtpScriptTransform. */
export interface TransformOptions {
  side: Side;
  kind: Kind;
  /** Which connection it is of. */
  line: number;
}

export type ToWorker =
  /** Install the keys of a match, in place of any other. Answered with `installed`. */
  | { op: 'keys'; keyId: string; send: Record<Kind, FrameKey>; receive: Record<Kind, FrameKey> }
  /** Forget all keys at once: nothing is sent or opened until the next `keys`. */
  | { op: 'clear' }
  /** A stream of frames where only createEncodedStreams exists (both streams are transferred). */
  | ({ op: 'pipe'; readable: ReadableStream; writable: WritableStream } & TransformOptions);

export type FromWorker =
  /** `keyFrame`: one is about to be sent, none need be made. */
  | { op: 'installed'; keyId: string; keyFrame: boolean }
  /** This browser says which codec a frame is of. Told once. */
  | { op: 'named' }
  /** These keys were in use before. */
  | { op: 'refused'; keyId: string }
  /** The first frame of this key was opened and handed to the decoder; `timestamp` is its RTP timestamp, `line` the connection. */
  | { op: 'first'; keyId: string; kind: Kind; timestamp: number; line: number };
