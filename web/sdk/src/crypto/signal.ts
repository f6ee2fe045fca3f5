/** Sealed signals (docs/security.md): base64url( iv (12) | AES-256-GCM(JSON) ). */
import { CODECS } from '../codecs';
import { base64url, concat, fromBase64url, fromUtf8, random, utf8 } from './bytes';
import type { Codec } from './packing';

const IV = 12;

/** A small thing the two clients tell each other. */
export interface Signal {
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
  const value: unknown = JSON.parse(fromUtf8(new Uint8Array(plain)));
  if (typeof value !== 'object' || value === null) throw new TypeError('signal is malformed');
  const { typing, media, blur } = value as Signal;
  const out: Signal = {};
  if (typeof typing === 'boolean') out.typing = typing;
  if (typeof media === 'object' && media !== null) {
    const codecs = Array.isArray(media.codecs) ? CODECS.filter((codec) => media.codecs!.includes(codec)) : [];
    out.media = { audio: media.audio === true, video: media.video === true, screen: media.screen === true, paused: media.paused === true, codecs };
  }
  if (typeof blur === 'object' && blur !== null) out.blur = { on: blur.on === true, ready: blur.ready === true };
  return out;
}
