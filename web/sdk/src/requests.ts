/** Messages whose answer somebody waits for: matched by `id`, bounded in time. */
import type { PasserbyError } from './errors';
import type { Block, Blocked, ClientMessage, Report, Reported, ServerMessage } from './protocol';

type Request = Omit<Report, 'id'> | Omit<Block, 'id'>;
type Answer = Reported | Blocked;

const TIMEOUT = 10_000;
const TOO_LONG_AGO = 'That conversation is too long ago.';

export class Requests {
  readonly #waiting = new Map<string, (answer: Answer | PasserbyError) => void>();
  #count = 0;

  constructor(
    private readonly transmit: (message: ClientMessage) => boolean,
    private readonly Failure: typeof PasserbyError,
  ) {}

  /** Resolves when the server has done it; rejects with its error, or when there is no connection. */
  send(request: Request): Promise<Answer> {
    const id = `request-${++this.#count}`;
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => settle(new this.Failure('unreachable')), TIMEOUT);
      const settle = (answer: Answer | PasserbyError) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        if (answer instanceof this.Failure) reject(answer);
        else resolve(answer);
      };
      this.#waiting.set(id, settle);
      if (!this.transmit({ ...request, id } as ClientMessage)) settle(new this.Failure('offline'));
    });
  }

  /** True when the message was an answer that somebody waited for. */
  receive(message: ServerMessage): boolean {
    const settle = this.#waiting.get(message.id ?? '');
    if (!settle) return false;
    if (message.type !== 'error') settle(message as Answer);
    else {
      const { code, message: said, retry_after_ms: retryAfterMs, fatal } = message;
      settle(new this.Failure(code, { said, retryAfterMs, ...(code === 'no_match' && { message: TOO_LONG_AGO }) }));
      return !fatal;
    }
    return true;
  }

  /** The connection is gone: nobody knows whether it was done. */
  failAll(): void {
    for (const settle of [...this.#waiting.values()]) settle(new this.Failure('unreachable'));
  }
}
