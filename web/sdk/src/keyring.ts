/** The key pair that the server has of us, and one made ahead, so that Next costs no time. */
import { generateKeyPair, type KeyKind, type KeyPair } from './crypto/keys';

export class KeyRing {
  #own: KeyPair | null = null;
  #spare: Promise<KeyPair> | null = null;

  /** The pair sent last; null after a reload. */
  get own(): KeyPair | null {
    return this.#own;
  }

  /** Makes the first pair ahead. */
  warm(): void {
    this.#spare ??= generateKeyPair();
  }

  /** A pair never sent before, from now on the own one. */
  async fresh(kind?: KeyKind): Promise<KeyPair> {
    this.warm();
    const making = kind ? generateKeyPair(kind) : this.#spare!;
    if (!kind) this.#spare = null; // also when it fails: the next one may not
    const pair = await making;
    if (!kind) this.warm();
    this.#own = pair;
    return pair;
  }

  forget(): void {
    this.#own = null;
  }
}
