// Generated from the Go structs of signaling/protocol. Do not edit: change those and run
// "go generate ./signaling/protocol". docs/protocol.md is the reference.

export const SUBPROTOCOL = "passerby.v1"

/** Caps on what a client may send; bytes unless the name says otherwise. */
export const CAPS = {
  frameBytes: 65536,
  idBytes: 64,
  keyBytes: 200,
  candidateBytes: 1024,
  textBytes: 8192,
  signalBytes: 4096,
  noteBytes: 1000,
  evidenceItems: 32,
  pictureBytes: 40000,
  shownMs: 600000,
  tags: 8,
  tagLength: 24,
} as const

/** The table of errors: fatal ones close the connection. */
export const ERRORS = {
  bad_request: { http: 400, fatal: false },
  unknown_type: { http: 400, fatal: false },
  too_large: { http: 413, fatal: true },
  rate_limited: { http: 429, fatal: false },
  flooding: { http: 429, fatal: true },
  hello_required: { http: 401, fatal: true },
  token_invalid: { http: 401, fatal: true },
  token_expired: { http: 401, fatal: true },
  adult_required: { http: 403, fatal: false },
  origin_forbidden: { http: 403, fatal: false },
  proof_required: { http: 428, fatal: false },
  banned: { http: 403, fatal: true },
  device_invalid: { http: 401, fatal: false },
  age_required: { http: 403, fatal: false },
  replaced: { http: 409, fatal: true },
  no_match: { http: 409, fatal: false },
  wrong_state: { http: 409, fatal: false },
  sdp_invalid: { http: 400, fatal: false },
  media_failed: { http: 503, fatal: false },
  slow_consumer: { http: 503, fatal: true },
  server_full: { http: 503, fatal: true },
  draining: { http: 503, fatal: false },
  evidence_invalid: { http: 400, fatal: false },
  internal: { http: 500, fatal: false },
} as const

/** Hello is the first message of every connection. */
export interface Hello {
  type: 'hello'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  /** Token is the session token of POST /v1/session or of the last welcome. */
  token: string
  /** Resume is the secret of the last welcome: it takes the session over as it is. */
  resume?: string
  /** Beside says that the connection before is still open: what the client's peer connection sends and receives by the node before goes on until the client closes it. */
  beside?: boolean
}

/** Offer starts, renegotiates or replaces the peer connection to the server. */
export interface Offer {
  type: 'offer'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  sdp: string
}

/** Candidate is accepted for completeness; the server is ICE-lite and needs none. */
export interface Candidate {
  type: 'candidate'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  /** Candidate is the candidate line; "" means that there are no more. */
  candidate: string
}

/** Mode says what a match is made of. */
export type Mode = 'video' | 'text'

/** Gender is how a user describes himself in a wish. */
export type Gender = 'f' | 'm' | 'x'

/** Find looks for a partner. In a match it ends that match with "next". */
export interface Find {
  type: 'find'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  mode: Mode
  /** Tags are up to 8 interests of 1 to 24 characters each. */
  tags?: string[]
  /** Language is a BCP 47 primary language tag such as "en". */
  language?: string
  gender?: Gender
  seeking?: Gender[]
  /** Key is the public key for the coming match, opaque to the server. */
  key: string
  /** Widen lets the wishes give way when nobody fits. */
  widen?: boolean
  /** After is the newest match that the sender knows of, "" for none: a later one stays, since the request crossed it on the way, and is told again. Without it any match is ended. */
  after?: string
}

/** Next looks for somebody else with the wishes of the last find. */
export interface Next {
  type: 'next'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  /** Key is a fresh public key for the coming match; without it the last one is used again. */
  key?: string
  /** Widen changes the wish's field of that name when it is present. */
  widen?: boolean
  /** After is as in find. */
  after?: string
}

/** Leave ends the search or the match. */
export interface Leave {
  type: 'leave'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
}

/** Text is one encrypted message to the partner. */
export interface TextMessage {
  type: 'text'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  /** N counts a sender's texts in a match, from 1. */
  n: number
  /** Body is base64url of 0x01, commitment (32 bytes), iv (12), ciphertext and tag. Where limits.clear_text is set it is that of 0x00, commitment, and the JSON that would be encrypted. */
  body: string
}

/** Ack says that everything up to N has been shown. It travels both ways. */
export interface Ack {
  type: 'ack'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  n: number
}

/** Keyed says that the keys of this match are installed. */
export interface Keyed {
  type: 'keyed'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  /** KeyID and Commit bind the sender to the keys of his media, where limits.report_media_ms asks for it; Commit is base64url of 32 bytes (docs/security.md). The first one for a key id counts. */
  key_id?: string
  commit?: string
}

/** Shown says that the first frame of this match was decoded. */
export interface Shown {
  type: 'shown'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  /** MS is how long that took from matched, in milliseconds; at most 10 minutes. It serves the operator's measurements alone. */
  ms?: number
  /** NextMS is the same from the moment that this partner was asked for: Next was pressed, or the one before had gone. */
  next_ms?: number
}

/** Rekey brings a new public key into a running match, after a reload. */
export interface Rekey {
  type: 'rekey'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  key: string
}

/** Signal carries data that only the two clients understand. It travels both ways. */
export interface Signal {
  type: 'signal'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  data: string
}

/** ReportReason is what a report is about. */
export type ReportReason = 'minor' | 'nudity' | 'threat' | 'hate' | 'spam' | 'other'

/** Evidence is one received text with what proves it. */
export interface Evidence {
  n: number
  text: string
  /** KF is the key that opens the commitment, base64url of 32 bytes. */
  kf: string
  /** Commitment is the sender's, as it came with the text: base64url of 32 bytes. */
  commitment: string
  /** Tag and At are the server's, as they came with the text. */
  tag: string
  at: number
}

/** MediaKeys are the base keys of what the partner sent, which his commitment binds him to. */
export interface MediaKeys {
  key_id: string
  /** Audio and Video are base64url of 32 bytes each. */
  audio: string
  video: string
}

/** Report tells the operator about the partner, and ends the match. */
export interface Report {
  type: 'report'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  reason: ReportReason
  /** Note is the reporter's own words. */
  note?: string
  /** Evidence are texts of the partner that the reporter has chosen, in the order of n. */
  evidence?: Evidence[]
  /** Picture is what the reporter's browser showed of the partner: base64url of a JPEG. It proves nothing. */
  picture?: string
  /** Media opens the server's recording of the partner's last seconds. */
  media?: MediaKeys
}

/** Block ends the match and never brings the two together again. */
export interface Block {
  type: 'block'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
}

/** Understood says that the person has read a notice: it does not come again. */
export interface Understood {
  type: 'understood'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  notice: string
}

/** Ping asks for a pong. */
export interface Ping {
  type: 'ping'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
}

/** ICEServer is one entry of RTCConfiguration.iceServers. */
export interface ICEServer {
  urls: string[]
  username?: string
  credential?: string
}

/** Limits tells a client the caps that it should keep to. */
export interface Limits {
  /** FrameBytes is the largest frame, in bytes. */
  frame_bytes: number
  /** TextBytes is the largest body of a text, in base64url characters. */
  text_bytes: number
  /** Tags is the largest number of tags in a wish. */
  tags: number
  /** TagLength is the longest tag, in characters. */
  tag_length: number
  /** MessagesPerSecond is the sustained rate at which messages are accepted. */
  messages_per_second: number
  /** ResumeMS is how long a session outlives its connection, in milliseconds. */
  resume_ms: number
  /** GraceMS is how long a search holds out for a shared tag before it takes anyone, in milliseconds. */
  grace_ms: number
  /** RematchMS is how long two people who just met both wait before they may meet again, in milliseconds; absent: not at all. */
  rematch_ms?: number
  /** ReportMediaMS is how much of a running video match the server records, still encrypted, for reports, in milliseconds; absent: nothing. */
  report_media_ms?: number
  /** ClearText says that texts are not encrypted between the two people: the server reads and filters them, and pages must say so. */
  clear_text?: boolean
}

/** Welcome answers hello. The snapshot of the session follows it. */
export interface Welcome {
  type: 'welcome'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  session: string
  /** Resume is the secret that takes this session over; a new one each time. */
  resume: string
  resumed: boolean
  /** Media says whether this node answered an offer of the session: else its peer connection leads to another node, or nowhere, and the client makes a new one. */
  media: boolean
  /** Token is a fresh token for the same session. */
  token: string
  /** ExpiresAt is when Token expires, as RFC 3339. */
  expires_at: string
  ice_servers: ICEServer[]
  limits: Limits
}

/** Answer answers offer. */
export interface Answer {
  type: 'answer'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  sdp: string
}

/** Waiting says that the session stands in the queue. */
export interface Waiting {
  type: 'waiting'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  /** Since is when the wait began, in Unix milliseconds. */
  since: number
  mode: Mode
  /** Position counts from 1; absent when unknown. */
  position?: number
  /** EstimateMS is the expected wait, in milliseconds; absent when unknown. */
  estimate_ms?: number
}

/** Peer is what a client learns of its partner. */
export interface Peer {
  key: string
  /** Tags are the tags that both named. */
  tags: string[]
  language?: string
  /** Name is what the app that the partner comes from calls him; most partners have none. */
  name?: string
}

/** Matched says who the partner is. It comes again, with Resumed, after a resume or a rekey. */
export interface Matched {
  type: 'matched'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  mode: Mode
  initiator: boolean
  peer: Peer
  /** KeyID is the 48-bit key id of docs/security.md, as 12 hex digits. */
  key_id: string
  /** At is when the match was made, in Unix milliseconds. */
  at: number
  resumed?: boolean
  /** Sent is the highest n that this session has sent in the match. */
  sent?: number
  /** Acked is the highest n that this session has acknowledged in the match. */
  acked?: number
}

/** PartnerText is a text as the partner gets it. */
export interface PartnerText {
  type: 'text'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  n: number
  body: string
  /** At is when the server forwarded it, in Unix milliseconds. */
  at: number
  /** Tag is the server's franking tag, base64url. */
  tag: string
}

/** Committed says that the partner is bound to the keys of his media. A client whose own differ must not go on. */
export interface Committed {
  type: 'committed'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  key_id: string
  commit: string
}

/** PartnerState says whether the partner has a connection. */
export type PartnerState = 'online' | 'reconnecting'

/** Partner says whether the partner has a connection. */
export interface Partner {
  type: 'partner'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  state: PartnerState
}

/** Moved asks the client to go to another node, because this one stops, or cannot show the partner: open another connection beside this one and say hello on it with Resume and Beside. */
export interface Moved {
  type: 'moved'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  /** WithinMS is how long this node goes on, in milliseconds; absent: it does not stop. */
  within_ms?: number
}

/** EndReason says why a match is over. */
export type EndReason = 'next' | 'left' | 'lost' | 'blocked' | 'moderated' | 'drain'

/** Ended says that a match is over. */
export interface Ended {
  type: 'ended'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  reason: EndReason
}

/** Left answers leave. */
export interface Left {
  type: 'left'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
}

/** Reported answers report. */
export interface Reported {
  type: 'reported'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  /** Report is its number, for questions later; absent when the match was reported before. */
  report?: string
}

/** Blocked answers block. */
export interface Blocked {
  type: 'blocked'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
}

/** Notice is a moderator's word for a person who stays: a warning. It comes after each welcome until it is understood. */
export interface Notice {
  type: 'notice'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  /** Notice is its name. */
  notice: string
  reason: ReportReason
  /** Message is the moderator's own words. */
  message?: string
  /** At is when it was made, in Unix milliseconds. */
  at: number
}

/** RefusalReason says why a text was not delivered. */
export type RefusalReason = 'filter' | 'unchecked' | 'form'

/** Refused says that a text was not delivered and will not be. Its number is free for a gap. */
export interface Refused {
  type: 'refused'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  match: string
  n: number
  reason: RefusalReason
}

/** Pong answers ping. */
export interface Pong {
  type: 'pong'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
}

/** Code is a stable name of an error. */
export type ErrorCode = 'bad_request' | 'unknown_type' | 'too_large' | 'rate_limited' | 'flooding' | 'hello_required' | 'token_invalid' | 'token_expired' | 'adult_required' | 'origin_forbidden' | 'proof_required' | 'banned' | 'device_invalid' | 'age_required' | 'replaced' | 'no_match' | 'wrong_state' | 'sdp_invalid' | 'media_failed' | 'slow_consumer' | 'server_full' | 'draining' | 'evidence_invalid' | 'internal'

/** Error is the message "error", and the Go error that becomes it. */
export interface ErrorMessage {
  type: 'error'
  /** ID is chosen by the client; the answer or error to this message repeats it. */
  id?: string
  code: ErrorCode
  message: string
  /** RetryAfterMS says when trying again can help, in milliseconds; absent when it cannot or at once. */
  retry_after_ms?: number
  /** Fatal says that the connection closes after this message. */
  fatal?: boolean
}

/** Device is a device key's signature of this request. */
export interface Device {
  /** Key is the public key, P-256: base64url of the uncompressed point, 65 bytes. */
  key: string
  /** At is when it was signed, in Unix milliseconds. Within five minutes of the server's clock. */
  at: number
  /** Nonce is base64url of 16 random bytes. It counts once. */
  nonce: string
  /** Signature is base64url of ECDSA with SHA-256 (r and s, 32 bytes each) over the text "passerby device\n" host "\n" at "\n" nonce, where host is that of the request. */
  signature: string
}

/** Proof is a challenge with its number. It counts once. */
export interface Proof {
  algorithm: string
  challenge: string
  number: number
  salt: string
  signature: string
}

/** SessionRequest is the body of POST /v1/session. */
export interface SessionRequest {
  /** Adult is the user's word that he is an adult; nothing is given out without it. */
  adult: boolean
  /** Minor is the user's word that he is none; only where the operator has a pool for minors, who meet nobody else. */
  minor?: boolean
  /** AgeToken is the word of an age-assurance service; needed where the operator has one. */
  age_token?: string
  /** AppToken is of POST /api/v1/sessions: another app's word on who its user is, for one session. Adult need not be given with it. */
  app_token?: string
  /** Device shows that the same device asks again. Without it the session is a stranger's. */
  device?: Device
  /** Proof solves the challenge of a `proof_required`. */
  proof?: Proof
}

/** SessionAnswer answers POST /v1/session. */
export interface SessionAnswer {
  token: string
  /** ExpiresAt is RFC 3339. */
  expires_at: string
  ice_servers: ICEServer[]
  limits: Limits
}

/** Challenge is a puzzle: find the number from 0 to MaxNumber for which the hexadecimal SHA-256 of Salt followed by the number in decimal is Challenge. */
export interface Challenge {
  /** Algorithm is "SHA-256". */
  algorithm: string
  challenge: string
  maxnumber: number
  salt: string
  signature: string
}

/** Ban is why and for how long somebody is kept out. */
export interface Ban {
  reason: string
  /** Message is the moderator's words; it may be absent. */
  message?: string
  /** Until is in Unix milliseconds; absent: for good. */
  until?: number
  /** Token names the ban to POST /v1/appeal, for a day. */
  token: string
  /** Appeal is where one's own last appeal stands: "open", "refused", or absent for none. */
  appeal?: string
  /** Answer is what a moderator answered to it. */
  answer?: string
}

/** ErrorAnswer is the body of every HTTP answer that is an error. */
export interface ErrorAnswer {
  error: Omit<ErrorMessage, 'type'>
  /** Challenge comes with `proof_required`. */
  challenge?: Challenge
  /** Ban comes with `banned`. */
  ban?: Ban
  /** AgeURL comes with `age_required`: where age is proven. */
  age_url?: string
}

/** AppealRequest is the body of POST /v1/appeal. */
export interface AppealRequest {
  token: string
  /** Text has at most 2,000 bytes. */
  text: string
}

/** AppealAnswer answers POST /v1/appeal. */
export interface AppealAnswer {
  appeal: string
}

/** DataRequest is the body of POST /v1/data/export and POST /v1/data/delete. The device signs over "passerby device export\n" or "passerby device delete\n", and else as for a session. */
export interface DataRequest {
  device: Device
  /** Confirm is "delete" for a deletion. */
  confirm?: string
}

/** DeletedData counts what was deleted. Chats and reports that the person made stay without him. */
export interface DeletedData {
  chats: number
  blocks: number
  appeals: number
  warnings: number
  reports: number
}

/** KeptData counts what must stay until its time is over, since it protects others: reports about the person, and bans. */
export interface KeptData {
  reports: number
  bans: number
}

/** DeleteAnswer answers POST /v1/data/delete. */
export interface DeleteAnswer {
  deleted: DeletedData
  kept: KeptData
}

/** WaitingStats counts who waits, by mode. */
export interface WaitingStats {
  video: number
  text: number
}

/** StatsAnswer answers GET /v1/stats. */
export interface StatsAnswer {
  online: number
  waiting: WaitingStats
  matched: number
}

/** SettingsAnswer answers GET /v1/settings: what the operator wishes of pages, which do it themselves. */
export interface SettingsAnswer {
  /** Words are masked in messages, on the reader's device. */
  words: string[]
  /** BlurStart has matches begin blurred, unless the user has chosen otherwise. */
  blur_start: boolean
  /** ClearText is as in limits. */
  clear_text?: boolean
  /** AgeService says that a service decides about ages, so that a person's own word is not asked for. */
  age_service?: boolean
  /** Learns says that the queue learns from how long talks last who suits whom, so that people can be told. */
  learns?: boolean
  /** NudityCheck is the likelihood from which pages, if the user agrees, blur a picture as nudity (absent: they do not look). */
  nudity_check?: number
}

/** Every message that a client may send. */
export type ClientMessage =
  | Hello
  | Offer
  | Candidate
  | Find
  | Next
  | Leave
  | TextMessage
  | Ack
  | Keyed
  | Shown
  | Rekey
  | Signal
  | Report
  | Block
  | Understood
  | Ping

/** Every message that the server may send. */
export type ServerMessage =
  | Welcome
  | Answer
  | Waiting
  | Matched
  | PartnerText
  | Ack
  | Signal
  | Committed
  | Partner
  | Moved
  | Ended
  | Left
  | Reported
  | Blocked
  | Notice
  | Refused
  | Pong
  | ErrorMessage
