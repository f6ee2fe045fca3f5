/** Loads talk.ts when it is due. */
import { PasserbyError } from './errors';

type Talk = typeof import('./talk');

/** Milliseconds until the next try. */
const REPEAT = 2000;

let loading: Promise<Talk> | null = null;

/** As often as it takes, since the network may be away. */
export function loadTalk(): Promise<Talk> {
  return (loading ??= import('./talk.js').catch(async () => {
    await new Promise((resolve) => setTimeout(resolve, REPEAT));
    loading = null;
    return loadTalk();
  }));
}

/** For what somebody waits for: rejects when it cannot be had now. */
export function loadNow(): Promise<Talk> {
  return import('./talk.js').catch((cause: unknown) => {
    throw new PasserbyError('unreachable', { cause });
  });
}
