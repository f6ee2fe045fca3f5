/** `@passerby/client`: the typed, framework-free client of a Passerby server. */
export { MAX_PICTURE, Passerby } from './client';
export { support } from './support';
export { PasserbyError, explainMediaError, type ErrorCode } from './errors';
export { emoji as safetyEmoji } from './crypto/emoji';
export type { SettingsAnswer } from './protocol';
export type { Events, Listener, Verification } from './events';
export type {
  Blur, EndReason, Gender, Limits, Match, Message, Mode, Options, Quality, Report, ReportReason, State, Support, TakenOver, Wish,
} from './types';
