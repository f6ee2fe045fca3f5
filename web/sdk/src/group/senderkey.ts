/**
 * Sender keys of a group call (docs/security.md): each member encrypts what he sends under a secret of his own, and gives
 * it to each other member, sealed for him alone by the key agreement that two strangers use.
 *
 *   secret (32 random bytes) ─HKDF(salt = group, info = kind, key id)→ SFrame base key per kind
 *   own private × member's public ─ECDH→ Z ─HKDF(salt = group, info = from, to)→ AES-256-GCM: generation, secret
 */
import { base64url, concat, fromBase64url, hex, hkdf, random, sha256, utf8, type Bytes } from '../crypto/bytes';
import { agree, type KeyPair } from '../crypto/keys';
import { deriveFrameKey, type FrameKey, type Kind } from '../crypto/sframe';

/** Whose secret, and the how-manieth: a member makes another whenever somebody comes or goes. */
export interface SenderSecret {
  generation: number;
  secret: Bytes;
}

const IV = 12;
const SECRET = 32;

/** The 48-bit key id of a sender's generation, 12 hex digits; everybody can compute it. */
export const senderKeyId = (group: string, sender: string, generation: number): string =>
  hex(sha256(`passerby.v1 group key-id\n${group}\n${sender}\n${generation}`).subarray(0, 6));

/** What frames are sealed and opened with. */
export async function senderFrameKeys(group: string, sender: string, { generation, secret }: SenderSecret): Promise<Record<Kind, FrameKey>> {
  const keyId = senderKeyId(group, sender, generation);
  const frame = (kind: Kind) => deriveFrameKey(hkdf(secret, utf8(group), utf8(`passerby.v1 group ${kind} ${keyId}`), 32), BigInt('0x' + keyId));
  const [audio, video] = await Promise.all([frame('audio'), frame('video')]);
  return { audio, video };
}

/** Seals a secret of `own` for the member with the public key `to`. */
export async function sealSecret(own: KeyPair, to: string, group: string, { generation, secret }: SenderSecret): Promise<string> {
  const key = await wrapping(own, to, group, own.text, to);
  const iv = random(IV);
  const plain = concat(uint32(generation), secret);
  const additionalData = bound(group, own.text, to);
  return base64url(concat(iv, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plain))));
}

/** Opens what `from` sealed for `own`; throws when it was changed, or meant for another. */
export async function openSecret(own: KeyPair, from: string, group: string, sealed: string): Promise<SenderSecret> {
  const key = await wrapping(own, from, group, from, own.text);
  const bytes = fromBase64url(sealed);
  const params = { name: 'AES-GCM', iv: bytes.subarray(0, IV), additionalData: bound(group, from, own.text) };
  const plain = new Uint8Array(await crypto.subtle.decrypt(params, key, bytes.subarray(IV)));
  if (plain.length !== 4 + SECRET) throw new TypeError('not a sender key');
  return { generation: new DataView(plain.buffer).getUint32(0), secret: plain.slice(4) };
}

/**
 * What all members can compare aloud: it depends on everybody's public key, so a server that swaps one gives it away.
 * 60 bits, as five groups of hex digits.
 */
export function groupDigest(group: string, members: { id: string; key: string }[]): string {
  const lines = members.map((m) => `${m.id} ${m.key}`).sort();
  const digits = hex(sha256(`passerby.v1 group sas\n${group}\n${lines.join('\n')}`)).slice(0, 15);
  return digits.match(/.{3}/g)!.join(' ');
}

async function wrapping(own: KeyPair, peer: string, group: string, from: string, to: string): Promise<CryptoKey> {
  const raw = hkdf(await agree(own, peer), utf8(group), utf8(`passerby.v1 group wrap\n${from}\n${to}`), 32);
  return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}

const bound = (group: string, from: string, to: string): Bytes => utf8(`passerby.v1 group wrap\n${group}\n${from}\n${to}`);

function uint32(n: number): Bytes {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}
