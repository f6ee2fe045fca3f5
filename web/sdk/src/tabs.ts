/**
 * The tabs of one browser on one server: a session lives in one of them, and moves to another that asks for it.
 *
 *   asking tab                                   holding tab
 *   is its lock held? ── no ──→ null
 *   └ yes ── { session, answer, until } ───────→ gives its parcel and ends there
 *     parcel ←── on a channel of this answer's own ──┘        nothing within PATIENCE → null
 *
 * Who has the parcel holds the session at once, before it speaks to the server: somebody may press there, too.
 * A lock (Web Locks) goes with its tab, so that nobody waits for a tab that is gone. All of it stays among the pages of
 * this origin in this browser. Private keys do not travel, although they could: with them would have to go every counter
 * of media, and one that is used again gives the plaintext away. The new tab sends `rekey`, as after a reload.
 */
import type { Kind } from './crypto/sframe';
import type { Past } from './conversation';
import type { Stored } from './session';

/** All that a session needs to go on in another tab. */
export interface Parcel {
  stored: Stored;
  /** Which of camera and microphone are not muted. */
  sending: Record<Kind, boolean>;
  /** Of the current match. */
  past: Past | null;
}

interface Ask {
  session: string;
  /** Name of the channel for the answer. */
  answer: string;
  /** Unix milliseconds: nobody listens to a later answer. */
  until: number;
}

/** How long a tab may take to answer, in milliseconds. Those in the background are slow, not those that live at all. */
const PATIENCE = 1000;
/** An answer given in the last moment is still on its way for this long: it must not be lost, the other tab has ended. */
const DELIVERY = 500;
/** When two tabs ask at once, one is answered, and asked by the other from then on. */
const ASK_EVERY = 250;

export class Tabs {
  #held = '';
  #letGo: () => void = () => {};

  /** `server`: the origin of the server. */
  constructor(private readonly server: string) {}

  /** The sessions that other tabs of this browser hold. */
  async sessions(): Promise<string[]> {
    const { held = [], pending = [] } = (await locks()?.query()) ?? {};
    const prefix = this.#lock('');
    return [...held, ...pending].flatMap(({ name = '' }) => (name.startsWith(prefix) && name !== this.#lock(this.#held) ? [name.slice(prefix.length)] : []));
  }

  /** From now on this tab holds the session, and nothing else. `give` makes the parcel and ends the session here. */
  hold(session: string, give: () => Parcel | null): void {
    if (this.#held === session) return;
    this.release();
    const lock = locks();
    if (!lock) return;
    this.#held = session;
    const channel = new BroadcastChannel(this.#channel);
    channel.onmessage = ({ data }: MessageEvent<Ask>) => {
      if (data.session !== session || Date.now() > data.until) return;
      const parcel = give();
      if (parcel) say(data.answer, parcel);
    };
    const abort = new AbortController(); // for a lock that another tab has not let go yet
    const over = new Promise<void>((resolve) => {
      this.#letGo = () => {
        channel.close();
        abort.abort();
        resolve();
      };
    });
    lock.request(this.#lock(session), { signal: abort.signal }, () => over).catch(() => {});
  }

  release(): void {
    this.#held = '';
    this.#letGo();
    this.#letGo = () => {};
  }

  /** The session, from the tab that holds it; null when there is none or it does not answer. */
  async take(session: string): Promise<Parcel | null> {
    if (!(await this.sessions()).includes(session)) return null;
    const ask: Ask = { session, answer: `${this.#channel} ${crypto.randomUUID()}`, until: Date.now() + PATIENCE };
    const channel = new BroadcastChannel(ask.answer);
    const asking = setInterval(() => say(this.#channel, ask), ASK_EVERY);
    try {
      return await new Promise((resolve) => {
        channel.onmessage = ({ data }: MessageEvent<Parcel>) => resolve(data);
        setTimeout(resolve, PATIENCE + DELIVERY, null);
        say(this.#channel, ask);
      });
    } finally {
      clearInterval(asking);
      channel.close();
    }
  }

  get #channel(): string {
    return `passerby ${this.server}`;
  }

  #lock(session: string): string {
    return `${this.#channel} ${session}`;
  }
}

/** Browsers have them on secure pages, where alone encryption works at all. */
const locks = (): LockManager | undefined => navigator.locks as LockManager | undefined;

function say(name: string, what: Ask | Parcel): void {
  const channel = new BroadcastChannel(name);
  channel.postMessage(what);
  channel.close();
}
