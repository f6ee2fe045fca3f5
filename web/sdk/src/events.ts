import type { PasserbyError } from './errors';
import type { Blur, EndReason, Match, Message, Quality, State, Warning } from './types';

/** Every event and what comes with it. */
export interface Events {
  state: { state: State; previous: State };
  /** While connecting: the server is under attack and wants proof of work. How much of it is done, 0–1; null once it is over. */
  proving: { share: number | null };
  waiting: { since: number; position?: number; estimateMs?: number };
  matched: { match: Match };
  /**
   * The partner's first picture was decoded, `ms` after the match: show the video now. A page that wants to be exact
   * compares `rtpTimestamp` with that of requestVideoFrameCallback.
   */
  firstframe: { match: Match; ms: number; rtpTimestamp: number };
  /** The partner or the server ended the match; hide the video at once. (Own `next` and `stop` end it silently.) */
  ended: { match: Match; reason: EndReason };
  message: { message: Message };
  /** An own message changed its state. */
  update: { message: Message };
  typing: { on: boolean };
  /** `screen`: what he shows is his screen: show all of it, and do not crop. `paused`: he is not at his page for the moment. */
  partner: { state: 'online' | 'reconnecting'; audio: boolean; video: boolean; screen: boolean; paused: boolean };
  /** Whether one's own screen is shown now: it ends by `share(null)`, by the browser's own button, and with the match. */
  sharing: { on: boolean };
  /** What the partner says of beginning blurred; nothing comes when he did not ask for it. */
  blur: Blur;
  /** What there is to compare. Null: the keys have changed (a reload, or someone in between), and nothing of before counts. */
  verify: Verification | null;
  /** A moderator warns this person. Show it, and call `understood` once he has read it; until then it comes again with the next visit. */
  notice: { notice: Warning };
  error: PasserbyError;
  quality: Quality;
}

/** The safety emoji, equal on both sides when nobody is in the middle. */
export type Verification = { emoji: string[]; names: string[]; failed?: undefined } | { failed: true };

export type Listener<E> = (event: E) => void;

/** A typed event emitter. A listener that throws is reported and harms no other. */
export class Emitter<M> {
  readonly #listeners = new Map<keyof M, Set<Listener<never>>>();

  /** Listens; call the result to stop. */
  on<K extends keyof M>(name: K, fn: Listener<M[K]>): () => void {
    let set = this.#listeners.get(name);
    if (!set) this.#listeners.set(name, (set = new Set()));
    set.add(fn as Listener<never>);
    return () => void set.delete(fn as Listener<never>);
  }

  emit<K extends keyof M>(name: K, event: M[K]): void {
    for (const fn of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (fn as Listener<M[K]>)(event);
      } catch (e) {
        queueMicrotask(() => {
          throw e;
        });
      }
    }
  }

  /** Whether anybody listens. */
  heard(name: keyof M): boolean {
    return !!this.#listeners.get(name)?.size;
  }

  clear(): void {
    this.#listeners.clear();
  }
}
