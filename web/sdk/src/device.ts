/**
 * Who this browser is to the server, without an account: a key that cannot be taken out of the browser signs each request
 * for a session (docs/protocol.md#device). It lives in IndexedDB; where that is refused, as in some private windows, it lives as long as
 * the page, and the next visit is a stranger's.
 */
import { base64url, utf8 } from './crypto/bytes';
import type { Device } from './protocol';

const DATABASE = 'passerby';
const STORE = 'keys';
const NAME = 'device';
/** A private window may let one wait for ever. */
const PATIENCE_MS = 2000;

let held: Promise<CryptoKeyPair> | null = null;

/** The key pair of this browser, made when there is none. */
export function deviceKey(): Promise<CryptoKeyPair> {
  held ??= load();
  held.catch(() => (held = null));
  return held;
}

async function load(): Promise<CryptoKeyPair> {
  const fresh = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const late = new Promise<CryptoKeyPair>((resolve) => setTimeout(resolve, PATIENCE_MS, fresh));
  return Promise.race([kept(fresh).catch(() => fresh), late]);
}

/** The kept key, or the fresh one, which is kept from then on: of two tabs that come first at once, both have the same. */
async function kept(fresh: CryptoKeyPair): Promise<CryptoKeyPair> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const db = await done(opening);
  try {
    const store = db.transaction(STORE, 'readwrite').objectStore(STORE);
    const old = (await done(store.get(NAME))) as CryptoKeyPair | undefined;
    if (old?.privateKey instanceof CryptoKey) return old;
    await done(store.put(fresh, NAME));
    return fresh;
  } finally {
    db.close();
  }
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error as Error);
  });
}

/** Signs a request to a host, at this time of the server's clock. Undefined where the browser has no WebCrypto. */
export async function signDevice(host: string, at: number): Promise<Device | undefined> {
  if (!globalThis.crypto?.subtle) return undefined;
  const { publicKey, privateKey } = await deviceKey();
  const key = base64url(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)));
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const text = utf8(`passerby device\n${host}\n${at}\n${nonce}`);
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, text);
  return { key, at, nonce, signature: base64url(new Uint8Array(signature)) };
}

/** What an age-assurance service knows the device by: base64url of the SHA-256 of its public key. */
export async function deviceDigest(): Promise<string> {
  const { publicKey } = await deviceKey();
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', await crypto.subtle.exportKey('raw', publicKey))));
}
