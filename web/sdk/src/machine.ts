/**
 * The client's state machine: a pure function from what happened to what must be done, the mirror of the server's.
 *
 *             start            waiting             matched
 *   idle ─────────→ connecting ──────→ waiting ───────────→ matched ─┐ next (locally at once)
 *    ↑ stop            ↑ ↓ lost          ↑ ↓ lost            ↑ ↓ lost │ ended: next or ended
 *    └─── (any) ── reconnecting ← keeps the match and its keys ──────┘
 *   (any) ── fatal → error
 *
 * No clock, socket or browser inside: every history can be replayed in a test.
 */
import type { PasserbyError } from './errors';
import type { Events } from './events';
import type { Matched } from './protocol';
import type { EndReason, State } from './types';

export interface Model {
  readonly state: State;
  /** The current match; kept while reconnecting. */
  readonly match: Matched | null;
  /** Whether the person wants a partner: false after a match ended with autoNext off. */
  readonly wanting: boolean;
  /** After a reload: trying to take the old session over. */
  readonly takingOver: boolean;
  /** The same after a move to another node, as long as nothing of the snapshot has come. */
  readonly moving: boolean;
  /** Between `hello` and the end of the snapshot: what the server says may be older than what was done here. */
  readonly syncing: boolean;
  /** Matches left by this side, newest first: a snapshot that still names one has not heard of it. */
  readonly left: readonly string[];
  /** The newest match that the server has told of, '' for none: said with each search, in case that a newer one crosses it. */
  readonly newest: string;
  /** Number of the present wish, and of the one that the server has answered to last. */
  readonly wish: number;
  readonly heard: number;
  readonly autoNext: boolean;
}

export type Input =
  | { on: 'start' }
  | { on: 'resume' }
  | { on: 'next' }
  /** There is another wish. */
  | { on: 'wish' }
  | { on: 'stop' }
  /** The socket is open, was lost (and will be tried again), or needs a new session first. */
  | { on: 'up' }
  | { on: 'down' }
  | { on: 'expired' }
  /** The server asks to go to another node; a second connection is open for that. */
  | { on: 'moved' }
  | { on: 'beside' }
  /** From the server. `synced` is the end of the snapshot after `welcome`. */
  /** `media`: whether this node has the peer connection. */
  | { on: 'welcome'; resumed: boolean; media: boolean }
  | { on: 'synced' }
  | { on: 'waiting'; place: Place; wish?: number | undefined }
  /** `wish`: the number of the wish that this answers, if it answers a find. `unwanted`: of another mode than is wished by now. */
  | { on: 'matched'; matched: Matched; wish?: number | undefined; unwanted?: boolean }
  | { on: 'ended'; match: string; reason: EndReason }
  /** `find` or `next` was refused for now; `retry` when the time is over. */
  | { on: 'refused'; afterMs: number }
  | { on: 'retry' }
  /** The keys of the match do not fit: it is left. */
  | { on: 'distrust' }
  | { on: 'fatal'; error: PasserbyError };

export type Effect =
  /** Get a session (the stored one if it lives) and open the socket. */
  | { do: 'open'; fresh: boolean }
  | { do: 'hello'; resume: boolean; beside?: boolean }
  /** Open a second connection to the server. */
  | { do: 'beside' }
  | { do: 'sync' }
  /** Make a new peer connection and offer it. */
  | { do: 'offer' }
  /** Make a new peer connection and offer it, while the one before goes on. */
  | { do: 'move' }
  /** Make sure that the peer connection lives. */
  | { do: 'mend' }
  /** With a new key; or with the one that the search has already, which a `matched` on its way may be about (`same`). */
  | { do: 'find'; wish: number; after: string; same: boolean }
  | { do: 'next'; after: string }
  | { do: 'leave' }
  | { do: 'goodbye' }
  | { do: 'retryLater'; afterMs: number }
  /** Forget keys and everything of the match, before anything else. */
  | { do: 'clear' }
  /** A match begins, or begins anew after a reconnect or a rekey (`again`). */
  | { do: 'begin'; matched: Matched; again: boolean }
  | { do: 'tellWaiting'; place: Place }
  | { do: 'tellEnded'; matched: Matched; reason: EndReason }
  | { do: 'tellError'; error: PasserbyError }
  /** Close socket and peer connection, and forget the resume secret. */
  | { do: 'close' };

/** What is known of a place in the queue. */
export type Place = Events['waiting'];

export interface Step {
  model: Model;
  effects: Effect[];
}

export function initial(autoNext: boolean): Model {
  return { state: 'idle', match: null, wanting: false, takingOver: false, moving: false, syncing: false, left: [], newest: '', wish: 1, heard: 0, autoNext };
}

/** After a match was ended by a server that shuts down, before asking again; milliseconds. */
const DRAIN_PATIENCE = 2000;

const over: readonly State[] = ['idle', 'error'];

export function step(before: Model, input: Input): Step {
  const snapshot = input.on === 'waiting' || input.on === 'matched' || input.on === 'ended';
  const model = before.moving && snapshot ? { ...before, moving: false } : before;
  const to = (change: Partial<Model>, ...effects: Effect[]): Step => ({ model: { ...model, ...change }, effects });
  const stay = (...effects: Effect[]): Step => ({ model, effects });
  const begin = { match: null, wanting: true, moving: false, syncing: false, left: [], newest: '', wish: 1, heard: 0 };

  if (input.on === 'start') {
    if (!over.includes(model.state)) return stay();
    return to({ ...begin, state: 'connecting', takingOver: false }, { do: 'open', fresh: false });
  }
  if (input.on === 'resume') {
    if (!over.includes(model.state)) return stay();
    return to({ ...begin, state: 'connecting', takingOver: true, heard: 1 }, { do: 'open', fresh: false });
  }
  if (over.includes(model.state)) return input.on === 'stop' ? to({ state: 'idle' }) : stay();

  switch (input.on) {
    case 'stop':
      return to({ ...begin, state: 'idle', wanting: false, takingOver: false }, { do: 'clear' }, { do: 'goodbye' }, { do: 'close' });
    case 'fatal':
      return to({ ...begin, state: 'error', wanting: false, takingOver: false },
        { do: 'clear' }, { do: 'close' }, { do: 'tellError', error: input.error });

    case 'up':
      if (model.state === 'reconnecting' || model.takingOver) return to({ syncing: true }, { do: 'hello', resume: true }, { do: 'sync' });
      return stay({ do: 'hello', resume: false }, { do: 'offer' }, find(model));
    case 'down':
      if (model.state === 'connecting') return to({ syncing: false, moving: false });
      return to({ state: 'reconnecting', syncing: false, moving: false });
    case 'moved':
      return stay({ do: 'beside' });
    case 'beside':
      return to({ syncing: true, moving: true }, { do: 'hello', resume: true, beside: true }, { do: 'sync' });
    case 'expired':
      if (model.takingOver) return giveUp(model);
      return to({ state: 'connecting', match: null, syncing: false, wanting: true, heard: 0 }, ...lost(model), { do: 'open', fresh: true });

    case 'welcome':
      if (!model.syncing) return stay();
      if (input.resumed && model.moving && !input.media) return stay({ do: 'move' });
      if (input.resumed) return stay({ do: model.takingOver || !input.media ? 'offer' : 'mend' });
      if (model.takingOver) return giveUp(model);
      return unknownToServer(model, { do: 'offer' });
    case 'synced':
      if (!model.syncing) return stay();
      if (model.takingOver) return giveUp(model); // the server would have said what to take over
      if (model.state === 'reconnecting') return unknownToServer(model);
      if (model.moving) return model.wanting ? unknownToServer(model) : to({ syncing: false, moving: false });
      // A wish that was lost with the connection is said again.
      return to({ syncing: false }, ...(model.state === 'waiting' && model.heard !== model.wish ? [find(model, true)] : []));

    case 'waiting': {
      if (model.state === 'ended' || model.state === 'matched') return stay();
      const heard = input.wish ?? model.heard;
      const change = { state: 'waiting', match: null, wanting: true, takingOver: false, heard } as const;
      return to(change, ...lost(model), { do: 'tellWaiting', place: input.place });
    }
    case 'matched': {
      const { matched } = input;
      if (model.left.includes(matched.match)) return leftAlready(model);
      if (!model.wanting && model.match?.match !== matched.match) return stay({ do: 'leave' });
      const again = model.match?.match === matched.match;
      if (input.unwanted && !again) return decline(model, matched);
      const change = { state: 'matched', match: matched, takingOver: false, newest: matched.match, heard: input.wish ?? model.heard } as const;
      return to(change, ...(again ? [] : lost(model)), { do: 'begin', matched, again });
    }
    case 'ended':
      if (model.takingOver && !model.match) {
        // The match ended while the page was reloading, and its keys are gone with it: look for the next one.
        return to({ state: 'waiting', takingOver: false, syncing: false }, find(model));
      }
      if (model.match?.match !== input.match) return stay();
      return finish(model, model.match, input.reason);

    case 'next':
      return next(model);
    case 'wish': {
      const revised = { ...model, wish: model.wish + 1 };
      const looking = model.state === 'waiting' || model.state === 'connecting';
      return { model: revised, effects: looking && !model.syncing ? [find(revised, true)] : [] };
    }
    case 'distrust': {
      if (!model.match) return stay();
      const left = [model.match.match, ...model.left].slice(0, 8);
      return to({ state: 'ended', match: null, wanting: false, left }, { do: 'clear' }, { do: 'leave' });
    }
    case 'refused':
      return model.wanting && !model.match ? stay({ do: 'retryLater', afterMs: input.afterMs }) : stay();
    case 'retry': {
      const asking = model.state === 'waiting' || model.state === 'connecting';
      return model.wanting && asking && !model.takingOver ? stay(find(model)) : stay();
    }
  }
}

function find({ wish, newest }: Model, same = false): Effect {
  return { do: 'find', wish, after: newest, same };
}

/** Looks again: with few words when the server knows the wish. */
function search(model: Model): Effect {
  return model.heard === model.wish ? { do: 'next', after: model.newest } : find(model);
}

/** What to say when a match turns out to be over without an `ended`. */
function lost(model: Model): Effect[] {
  return model.match ? [{ do: 'clear' }, { do: 'tellEnded', matched: model.match, reason: 'lost' }] : [];
}

function finish(model: Model, matched: Matched, reason: EndReason): Step {
  const effects: Effect[] = [{ do: 'clear' }, { do: 'tellEnded', matched, reason }];
  // Nobody chose a drain, and nothing new begins before it is over: ask again until the server is back.
  if (reason === 'drain') effects.push({ do: 'retryLater', afterMs: DRAIN_PATIENCE });
  const goOn = reason === 'drain' || (model.autoNext && reason !== 'moderated');
  if (goOn && reason !== 'drain') effects.push(search(model));
  return { model: { ...model, state: goOn ? 'waiting' : 'ended', match: null, wanting: goOn }, effects };
}

function next(model: Model): Step {
  const left = model.match ? [model.match.match, ...model.left].slice(0, 8) : model.left;
  const away = model.state === 'reconnecting' || model.syncing;
  switch (model.state) {
    case 'matched':
    case 'ended':
    case 'reconnecting': {
      const effects: Effect[] = model.match ? [{ do: 'clear' }] : [];
      // Without a connection the snapshot decides what to ask for.
      if (!away) effects.push(search(model));
      return { model: { ...model, state: away ? 'reconnecting' : 'waiting', match: null, wanting: true, left }, effects };
    }
    default:
      return { model, effects: [] };
  }
}

/** The server still names a match that this side has left: say it again, or nothing if it is only late news. */
function leftAlready(model: Model): Step {
  if (!model.syncing) return { model, effects: [] };
  const state = model.wanting ? 'waiting' : 'ended';
  return { model: { ...model, state, match: null }, effects: [...lost(model), model.wanting ? search(model) : { do: 'leave' }] };
}

/** A match that crossed a wish for the other mode on its way: nobody who asked for text is shown to a stranger. */
function decline(model: Model, { match }: Matched): Step {
  const left = [match, ...model.left].slice(0, 8);
  const declined: Model = { ...model, state: 'waiting', match: null, takingOver: false, newest: match, left };
  return { model: declined, effects: [...lost(model), find(declined)] };
}

/** After a reconnect the server knows nothing of a wait or a match: begin again by itself if that is wanted. */
function unknownToServer(model: Model, ...first: Effect[]): Step {
  const effects = [...lost(model), ...first];
  const wanting = model.wanting && (!model.match || model.autoNext);
  if (wanting) effects.push(find(model));
  const state = wanting ? 'connecting' : 'ended';
  return { model: { ...model, state, match: null, wanting, moving: false, syncing: false, heard: 0 }, effects };
}

/** Nothing to take over after a reload. */
function giveUp(model: Model): Step {
  return { model: { ...model, state: 'idle', wanting: false, takingOver: false, moving: false, syncing: false }, effects: [{ do: 'close' }] };
}
