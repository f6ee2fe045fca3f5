/** A session from another tab: the asking side of tabs.ts. */
import { locks, open, say, type Ask, type Parcel, type Tabs } from './tabs';

/** How long a tab may take to answer, in milliseconds. Those in the background are slow, not those that live at all. */
const PATIENCE = 1000;
/** An answer given in the last moment is still on its way for this long: it must not be lost, the other tab has ended. */
const DELIVERY = 500;
/** When two tabs ask at once, one is answered, and asked by the other from then on. */
const ASK_EVERY = 250;

/** The sessions that other tabs of this browser hold. */
export async function elsewhere(tabs: Tabs): Promise<string[]> {
  const { held = [], pending = [] } = (await locks()?.query().catch(() => null)) ?? {};
  const prefix = tabs.lock('');
  return [...held, ...pending].flatMap(({ name = '' }) => (name.startsWith(prefix) && name !== tabs.lock(tabs.held) ? [name.slice(prefix.length)] : []));
}

/** The session, from the tab that holds it; null when there is none or it does not answer. */
export async function takeFrom(tabs: Tabs, session: string): Promise<Parcel | null> {
  if (!(await elsewhere(tabs)).includes(session)) return null;
  const ask: Ask = { session, answer: `${tabs.channel} ${crypto.randomUUID()}`, until: Date.now() + PATIENCE };
  const channel = open(ask.answer);
  if (!channel) return null;
  const asking = setInterval(() => say(tabs.channel, ask), ASK_EVERY);
  try {
    return await new Promise((resolve) => {
      channel.onmessage = ({ data }: MessageEvent<Parcel>) => resolve(data);
      setTimeout(resolve, PATIENCE + DELIVERY, null);
      say(tabs.channel, ask);
    });
  } finally {
    clearInterval(asking);
    channel.close();
  }
}
