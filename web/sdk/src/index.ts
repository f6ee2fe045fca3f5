/** `@passerby/client`: the typed, framework-free client of a Passerby server. */
export { MAX_PICTURE, Passerby } from './client';
export { keepAgeToken } from './session';
export type { Ban } from './protocol';
export { support } from './support';
export { PasserbyError, explainMediaError, type ErrorCode } from './errors';
export type { SettingsAnswer } from './protocol';
export type { Codec } from './crypto/packing';
export type { Events, Listener, Verification } from './events';
export type {
  Blur, EndReason, Gender, Limits, Match, Message, Mode, Options, Quality, Report, ReportReason, State, Support, TakenOver, Warning, Wish,
} from './types';
