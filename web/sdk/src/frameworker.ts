/** The page's end of the Worker that encrypts frames: installs keys, attaches transforms. One for the client's life. */
import type { Kind } from './crypto/sframe';
import type { MatchKeys } from './crypto/keys';
import type { FromWorker, Side, ToWorker } from './worker/messages';

/** createEncodedStreams of browsers without RTCRtpScriptTransform. */
interface LegacyStreams {
  createEncodedStreams?: () => { readable: ReadableStream; writable: WritableStream };
}

const scriptTransform = (): boolean => typeof RTCRtpScriptTransform !== 'undefined';

const legacyStreams = (): boolean =>
  typeof RTCRtpSender !== 'undefined' && 'createEncodedStreams' in RTCRtpSender.prototype;

/** Whether the browser lets a page encrypt encoded frames. */
export const canTransform = (): boolean => typeof Worker !== 'undefined' && (scriptTransform() || legacyStreams());

/** What RTCPeerConnection must be told where only createEncodedStreams exists. */
export const peerConfig = (): RTCConfiguration =>
  scriptTransform() ? {} : ({ encodedInsertableStreams: true } as RTCConfiguration);

/** Puts a Worker between encoder or decoder and the network; the Worker finds `options` with the stream, or in a message `pipe`. */
export function attachWorker(worker: Worker, end: RTCRtpSender | RTCRtpReceiver, options: object): void {
  if (scriptTransform()) {
    end.transform = new RTCRtpScriptTransform(worker, options);
    return;
  }
  const streams = (end as LegacyStreams).createEncodedStreams?.();
  if (!streams) throw new TypeError('no encoded transforms');
  worker.postMessage({ op: 'pipe', ...options, ...streams }, [streams.readable, streams.writable] as unknown as Transferable[]);
}

export class FrameWorker {
  /** Whether the Worker is told which codec a frame is of; without that there is VP8 alone. */
  named = false;
  readonly #worker: Worker;
  readonly #installing = new Map<string, { done(keyFrame: boolean): void; refused(cause: Error): void }>();

  constructor(
    url: string | URL,
    events: { first(keyId: string, kind: Kind, timestamp: number, line: number): void; named(): void; failed(cause: unknown): void },
  ) {
    this.#worker = new Worker(url, { type: 'module', name: 'passerby-frames' });
    this.#worker.onerror = (event) => events.failed(event.message || 'the worker file did not load');
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.op === 'first') events.first(data.keyId, data.kind, data.timestamp, data.line);
      else if (data.op === 'named') {
        this.named = true;
        events.named();
      } else {
        const waiting = this.#installing.get(data.keyId);
        this.#installing.delete(data.keyId);
        if (data.op === 'installed') waiting?.done(data.keyFrame);
        else waiting?.refused(new Error('these keys were in use before'));
      }
    };
  }

  /** Resolves when the Worker uses the keys: with whether a key frame is about to be sent. Rejects keys used before. */
  install({ keyId, send, receive }: MatchKeys): Promise<boolean> {
    const done = new Promise<boolean>((done, refused) => this.#installing.set(keyId, { done, refused }));
    const media = ({ audio, video }: MatchKeys['send']) => ({ audio, video });
    this.#post({ op: 'keys', keyId, send: media(send), receive: media(receive) });
    return done;
  }

  /** Forgets all keys: from here on nothing is sent or shown. */
  clear(): void {
    this.#installing.clear();
    this.#post({ op: 'clear' });
  }

  /** Puts the Worker between encoder or decoder and the network. Call before setLocalDescription. */
  attach(end: RTCRtpSender | RTCRtpReceiver, side: Side, kind: Kind, line: number): void {
    attachWorker(this.#worker, end, { side, kind, line });
  }

  close(): void {
    this.#worker.terminate();
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }
}
