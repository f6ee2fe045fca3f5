/**
 * The tabs of one browser on one server: a session lives in one of them, and moves to another that asks for it (takeover.ts).
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

export interface Ask {
  session: string;
  /** Name of the channel for the answer. */
  answer: string;
  /** Unix milliseconds: nobody listens to a later answer. */
  until: number;
}

export class Tabs {
  /** The session of this tab; '' for none. */
  held = '';
  #letGo: () => void = () => {};

  /** `server`: the origin of the server. */
  constructor(private readonly server: string) {}

  /** From now on this tab holds the session, and nothing else. `give` makes the parcel and ends the session here. */
  hold(session: string, give: () => Parcel | null): void {
    if (this.held === session) return;
    this.release();
    const lock = locks();
    const channel = lock && open(this.channel);
    if (!channel) return;
    this.held = session;
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
    lock.request(this.lock(session), { signal: abort.signal }, () => over).catch(() => {});
  }

  release(): void {
    this.held = '';
    this.#letGo();
    this.#letGo = () => {};
  }

  /** Where tabs ask each other. */
  get channel(): string {
    return `passerby ${this.server}`;
  }

  /** The lock of the tab that holds a session. */
  lock(session: string): string {
    return `${this.channel} ${session}`;
  }
}

/** Browsers have them on secure pages, where alone encryption works at all. */
export const locks = (): LockManager | undefined => navigator.locks as LockManager | undefined;

/** Where storage is refused, so are the ways between tabs: then each tab is alone. */
export function open(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}

export function say(name: string, what: Ask | Parcel): void {
  const channel = open(name);
  channel?.postMessage(what);
  channel?.close();
}
