/** Sealed signals (docs/security.md): base64url( iv (12) | AES-256-GCM(JSON) ). */
import { CODECS } from '../codecs';
import { base64url, concat, fromBase64url, fromUtf8, random, utf8 } from './bytes';
import type { Codec } from './packing';

const IV = 12;

/** A small thing the two clients tell each other. */
export interface Signal {
  /** Counts them: of two that changed places on their ways, channel and socket, the older one says nothing any more. */
  n?: number;
  typing?: boolean;
  /** `screen`: what is sent as picture is a screen. `paused`: the page is in the background, or the device lends its camera to something else. `codecs`: those that the sender can show. */
  media?: { audio: boolean; video: boolean; screen?: boolean; paused?: boolean; codecs?: Codec[] };
  /** Begin this match blurred (`on`), until both are `ready` to be seen. */
  blur?: { on: boolean; ready: boolean };
}

export async function sealSignal(key: CryptoKey, signal: Signal): Promise<string> {
  const iv = random(IV);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, utf8(JSON.stringify(signal)));
  return base64url(concat(iv, new Uint8Array(sealed)));
}

/** Throws when it does not open; unknown fields are dropped. */
export async function openSignal(key: CryptoKey, sealed: string): Promise<Signal> {
  const bytes = fromBase64url(sealed);
  const plain = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: bytes.subarray(0, IV) }, key, bytes.subarray(IV));
  const { n = 0, typing, media, blur } = JSON.parse(fromUtf8(new Uint8Array(plain))) as Signal;
  const out: Signal = { n };
  if (typing !== undefined) out.typing = !!typing;
  if (media) {
    const codecs = Array.isArray(media.codecs) ? CODECS.filter((codec) => media.codecs!.includes(codec)) : [];
    out.media = { audio: !!media.audio, video: !!media.video, screen: !!media.screen, paused: !!media.paused, codecs };
  }
  if (blur) out.blur = { on: !!blur.on, ready: !!blur.ready };
  return out;
}
