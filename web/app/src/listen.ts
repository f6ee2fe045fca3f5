import type { Passerby, PasserbyError } from '@passerby/client';
import type { RemoteVideo } from './remote';
import { t } from './strings';
import type { Action, Ended, View } from './view';

/** Nobody sees a stranger, decides and presses in less, in milliseconds: until then a press means the one before. */
const reaction = 600;

interface Page {
  readonly view: View;
  dispatch(action: Action): void;
  /** Why a match has ended, if it was ended here by a report or block. */
  own(match: string): Ended | undefined;
}

/** A stranger's words inside a sentence: they turn nothing around them, whichever way they run. */
const isolate = (words: string) => `\u2068${words}\u2069`;

/** What the client tells becomes what the view shows. */
export function listen(client: Passerby, remote: RemoteVideo, page: Page): void {
  const dispatch = (action: Action) => page.dispatch(action);
  client.on('state', ({ state }) => dispatch({ type: 'state', state }));
  client.on('proving', ({ share }) => dispatch({ type: 'proving', share }));
  // Both tell that the server has said how it treats texts.
  for (const event of ['waiting', 'matched'] as const) client.on(event, () => page.view.clearText !== client.limits.clearText && dispatch({ type: 'clearText', on: client.limits.clearText }));
  client.on('notice', ({ notice }) => dispatch({ type: 'warned', warning: notice }));
  client.on('waiting', ({ position, estimateMs }) => dispatch({ type: 'waiting', position, estimateMs, at: Date.now() }));
  client.on('matched', ({ match }) => {
    dispatch({ type: 'matched', match, greeting: t.chat.greeting(match.tags.map(isolate), match.name && isolate(match.name)), messages: client.messages.map((message) => ({ ...message })) });
    setTimeout(() => dispatch({ type: 'settled', match }), reaction);
    remote.listen();
  });
  client.on('firstframe', ({ match, rtpTimestamp }) => {
    void remote.painted(rtpTimestamp).then(() => page.view.match?.id === match.id && dispatch({ type: 'firstframe' }));
  });
  client.on('ended', ({ match, reason }) => {
    remote.hush();
    const own = reason === 'blocked' ? page.own(match.id) : undefined;
    const farewell = own ? t.chat.endedByMe : t.chat.farewell[reason];
    dispatch({ type: 'ended', match, reason: own ?? reason, farewell });
    const again = reason !== 'moderated' && reason !== 'drain';
    // Not inside the event: the client first finishes what it is doing. The page goes on saying why this one ended.
    if (again && page.view.autoNext) queueMicrotask(() => page.view.state === 'ended' && client.next());
  });
  client.on('message', ({ message }) => dispatch({ type: 'message', message: { ...message } }));
  client.on('update', ({ message }) => dispatch({ type: 'message', message: { ...message } }));
  client.on('typing', ({ on }) => dispatch({ type: 'typing', on }));
  client.on('partner', (partner) => dispatch({ type: 'partner', partner }));
  client.on('blur', (theirs) => dispatch({ type: 'blur', theirs }));
  client.on('quality', ({ level }) => dispatch({ type: 'quality', level }));
  client.on('verify', (verification) => dispatch({ type: 'verify', verification }));
  addEventListener('online', () => dispatch({ type: 'online', on: true }));
  addEventListener('offline', () => dispatch({ type: 'online', on: false }));
}

/** An error as it is shown: it stops everything, ends the conversation, or passes. */
export function troubleOf(error: PasserbyError, view: View): Action {
  const { code, message } = error;
  const retryAt = error.retryAfterMs === undefined ? undefined : Date.now() + error.retryAfterMs;
  const trouble = { code, message, retryAt, ban: error.ban, ageUrl: error.ageUrl };
  if (code === 'key_mismatch' || code === 'crypto_failed') return { type: 'distrust', code };
  if (error.fatal) return { type: 'trouble', trouble };
  if (code === 'draining' && !view.match) return { type: 'restarting' };
  return { type: 'notice', notice: trouble };
}
