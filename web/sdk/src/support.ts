import { sentence } from './errors';
import { canTransform } from './frameworker';
import type { Support } from './types';

/** Whether this browser can do encrypted video, and text, and if not what the person can do. */
export function support(): Support {
  const text = typeof WebSocket !== 'undefined' && !!globalThis.crypto?.subtle;
  if (!text) return { media: false, text, reason: sentence('insecure') };
  const media = typeof RTCPeerConnection !== 'undefined' && canTransform();
  return media ? { media, text } : { media, text, reason: sentence('unsupported') };
}
