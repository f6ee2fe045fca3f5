/** The Worker of a group call: the thin shell of groupframes.ts around the browser's encoded streams. */
import type { Bytes } from '../crypto/bytes';
import { Entrance, GroupFrames } from './groupframes';
import type { FromGroupWorker, GroupTransform, ToGroupWorker } from './groupmessages';

type EncodedFrame = RTCEncodedVideoFrame | RTCEncodedAudioFrame;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const frames = new GroupFrames();

/** Not more often than this are key frames asked for, in milliseconds. */
const REQUEST_INTERVAL = 250;

function transform({ side, kind, slot }: GroupTransform, askKeyFrame: () => void): TransformStream<EncodedFrame, EncodedFrame> {
  const entrance = new Entrance();
  let asked = 0;
  let shown = '';
  const open = async (data: Bytes): Promise<Bytes | null> => {
    const opened = await frames.open(kind, data);
    if (!entrance.pass(kind, data, opened !== null) || !opened) return null;
    if (opened.sender !== shown) {
      shown = opened.sender;
      const news: FromGroupWorker = { op: 'from', slot, kind, sender: shown };
      scope.postMessage(news);
    }
    return opened.plain;
  };
  return new TransformStream({
    async transform(frame, controller) {
      const data = new Uint8Array(frame.data) as Bytes;
      const out = side === 'send' ? await frames.seal(kind, data) : await open(data);
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
  const ask = () => void transformer.sendKeyFrameRequest?.().catch(() => {});
  transformer.readable.pipeThrough(transform(transformer.options as GroupTransform, ask)).pipeTo(transformer.writable).catch(() => {});
});

scope.addEventListener('message', ({ data: message }: MessageEvent<ToGroupWorker>) => {
  switch (message.op) {
    case 'send':
      frames.send(message.keyId, message.keys);
      break;
    case 'receive':
      frames.receive(message.sender, message.keyId, message.keys);
      break;
    case 'forget':
      frames.forget(message.sender);
      break;
    case 'pipe':
      message.readable.pipeThrough(transform(message, () => {})).pipeTo(message.writable).catch(() => {});
  }
});
