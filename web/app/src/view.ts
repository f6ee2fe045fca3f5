import type { Ban, Blur, EndReason, Events, Match, Message, Mode, Quality, State, Verification, Warning, Wish } from '@passerby/client';
import { loadDraft, type Draft } from './draft';
import { usualSettings, type Settings } from './memory';
import type { Locale } from './strings';

/** Why a conversation ended: what the client tells, and what was done or found here. */
export type Ended = EndReason | 'own_block' | 'own_report' | 'key_mismatch' | 'crypto_failed';

/**
 * Everything that the page shows, as one value, and the pure function that changes it.
 *
 *   client events ─┐
 *                  ├─ Action ─→ reduce(view, action) ─→ View ─→ screens
 *   clicks, keys ──┘
 */
export interface View {
  state: State;
  /** While connecting: what is waited for. */
  step: 'camera' | 'server';
  /** While connecting: how much of the proof of work is done that keeps programs out, 0–1. */
  proving: number | null;
  draft: Draft;
  adult: boolean;
  wish: Wish | null;
  match: Match | null;
  /** The match has begun this moment: who presses Report or Block now was aiming at the one before. */
  fresh: boolean;
  /** The match before: it can still be reported or blocked. */
  last: Match | null;
  /** Why the last conversation ended, until the next one or a press on Next. */
  ended: Ended | null;
  /** After a reload, or on the way from another tab, until it is known what became of the conversation. */
  resuming: 'page' | 'tab' | null;
  waiting: Waiting | null;
  /** A conversation of this browser that another tab holds. */
  elsewhere: string | null;
  /** While reconnecting: a place in line is kept. */
  inLine: boolean;
  lines: readonly Line[];
  typing: boolean;
  partner: Events['partner'];
  verification: Verification | null;
  /** Begin blurred until both are ready: one's own word and the stranger's, for this match. */
  blur: { own: Blur; theirs: Blur };
  /** What the nudity check says about the stranger's picture. */
  glance: Glance;
  /** How well media flows; unknown until measured. */
  quality: Quality['level'];
  /** The first picture of this match was decoded. */
  shown: boolean;
  sending: { audio: boolean; video: boolean };
  /** The stranger sees one's own screen in place of the camera. */
  sharing: boolean;
  /** Search again at once when the partner leaves. */
  autoNext: boolean;
  /** Blocks everything until the user has chosen a way out. */
  trouble: Trouble | null;
  /** Passes by itself. */
  notice: Trouble | null;
  /** Moderators' warnings that are still to be read, the oldest first. */
  warnings: readonly Warning[];
  /** The server reads texts: the page says so, always. */
  clearText: boolean;
  camera: CameraView;
  /** The browser wants another click before it plays sound. */
  silenced: boolean;
  volume: number;
  online: boolean;
  locale: Locale;
  settings: Settings;
}

/**
 * What is known of a stranger's picture: nothing is looked for, the first look is awaited (blurred until then), none came in time, harmless,
 * nudity, or nudity that one wants to see all the same.
 */
export type Glance = 'off' | 'looking' | 'late' | 'clear' | 'nude' | 'wanted';

export interface Waiting {
  /** This browser's clock, Unix milliseconds. */
  since: number;
  position?: number | undefined;
  estimateMs?: number | undefined;
  widened: boolean;
}

export type Line = Message | { id: string; from: 'system'; text: string; at: number };

/** Something went wrong: a code of the SDK, and when trying again can help (Unix milliseconds). */
export interface Trouble {
  code: string;
  message?: string | undefined;
  retryAt?: number | undefined;
  ban?: Ban | undefined;
  ageUrl?: string | undefined;
}

export interface CameraView {
  stream: MediaStream | null;
  opening: boolean;
  code: string | null;
  /** Counts changes of tracks, so that parts look again. */
  version: number;
}

export type Action =
  | { type: 'draft'; patch: Partial<Draft> }
  | { type: 'adult'; on: boolean }
  | { type: 'begin'; wish: Wish; step: View['step'] }
  | { type: 'resuming'; wish: Wish }
  | { type: 'elsewhere'; session: string | null }
  | { type: 'moving' }
  | { type: 'state'; state: State }
  | { type: 'proving'; share: number | null }
  | { type: 'waiting'; position?: number | undefined; estimateMs?: number | undefined; at: number }
  | { type: 'wish'; wish: Wish }
  | { type: 'matched'; match: Match; greeting: string; messages: readonly Message[] }
  | { type: 'settled'; match: Match }
  | { type: 'firstframe' }
  | { type: 'next' }
  | { type: 'ended'; match: Match; reason: Ended; farewell: string }
  | { type: 'restarting' }
  | { type: 'distrust'; code: 'key_mismatch' | 'crypto_failed' }
  | { type: 'message'; message: Message }
  | { type: 'typing'; on: boolean }
  | { type: 'partner'; partner: Events['partner'] }
  | { type: 'verify'; verification: Verification | null }
  | { type: 'blur'; own?: Blur; theirs?: Blur }
  | { type: 'glance'; match: string; glance: Glance }
  | { type: 'quality'; level: Quality['level'] }
  | { type: 'sharing'; on: boolean }
  | { type: 'sending'; kind: 'audio' | 'video'; on: boolean }
  | { type: 'autoNext'; on: boolean }
  | { type: 'trouble'; trouble: Trouble | null }
  | { type: 'notice'; notice: Trouble | null }
  | { type: 'warned'; warning: Warning }
  | { type: 'understood'; id: string }
  | { type: 'clearText'; on: boolean }
  | { type: 'camera'; camera: Partial<CameraView> }
  | { type: 'silenced'; on: boolean }
  | { type: 'volume'; volume: number }
  | { type: 'online'; on: boolean }
  | { type: 'locale'; locale: Locale }
  | { type: 'settings'; settings: Settings }
  | { type: 'forget' }
  | { type: 'stopped' };

const alone = {
  match: null,
  fresh: false,
  typing: false,
  partner: { state: 'online', audio: true, video: true, screen: false, paused: false },
  sharing: false,
  verification: null,
  blur: { own: { on: false, ready: false }, theirs: { on: false, ready: false } },
  glance: 'off',
  quality: 'unknown',
  shown: false,
} as const;

const begun = { proving: null, trouble: null, notice: null, waiting: null, ended: null, resuming: null } as const;

export function initialView(): View {
  return {
    ...alone,
    state: 'idle',
    step: 'server',
    proving: null,
    draft: loadDraft(),
    adult: false,
    wish: null,
    last: null,
    ended: null,
    resuming: null,
    waiting: null,
    elsewhere: null,
    inLine: false,
    lines: [],
    sending: { audio: true, video: true },
    autoNext: true,
    trouble: null,
    notice: null,
    warnings: [],
    clearText: false,
    camera: { stream: null, opening: false, code: null, version: 0 },
    silenced: false,
    volume: 1,
    online: true,
    locale: 'en',
    settings: usualSettings,
  };
}

/** The mode that is shown: that of the conversation, else that of the wish. */
export function modeOf(view: View): Mode {
  return view.match?.mode ?? view.wish?.mode ?? view.draft.mode;
}

/** Whether the stranger's picture is to be blurred: one of the two wanted to begin so, and not both are ready. */
export function blurred({ match, blur: { own, theirs } }: View): boolean {
  return match?.mode === 'video' && (own.on || theirs.on) && !(own.ready && theirs.ready);
}

/** Whether the stranger's picture is kept from sight for what is in it, or until that is known. */
export function veiled({ match, glance }: View): boolean {
  return match?.mode === 'video' && (glance === 'looking' || glance === 'nude');
}

/** Whether Next does something now. While reconnecting it does, once the connection is back: no press is lost. */
export function canNext({ state, match, ended }: View): boolean {
  return state === 'matched' || state === 'ended' || (state === 'reconnecting' && (match !== null || ended !== null));
}

/** Whom a press on Report or Block means: the one who is here, or the one before. */
export interface Meant {
  match: Match;
  last: boolean;
}

export function meantBy({ match, fresh, last }: View): Meant | null {
  if (match && !(fresh && last)) return { match, last: false };
  return last && { match: last, last: true };
}

function withLine(lines: readonly Line[], line: Line): readonly Line[] {
  const at = lines.findIndex((other) => other.id === line.id && other.from === line.from);
  return at < 0 ? [...lines, line] : lines.map((other, i) => (i === at ? line : other));
}

function system(text: string, at: number): Line {
  return { id: `system-${at}-${text}`, from: 'system', text, at };
}

export function reduce(view: View, action: Action): View {
  switch (action.type) {
    case 'draft':
      return { ...view, draft: { ...view.draft, ...action.patch } };
    case 'adult':
      return { ...view, adult: action.on };
    case 'begin':
      return { ...view, ...alone, ...begun, state: 'connecting', step: action.step, wish: action.wish };
    case 'resuming':
      return { ...view, ...alone, ...begun, state: 'reconnecting', step: 'server', wish: action.wish, resuming: view.resuming ?? 'page' };
    case 'elsewhere':
      return { ...view, elsewhere: action.session };
    case 'moving':
      return { ...view, ...alone, ...begun, state: 'reconnecting', step: 'server', last: null, resuming: 'tab' };
    case 'state':
      return withState(view, action.state);
    case 'proving':
      return { ...view, proving: action.share };
    case 'waiting': {
      const { position, estimateMs } = action;
      const kept = view.waiting ?? { since: action.at, widened: false };
      // The server has answered, so it is back.
      return { ...view, ended: view.ended === 'drain' ? null : view.ended, waiting: { ...kept, position, estimateMs } };
    }
    case 'wish':
      return { ...view, wish: action.wish, waiting: view.waiting && { ...view.waiting, widened: action.wish.widen ?? false } };
    case 'matched': {
      if (view.match?.id === action.match.id) return { ...view, match: action.match, shown: false };
      const lines = [system(action.greeting, action.match.at), ...action.messages];
      return { ...view, ...alone, match: action.match, fresh: true, ended: null, waiting: null, lines };
    }
    case 'settled':
      return view.match?.id === action.match.id ? { ...view, fresh: false } : view;
    case 'firstframe':
      return { ...view, shown: true };
    case 'next':
      return { ...view, ...alone, last: view.match ?? view.last, ended: view.ended === 'drain' ? 'drain' : null };
    case 'ended': {
      const lines = withLine(view.lines, system(action.farewell, Date.now()));
      return { ...view, ...alone, last: action.match, ended: action.reason, lines };
    }
    case 'restarting':
      return { ...view, ended: 'drain' };
    case 'distrust':
      return { ...view, ...alone, last: view.match, ended: action.code };
    case 'message': {
      const typing = action.message.from === 'partner' ? false : view.typing;
      return { ...view, typing, lines: withLine(view.lines, action.message) };
    }
    case 'typing':
      return { ...view, typing: action.on };
    case 'partner':
      return { ...view, partner: action.partner };
    case 'verify':
      return { ...view, verification: action.verification };
    case 'blur':
      return { ...view, blur: { own: action.own ?? view.blur.own, theirs: action.theirs ?? view.blur.theirs } };
    case 'glance':
      // Late or not, what was found stands, and so does the person's word.
      if (view.match?.id !== action.match || view.glance === 'wanted' || (action.glance === 'late' && view.glance !== 'looking')) return view;
      return { ...view, glance: action.glance };
    case 'quality':
      return { ...view, quality: action.level };
    case 'sharing':
      return { ...view, sharing: action.on };
    case 'sending':
      return { ...view, sending: { ...view.sending, [action.kind]: action.on } };
    case 'autoNext':
      return { ...view, autoNext: action.on };
    case 'trouble':
      if (!action.trouble) return { ...view, trouble: null };
      // The server keeps what can be reported or blocked for the tab that took over.
      return { ...view, ...alone, trouble: action.trouble, last: action.trouble.code === 'replaced' ? null : (view.match ?? view.last) };
    case 'notice':
      return { ...view, notice: action.notice };
    case 'warned':
      return { ...view, warnings: [...view.warnings.filter(({ id }) => id !== action.warning.id), action.warning] };
    case 'understood':
      return { ...view, warnings: view.warnings.filter(({ id }) => id !== action.id) };
    case 'clearText':
      return { ...view, clearText: action.on };
    case 'camera':
      return { ...view, camera: { ...view.camera, ...action.camera } };
    case 'silenced':
      return { ...view, silenced: action.on };
    case 'volume':
      return { ...view, volume: action.volume };
    case 'online':
      return { ...view, online: action.on };
    case 'settings':
      return { ...view, settings: action.settings };
    case 'locale':
      return { ...view, locale: action.locale };
    case 'forget':
      return { ...view, last: null };
    case 'stopped':
      return { ...view, ...alone, ...begun, state: 'idle', last: null, lines: [] };
  }
}

/** The client tells of a new state first, and what it means after that: a match is never shown outside of its states. */
function withState(view: View, state: State): View {
  const together = state === 'matched' || state === 'reconnecting';
  const settled = together || state === 'waiting' || state === 'ended';
  return {
    ...view,
    ...(together ? {} : { ...alone, last: view.match ?? view.last }),
    state,
    step: 'server',
    resuming: settled ? null : view.resuming,
    inLine: state === 'reconnecting' && (view.inLine || view.state === 'waiting'),
    waiting: state === 'waiting' ? (view.waiting ?? { since: Date.now(), widened: view.wish?.widen ?? false }) : null,
  };
}
