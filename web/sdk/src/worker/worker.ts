/**
 * The Worker that encrypts and decrypts frames: the thin shell of frames.ts around the browser's encoded streams.
 * One Worker serves all four streams of a page. TransformStream finishes one frame before it starts the next, so
 * frames keep their order although the cryptography is asynchronous.
 */
import type { Bytes } from '../crypto/bytes';
import { isKeyFrame, type Format, type Kind } from '../crypto/sframe';
import { Frames } from './frames';
import type { FromWorker, ToWorker, TransformOptions } from './messages';

type EncodedFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const tell = (message: FromWorker) => scope.postMessage(message);

const frames = new Frames({
  first: (keyId, kind, frame, line) => tell({ op: 'first', keyId, kind, timestamp: rtpTimestamp(frame as EncodedFrame), line }),
});

function rtpTimestamp(frame: EncodedFrame): number {
  const { rtpTimestamp } = frame.getMetadata() as { rtpTimestamp?: number };
  return rtpTimestamp ?? (frame as { timestamp?: number }).timestamp ?? 0;
}

/** The codec by its name; a browser that does not name it uses VP8 alone. */
const formats: Record<string, Format> = { 'video/vp8': 'video', 'video/vp9': 'VP9', 'video/av1': 'AV1', 'video/h264': 'H264' };
let named = false;

function formatOf(kind: Kind, frame: EncodedFrame): Format | undefined {
  if (kind === 'audio') return kind;
  const { mimeType } = frame.getMetadata() as { mimeType?: string };
  if (mimeType !== undefined && !named) {
    named = true;
    tell({ op: 'named' });
  }
  return mimeType === undefined ? kind : formats[mimeType.toLowerCase()];
}

/** Not more often than this are key frames asked for, in milliseconds. */
const REQUEST_INTERVAL = 250;

function transform({ side, kind, line }: TransformOptions, askKeyFrame: () => void): TransformStream<EncodedFrame, EncodedFrame> {
  let asked = 0;
  if (side === 'receive') frames.begin(line);
  return new TransformStream({
    async transform(frame, controller) {
      const data = new Uint8Array(frame.data) as Bytes;
      const format = formatOf(kind, frame);
      if (!format) return; // there is no rule for it, so it is neither sent nor shown
      const key = format === kind ? isKeyFrame(data) : (frame as RTCEncodedVideoFrame).type === 'key';
      const out = side === 'send' ? await frames.seal(kind, data, format, key) : await frames.open(kind, data, frame, line, format, key);
      if (out) {
        frame.data = out.buffer as ArrayBuffer;
        controller.enqueue(frame);
      } else if (side === 'receive' && kind === 'video' && frames.keyed && performance.now() - asked > REQUEST_INTERVAL) {
        asked = performance.now();
        askKeyFrame();
      }
    },
  });
}

scope.addEventListener('rtctransform', (event) => {
  const { transformer } = event as RTCTransformEvent;
  const options = transformer.options as TransformOptions;
  const ask = () => void transformer.sendKeyFrameRequest?.().catch(() => {});
  transformer.readable.pipeThrough(transform(options, ask)).pipeTo(transformer.writable).catch(() => {});
});

scope.addEventListener('message', (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  switch (message.op) {
    case 'keys': {
      const { keyId, send, receive } = message;
      const keyFrame = frames.holding;
      tell(frames.install(keyId, send, receive) ? { op: 'installed', keyId, keyFrame } : { op: 'refused', keyId });
      break;
    }
    case 'clear':
      frames.clear();
      break;
    case 'pipe':
      // Without a transformer nobody here can ask for a key frame: the server asks until `shown`.
      message.readable.pipeThrough(transform(message, () => {})).pipeTo(message.writable).catch(() => {});
      break;
  }
});
