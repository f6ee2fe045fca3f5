/** What the page and the Worker of a group call tell each other. */
import type { FrameKey, Kind } from '../crypto/sframe';
import type { TransformOptions } from './messages';

export type ToGroupWorker =
  /** Seal under this key from now on. */
  | { op: 'send'; keyId: string; keys: Record<Kind, FrameKey> }
  /** Open what this sender seals under it. */
  | { op: 'receive'; sender: string; keyId: string; keys: Record<Kind, FrameKey> }
  /** Open nothing of this sender any more. */
  | { op: 'forget'; sender: string }
  /** A stream of frames where only createEncodedStreams exists (both streams are transferred). */
  | ({ op: 'pipe'; readable: ReadableStream; writable: WritableStream } & GroupTransform);

export type FromGroupWorker =
  /** Frames of this sender are shown in the slot from now on: its key opens them. */
  { op: 'from'; slot: number; kind: Kind; sender: string };

/** Options of one RTCRtpScriptTransform. */
export interface GroupTransform extends Omit<TransformOptions, 'line'> {
  slot: number;
}
