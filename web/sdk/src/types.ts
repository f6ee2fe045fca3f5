/** The public vocabulary of the SDK: what a page says and what it is told. */
import type { Codec } from './crypto/packing';

/** Where a conversation stands. `reconnecting` keeps the match; `error` needs a new `start()`. */
export type State = 'idle' | 'connecting' | 'waiting' | 'matched' | 'reconnecting' | 'ended' | 'error';

export type Mode = 'video' | 'text';
export type Gender = 'f' | 'm' | 'x';

/** Whom to meet. */
export interface Wish {
  mode: Mode;
  /** At most 8 interests of 1–24 characters each. */
  tags?: string[];
  /** BCP 47 primary tag, for example `en`. */
  language?: string;
  gender?: Gender;
  seeking?: Gender[];
  /** Give up the language wish after a while when nobody is there. */
  widen?: boolean;
}

export interface Options {
  /** Server origin; default `location.origin`. */
  url?: string;
  /** Where the built worker file lies; default `worker.js` beside the module. */
  workerUrl?: string | URL;
  /** Where the built worker for proof of work lies; default `prover.js` beside the module. It is fetched only when the server asks for that. */
  proverUrl?: string | URL;
  /** `relay` hides nothing more (strangers never see addresses) but helps behind strict firewalls. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /**
   * Codecs of video to send, the dearest first: the first one is used that the partner and the server have, too, else VP8. Default:
   * those that this device encodes in hardware.
   */
  codecs?: readonly Codec[];
  /** For tests: use only the server's TCP candidates. */
  blockUdp?: boolean;
  /**
   * Some operators switch the encryption of texts off, so that a filter can read them (`limits.clearText`). Set this when your page says so
   * to people, always: without it `sendText` then throws `clear_text`, and nothing is sent that they may think is private.
   */
  allowClearText?: boolean;
  /** Search again when the partner leaves; default true. */
  autoNext?: boolean;
  /**
   * Who comes, by another app's word: the token of `POST /api/v1/sessions` that the app's server has asked for, or a function that fetches
   * one. It counts once; a function is asked again when the session cannot be taken up.
   */
  session?: string | (() => string | Promise<string>);
  /** Where token and resume secret survive a reload; default `sessionStorage`, null for nowhere. */
  storage?: Storage | null;
}

/** What came from another tab. */
export interface TakenOver {
  wish: Wish;
  /** What was muted there should not be heard or seen from here: set `enabled` of the tracks before `resume`. */
  sending: { audio: boolean; video: boolean };
}

/** What the server keeps to, in milliseconds. */
export interface Limits {
  /** How long a search with interests holds out for a shared one before it takes anyone. */
  graceMs: number;
  /** How long a conversation or a place in line outlives a lost connection. */
  resumeMs: number;
  /** How long two people who just met both wait before they may meet again; 0: not at all. */
  rematchMs: number;
  /** How much of a running video match the server records, still encrypted, for reports. */
  reportMediaMs: number;
  /** The server reads texts, and a filter of its operator may refuse them; picture and sound stay encrypted. Tell people. */
  clearText: boolean;
}

/** A moderator's word for a person who stays. */
export interface Warning {
  id: string;
  reason: ReportReason;
  /** The moderator's own words. */
  message?: string;
  /** Unix milliseconds. */
  at: number;
}

export interface Match {
  id: string;
  mode: Mode;
  /** Decides the direction of keys and who opens the verification. */
  initiator: boolean;
  /** Interests that both have. */
  tags: string[];
  language?: string;
  /** What the app that the partner comes from calls him. A stranger's words: show them as text, in a `<bdi>`. */
  name?: string;
  /** Unix milliseconds, the server's clock. */
  at: number;
}

/** One side's word on beginning a match blurred: whether it wants to, and whether it is ready to see and be seen. */
export interface Blur {
  on: boolean;
  ready: boolean;
}

export interface Message {
  id: string;
  from: 'me' | 'partner';
  text: string;
  /** Unix milliseconds. */
  at: number;
  /** Only on own messages. `failed`: not delivered before the match ended or the page reloaded; see `retry`. */
  state?: 'sending' | 'delivered' | 'failed' | 'refused';
  /**
   * With `refused`: the operator's filter did not let it through, did not answer, or the message was written before the server said that it
   * reads texts. It was not and will not be delivered.
   */
  refused?: 'filter' | 'unchecked' | 'encryption';
}

export type EndReason = 'next' | 'left' | 'lost' | 'blocked' | 'moderated' | 'drain';
/** What a report says. Nothing goes along that is not named here. */
export interface Report {
  reason: ReportReason;
  /** The reporter's own words, of which some 330 characters count. */
  note?: string;
  /** Which messages of the partner go along, by their `id`: those that `provable` offers. */
  messages?: readonly string[];
  /** Hands over the keys of the partner's picture and sound, so that the server can open the last seconds that it recorded. */
  media?: boolean;
  /** What the page shows of the partner, as a JPEG of at most MAX_PICTURE bytes. It proves nothing. */
  picture?: Uint8Array;
}

export type ReportReason = 'minor' | 'nudity' | 'threat' | 'hate' | 'spam' | 'other';

/** How well media flows; zero or null where the browser does not tell. */
export interface Quality {
  /** `none`: no picture has come for two seconds although the partner's camera is on. */
  level: 'good' | 'fair' | 'poor' | 'none' | 'unknown';
  rttMs: number | null;
  /** Share of received packets that were lost since the last call, 0–1. */
  loss: number;
  /** Bits per second since the last call. */
  bitrateIn: number;
  bitrateOut: number;
  framesPerSecond: number;
  width: number;
  height: number;
  /** How packets travel. */
  protocol: 'udp' | 'tcp' | 'unknown';
  relayed: boolean;
}

export interface Support {
  media: boolean;
  text: boolean;
  /** A sentence for the user when something is missing. */
  reason?: string;
}
