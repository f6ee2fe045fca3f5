// What the API answers: the views of internal/console, in the same names.

export type Role = 'viewer' | 'moderator' | 'admin';

export interface Me {
  signed_in: boolean;
  id?: string;
  name?: string;
  role?: Role;
  stage?: 'setup' | 'full';
  oidc: boolean;
}

export interface Step {
  next?: 'code' | 'passkey';
  ticket?: string;
  stage?: 'setup' | 'full';
}

export interface Passkey {
  id: string;
  label: string;
  added: string;
  used?: string;
}

export interface Ways {
  password: boolean;
  one_time?: string;
  totp: boolean;
  passkeys: Passkey[];
  oidc: boolean;
}

export interface Account {
  me: Me;
  ways: Ways;
  complete: boolean;
  began: string;
  via: string;
}

export interface Figures {
  online: number;
  waiting_video: number;
  waiting_text: number;
  matched: number;
  matches_per_minute: number;
  nodes: number;
  reports_hour: number;
  reports_open: number;
  appeals_open: number;
  bans_active: number;
}

export interface Case {
  person: string;
  reports: number;
  reporters: number;
  reasons: string[];
  severity: number;
  weight: number;
  oldest: string;
  newest: string;
  claimed_by?: string;
}

export interface Evidence {
  id: string;
  kind: string;
  from: string;
  at?: string;
  n?: number;
  proof: 'proven' | 'unproven';
  type: string;
  text?: string;
  bytes: number;
  detail: unknown;
}

export interface Report {
  id: string;
  at: string;
  match: string;
  reporter: string;
  reported: string;
  reason: string;
  comment?: string;
  severity: number;
  weight: number;
  status: 'open' | 'acted' | 'dismissed';
  detail: unknown;
  decided?: string;
  decided_by?: string;
  decision?: string;
  note?: string;
  evidence: Evidence[];
}

export interface Ban {
  id: string;
  user?: string;
  network: boolean;
  cidr?: string;
  reason: string;
  message?: string;
  report?: string;
  by: string;
  at: string;
  until?: string;
  lifted?: string;
  exempt: number;
}

export interface Appeal {
  id: string;
  ban_id: string;
  ban?: Ban;
  user: string;
  at: string;
  text: string;
  status: 'open' | 'accepted' | 'refused';
  decided?: string;
  decided_by?: string;
  answer?: string;
}

export interface Chat {
  id: string;
  mode: string;
  started: string;
  ended?: string;
  reason?: string;
  tags: string[];
}

export interface Claim {
  by: string;
  until: string;
}

export interface Person {
  id: string;
  first?: string;
  last?: string;
  network: boolean;
  pool?: string;
  counts: { received: number; acted: number; dismissed: number; reporters: number; made: number; made_acted: number };
  open: Report[];
  decided: Report[];
  bans: Ban[];
  appeals: Appeal[];
  chats: Chat[];
  claim?: Claim;
}

export type Range = '' | 'narrow' | 'wide';

export interface Act {
  kind: 'dismiss' | 'warn' | 'ban';
  reports: string[];
  reason: string;
  message: string;
  note: string;
  days: number;
  device: boolean;
  range: Range;
}

export interface Outcome {
  ban?: string;
  undo: string;
}

export interface Member {
  id: string;
  name: string;
  role: Role;
  disabled: boolean;
  created: string;
  complete: boolean;
  ways: Ways;
}

export interface OneTime {
  id: string;
  password: string;
  until: string;
}

export interface Entry {
  seq: number;
  at: string;
  actor: string;
  action: string;
  target: string;
  detail: unknown;
  hash: string;
}

export interface Head {
  ok: boolean;
  seq: number;
  hash: string;
  fault?: string;
}
