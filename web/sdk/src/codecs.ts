/** Which codec of video is sent: one that both browsers have, so that nobody has to transcode. */
import type { Codec } from './crypto/packing';

export const CODECS: readonly Codec[] = ['VP8', 'VP9', 'AV1', 'H264'];

/** Those of them that a session description agrees on. */
export const agreed = (sdp = ''): Codec[] => CODECS.filter((codec) => new RegExp(`^a=rtpmap:\\d+ ${codec}/`, 'mi').test(sdp));

/** The first wish that both have; VP8 is what everybody has. */
export function choose(wishes: readonly Codec[], mine: readonly Codec[], theirs: readonly Codec[]): Codec {
  return wishes.find((codec) => mine.includes(codec) && theirs.includes(codec)) ?? 'VP8';
}

/** What this device encodes in hardware, which spares its battery. */
export async function inHardware(): Promise<Codec[]> {
  const video = { width: 640, height: 360, framerate: 30, bitrate: 1_000_000 };
  const spares = async (codec: Codec) =>
    (await navigator.mediaCapabilities.encodingInfo({ type: 'webrtc', video: { ...video, contentType: `video/${codec}` } })).powerEfficient;
  const found = await Promise.all(CODECS.map((codec) => spares(codec).catch(() => false)));
  return CODECS.filter((_, i) => found[i]);
}
