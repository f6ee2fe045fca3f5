/**
 * The Worker that encrypts and decrypts frames: the thin shell of frames.ts around the browser's encoded streams.
 * One Worker serves all four streams of a page. TransformStream finishes one frame before it starts the next, so
 * frames keep their order although the cryptography is asynchronous.
 */
import type { Bytes } from '../crypto/bytes';
import { Frames } from './frames';
import type { FromWorker, ToWorker, TransformOptions } from './messages';

type EncodedFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const tell = (message: FromWorker) => scope.postMessage(message);

const frames = new Frames({
  first: (keyId, kind, frame) => tell({ op: 'first', keyId, kind, timestamp: rtpTimestamp(frame as EncodedFrame) }),
});

function rtpTimestamp(frame: EncodedFrame): number {
  const { rtpTimestamp } = frame.getMetadata() as { rtpTimestamp?: number };
  return rtpTimestamp ?? (frame as { timestamp?: number }).timestamp ?? 0;
}

/** Not more often than this are key frames asked for, in milliseconds. */
const REQUEST_INTERVAL = 250;

function transform({ side, kind }: TransformOptions, askKeyFrame: () => void): TransformStream<EncodedFrame, EncodedFrame> {
  let asked = 0;
  return new TransformStream({
    async transform(frame, controller) {
      const data = new Uint8Array(frame.data) as Bytes;
      const out = side === 'send' ? await frames.seal(kind, data) : await frames.open(kind, data, frame);
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
