import { base64url } from './crypto/bytes';

/** The page of an age-assurance service that proves a device's age. It knows the device by base64url of the SHA-256 of its public key. */
export async function ageCheck(ageUrl: string, back: string, device: CryptoKey): Promise<string> {
  const url = new URL(ageUrl);
  const key = await crypto.subtle.exportKey('raw', device);
  url.searchParams.set('device', base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', key))));
  url.searchParams.set('return', back);
  return url.href;
}
