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
/** A private window may let one wait for ever; a slow phone takes seconds. */
const PATIENCE_MS = 5000;

let held: Promise<CryptoKeyPair> | null = null;
/** Whether the key outlives the page. */
let lasting = false;

/** The key pair of this browser, made when there is none. */
export function deviceKey(): Promise<CryptoKeyPair> {
  held ??= load();
  held.catch(() => (held = null));
  return held;
}

async function load(): Promise<CryptoKeyPair> {
  const fresh = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  const late = new Promise<CryptoKeyPair>((resolve) => setTimeout(resolve, PATIENCE_MS, fresh));
  const old = kept(fresh).then((key) => {
    lasting = true;
    held = Promise.resolve(key); // also when nobody could wait for it: the next session is this device's again
    return key;
  });
  return Promise.race([old.catch(() => fresh), late]);
}

/** The kept key, or the fresh one, which is kept from then on: of two tabs that come first at once, both have the same. */
const kept = (fresh: CryptoKeyPair): Promise<CryptoKeyPair> =>
  inStore(async (store) => {
    const old = (await done(store.get(NAME))) as CryptoKeyPair | undefined;
    if (old?.privateKey instanceof CryptoKey) return old;
    await done(store.put(fresh, NAME));
    return fresh;
  });

async function inStore<T>(use: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const db = await done(opening);
  try {
    return await use(db.transaction(STORE, 'readwrite').objectStore(STORE));
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

/** Whether this browser keeps its key for the next visit. Where it does not, bans and blocks hold for as long as the page is open. */
export async function deviceKept(): Promise<boolean> {
  if (!globalThis.crypto?.subtle) return false;
  await deviceKey();
  return lasting;
}

/** What a request is signed for: a session, or what else is named. */
export type Purpose = '' | ' export' | ' delete';

/**
 * Signs a request to a host, at this time of the server's clock. Undefined where the browser has no WebCrypto.
 */
export async function signDevice(host: string, at: number, purpose: Purpose): Promise<Device | undefined> {
  if (!globalThis.crypto?.subtle) return undefined;
  const { publicKey, privateKey } = await deviceKey();
  const key = base64url(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)));
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const text = utf8(`passerby device${purpose}\n${host}\n${at}\n${nonce}`);
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, text);
  return { key, at, nonce, signature: base64url(new Uint8Array(signature)) };
}

/** Forgets the key: whoever comes from here next is a stranger. */
export async function forgetDevice(): Promise<void> {
  held = null;
  await inStore((store) => done(store.delete(NAME)));
}
