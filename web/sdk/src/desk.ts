/** What a person says about another: reports and blocks. */
import { base64url } from './crypto/bytes';
import type { PasserbyError } from './errors';
import { CAPS, type ClientMessage, type MediaKeys } from './protocol.gen';
import { Requests } from './requests';
import type { Proof } from './text';
import type { Report } from './types';

export class Desk {
  readonly requests: Requests;

  /** `Failure` is the class that the page knows: this file may be a copy of its own. */
  constructor(transmit: (message: ClientMessage) => boolean, Failure: typeof PasserbyError) {
    this.requests = new Requests(transmit, Failure);
  }

  /** Resolves with the number of the report, if the server gave one. Of `proofs` those go along that the report names. */
  async report(match: string, { reason, note = '', messages = [], picture }: Report, proofs: Proof[], media: MediaKeys | null): Promise<string | undefined> {
    // At most three bytes of UTF-8 for each UTF-16 unit.
    const short = note.slice(0, Math.floor(CAPS.noteBytes / 3));
    const evidence = proofs.filter(({ n }) => messages.includes(`p${n}`));
    const answer = await this.requests.send({
      type: 'report', match, reason, evidence, ...(short && { note: short }), ...(picture && { picture: base64url(picture) }), ...(media && { media }),
    });
    return 'report' in answer ? answer.report : undefined;
  }

  async block(match: string): Promise<void> {
    await this.requests.send({ type: 'block', match });
  }
}
