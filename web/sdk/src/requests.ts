/** Messages whose answer somebody waits for: matched by `id`, bounded in time. */
import { PasserbyError, sentence } from './errors';
import type { Block, Blocked, ClientMessage, Report, Reported, ServerMessage } from './protocol';

type Request = Omit<Report, 'id'> | Omit<Block, 'id'>;
type Answer = Reported | Blocked;

const TIMEOUT = 10_000;
const TOO_LONG_AGO = 'That conversation is too long ago.';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: PasserbyError): void;
}

export class Requests {
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  constructor(private readonly transmit: (message: ClientMessage) => boolean) {}

  /** Resolves when the server has done it; rejects with its error, or when there is no connection. */
  send(request: Request): Promise<Answer> {
    const id = `request-${++this.#count}`;
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => this.#waiting.get(id)?.reject(new PasserbyError('unreachable')), TIMEOUT);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(id);
      };
      this.#waiting.set(id, {
        resolve: (answer) => (done(), resolve(answer)),
        reject: (error) => (done(), reject(error)),
      });
      if (!this.transmit({ ...request, id } as ClientMessage)) this.#waiting.get(id)?.reject(new PasserbyError('offline'));
    });
  }

  /** True when the message was an answer that somebody waited for. */
  receive(message: ServerMessage): boolean {
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (!waiting) return false;
    if (message.type === 'error') {
      const text = message.code === 'no_match' ? TOO_LONG_AGO : sentence(message.code, message.message);
      waiting.reject(new PasserbyError(message.code, { message: text, retryAfterMs: message.retry_after_ms }));
      return message.fatal !== true;
    }
    waiting.resolve(message as Answer);
    return true;
  }

  /** The connection is gone: nobody knows whether it was done. */
  failAll(): void {
    for (const { reject } of [...this.#waiting.values()]) reject(new PasserbyError('unreachable'));
  }
}
