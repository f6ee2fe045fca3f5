/**
 * The only RTCPeerConnection, but for the moments of a move to another node: audio and video sendrecv and one data channel, negotiated in one offer before there is
 * a partner. One Media is one connection; when it cannot be mended the owner makes another.
 *
 *   camera → sender → Worker → server → Worker → receiver → stream
 */
import { agreed } from './codecs';
import type { Codec } from './crypto/packing';
import { peerConfig, type FrameWorker } from './frameworker';
import type { Kind } from './crypto/sframe';

export interface MediaEvents {
  /** A message over the data channel. */
  data(frame: unknown): void;
  channel(open: boolean): void;
  connected(): void;
  /** Lost for longer than a moment: `restart`, or make a new Media. */
  trouble(): void;
}

export interface MediaOptions {
  /** Null in text mode: a data channel alone. */
  frames: FrameWorker | null;
  tracks: Record<Kind, MediaStreamTrack | null>;
  iceServers: RTCIceServer[];
  iceTransportPolicy: RTCIceTransportPolicy;
  /** Receives the remote tracks. */
  stream: MediaStream;
}

/** RTCSetParameterOptions (WebRTC Extensions), which TypeScript's library lacks; other browsers pass over it. */
type EncodingSender = Pick<RTCRtpSender, 'getParameters'> & {
  setParameters(parameters: RTCRtpSendParameters, options: { encodingOptions: { keyFrame: boolean }[] }): Promise<void>;
};

export const CHANNEL = 'passerby';
/** A connection may be disconnected for this long before something is done. */
const GRACE = 1500;
/** Enough for 720p of a face; the congestion control goes below as it needs. */
const MAX_BITRATE = 1_500_000;

/** Rejects while another setParameters of this sender is under way. */
export async function makeKeyFrame(sender: EncodingSender): Promise<void> {
  const parameters = sender.getParameters();
  await sender.setParameters(parameters, { encodingOptions: parameters.encodings.map(() => ({ keyFrame: true })) });
}

export class Media {
  static #lines = 0;
  readonly line = ++Media.#lines;
  readonly pc: RTCPeerConnection;
  readonly #channel: RTCDataChannel;
  readonly #transceivers = new Map<Kind, RTCRtpTransceiver>();
  #grace: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  #retired = false;
  #codec: Codec = 'VP8'; // the first in the server's answer
  #parameters: Promise<void> = Promise.resolve(); // a sender takes one setParameters after the other (WebRTC §5.2)

  /** `aside`: its picture and sound are not for `stream` before `show`. */
  constructor(
    private readonly options: MediaOptions,
    private readonly events: MediaEvents,
    aside = false,
  ) {
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', ...peerConfig(), ...this.#ice() });
    if (options.frames) for (const kind of ['audio', 'video'] as const) this.#add(kind, options.frames);
    if (!aside) this.show();
    this.#channel = this.pc.createDataChannel(CHANNEL, { ordered: true });
    this.#channel.onopen = () => this.#closed || events.channel(true);
    this.#channel.onclose = () => this.#closed || events.channel(false);
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => this.#closed || events.data(data);
    this.pc.onconnectionstatechange = () => this.#watch();
  }

  get connected(): boolean {
    return this.pc.connectionState === 'connected';
  }

  get channelOpen(): boolean {
    return this.#channel.readyState === 'open';
  }

  /** The offer to send; with `restart` one that finds new ways through the network. Needs no candidates. */
  async offer(restart = false): Promise<string> {
    const offer = await this.pc.createOffer({ iceRestart: restart });
    await this.pc.setLocalDescription(offer);
    return offer.sdp ?? '';
  }

  async answer(sdp: string): Promise<void> {
    if (this.#closed || this.pc.signalingState !== 'have-local-offer') return;
    await this.pc.setRemoteDescription({ type: 'answer', sdp });
  }

  /** Whether an answer comes from another server than the one before, as after a move to another node. */
  answeredElsewhere(sdp: string): boolean {
    return elsewhere(this.pc.remoteDescription?.sdp, sdp);
  }

  /** New TURN credentials, used from the next restart on. */
  setIceServers(iceServers: RTCIceServer[]): void {
    if (this.#closed) return;
    this.options.iceServers = iceServers;
    this.pc.setConfiguration({ ...this.pc.getConfiguration(), ...this.#ice() });
  }

  /** Sends over the data channel; false when it is not open. */
  send(frame: string): boolean {
    if (!this.channelOpen || this.#retired) return false;
    try {
      this.#channel.send(frame);
      return true;
    } catch {
      return false; // its buffer is full
    }
  }

  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    await this.#transceivers.get(kind)?.sender.replaceTrack(track);
  }

  /** What can be received, and the server forwards. */
  get codecs(): Codec[] {
    return agreed(this.pc.remoteDescription?.sdp);
  }

  /** Sends pictures of this codec from now on, where the browser lets a page choose; else it goes on with VP8. */
  use(codec: Codec): Promise<void> {
    return this.#withVideo(async (sender) => {
      if (codec === this.#codec) return;
      const parameters = sender.getParameters();
      const wanted = parameters.codecs.find(({ mimeType, sdpFmtpLine }) =>
        mimeType.toLowerCase() === `video/${codec}`.toLowerCase() && (codec !== 'H264' || /packetization-mode=1/.test(sdpFmtpLine ?? '')));
      if (!wanted) return;
      for (const encoding of parameters.encodings as { codec?: RTCRtpCodec }[]) encoding.codec = wanted;
      await sender.setParameters(parameters);
      this.#codec = codec;
    });
  }

  /**
   * Makes the camera's encoder begin anew with a key frame where the browser lets a page do so (Chromium); elsewhere
   * the server asks for one.
   */
  makeKeyFrame(): Promise<void> {
    return this.#withVideo(makeKeyFrame);
  }

  /**
   * Resolves when the frame with this RTP timestamp, or a later one, has left the decoder. Rejects when given up.
   * Until then a video element may still show the partner before.
   */
  async shown(timestamp: number, signal: AbortSignal): Promise<void> {
    const receiver = this.#transceivers.get('video')?.receiver;
    const started = performance.now();
    while (receiver && !signal.aborted) {
      const [source] = receiver.getSynchronizationSources?.() ?? [];
      // Serial arithmetic: timestamps wrap at 2^32.
      if (source && ((source.rtpTimestamp - timestamp) | 0) >= 0) return;
      const waited = performance.now() - started;
      await new Promise((resolve) => setTimeout(resolve, waited < 1000 ? 8 : 100));
    }
    throw new DOMException('the match is over', 'AbortError');
  }

  /** Its server has let go of the session: nothing more is said over the channel. Picture and sound go on. */
  retire(): void {
    this.#retired = true;
  }

  show(): void {
    for (const { receiver } of this.#transceivers.values()) this.options.stream.addTrack(receiver.track);
  }

  hide(): void {
    for (const { receiver } of this.#transceivers.values()) this.options.stream.removeTrack(receiver.track);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#grace);
    this.pc.close();
    this.hide();
  }

  /** Changes how the video is sent, after the changes before. What a browser does not do is no matter: the server asks as well. */
  #withVideo(change: (sender: RTCRtpSender) => Promise<void>): Promise<void> {
    const sender = this.#transceivers.get('video')?.sender;
    if (sender) this.#parameters = this.#parameters.then(() => change(sender)).catch(() => {});
    return this.#parameters;
  }

  #ice(): Pick<RTCConfiguration, 'iceServers' | 'iceTransportPolicy'> {
    const { iceServers, iceTransportPolicy } = this.options;
    return { iceServers, iceTransportPolicy };
  }

  #add(kind: Kind, frames: FrameWorker): void {
    const sendEncodings: RTCRtpEncodingParameters[] = kind === 'video' ? [{ maxBitrate: MAX_BITRATE }] : [{}];
    const transceiver = this.pc.addTransceiver(this.options.tracks[kind] ?? kind, { direction: 'sendrecv', sendEncodings });
    this.#transceivers.set(kind, transceiver);
    prefer(transceiver, kind === 'video' ? ['video/vp8', 'video/vp9', 'video/av1', 'video/h264', 'video/rtx'] : ['audio/opus']);
    frames.attach(transceiver.sender, 'send', kind, this.line);
    frames.attach(transceiver.receiver, 'receive', kind, this.line);
    hurry(transceiver.receiver);
  }

  #watch(): void {
    if (this.#closed) return;
    clearTimeout(this.#grace);
    switch (this.pc.connectionState) {
      case 'connected':
        this.events.connected();
        break;
      case 'disconnected':
        this.#grace = setTimeout(() => this.events.trouble(), GRACE);
        break;
      case 'failed':
        this.events.trouble();
    }
  }
}

/** Only these codecs, in this order: for others it is not defined how a frame is sealed. */
export function prefer(transceiver: RTCRtpTransceiver, types: string[]): void {
  const kind = transceiver.receiver.track.kind;
  const codecs = RTCRtpReceiver.getCapabilities?.(kind)?.codecs.filter((c) => types.includes(c.mimeType.toLowerCase()));
  codecs?.sort((a, b) => types.indexOf(a.mimeType.toLowerCase()) - types.indexOf(b.mimeType.toLowerCase()));
  if (codecs?.length) transceiver.setCodecPreferences?.(codecs);
}

/** Show frames as soon as they come. */
export function hurry(receiver: RTCRtpReceiver): void {
  const r = receiver as { jitterBufferTarget?: number | null; playoutDelayHint?: number };
  if ('jitterBufferTarget' in r) r.jitterBufferTarget = 0;
  else if ('playoutDelayHint' in r) (r as { playoutDelayHint?: number }).playoutDelayHint = 0;
}

/**
 * Whether two descriptions come from different servers: their certificates differ (RFC 8122). The new one knows nothing
 * of what the connection has built, above all not of its data channel, which would look open and lead nowhere.
 */
export function elsewhere(before: string | undefined, now: string): boolean {
  const certificate = (sdp: string) => /^a=fingerprint:\S+ (\S+)/im.exec(sdp)?.[1]?.toUpperCase();
  return before !== undefined && certificate(before) !== certificate(now);
}
