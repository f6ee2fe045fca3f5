// Asks the console's API. Every failure is a Failure with a code and a sentence.
import type { Account, Act, Appeal, Ban, Case, Claim, Entry, Figures, Head, Me, Member, OneTime, Outcome, Person, Role, Step } from './types';

export class Failure extends Error {
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

let signedOut = () => {};

/** Says what happens when the server knows this browser no more. */
export function onSignedOut(then: () => void): void {
  signedOut = then;
}

async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  try {
    const init: RequestInit = { method, credentials: 'same-origin', cache: 'no-store', redirect: 'error' };
    if (body !== undefined) Object.assign(init, { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    response = await fetch(`/moderate/api${path}`, init);
  } catch {
    throw new Failure('offline', 'The server does not answer. Check the connection and try again.');
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer as T;
  const error = answer?.error ?? { code: 'internal', message: `The server answers with ${response.status}.` };
  if (error.code === 'signed_out' || error.code === 'setup_required') signedOut();
  throw new Failure(error.code, error.message);
}

const get = <T>(path: string) => ask<T>('GET', path);
const post = <T>(path: string, body: unknown = {}) => ask<T>('POST', path, body);
const id = encodeURIComponent;

const older = (before?: string) => (before ? `&before=${id(before)}` : '');

export const api = {
  session: () => get<Me>('/session'),
  password: (name: string, password: string) => post<Step>('/sign-in/password', { name, password }),
  code: (ticket: string, code: string) => post<Step>('/sign-in/code', { ticket, code }),
  askPasskey: () => post<{ options: unknown; ticket: string }>('/sign-in/passkey'),
  passkey: (ticket: string, credential: unknown) => post<Step>('/sign-in/passkey/finish', { ticket, credential }),
  askOIDC: () => post<{ url: string }>('/sign-in/oidc'),
  signOut: () => post('/sign-out'),

  account: () => get<Account>('/account'),
  setPassword: (old: string, password: string) => post<Step>('/account/password', { old, password }),
  offerCode: () => post<{ secret: string; url: string; qr: string; ticket: string }>('/account/code'),
  setCode: (ticket: string, code: string) => post<Step>('/account/code/finish', { ticket, code }),
  offerPasskey: () => post<{ options: unknown; ticket: string }>('/account/passkey'),
  setPasskey: (ticket: string, label: string, credential: unknown) => post<Step>('/account/passkey/finish', { ticket, label, credential }),
  removePasskey: (key: string) => ask<Step>('DELETE', `/account/passkey/${id(key)}`),

  figures: () => get<Figures>('/figures'),
  colleagues: () => get<{ names: Record<string, string> }>('/colleagues'),
  queue: () => get<{ cases: Case[]; more: boolean }>('/queue'),
  person: (person: string) => get<Person>(`/people/${id(person)}`),
  claim: (person: string) => post<Claim>(`/people/${id(person)}/claim`),
  release: (person: string) => ask('DELETE', `/people/${id(person)}/claim`),
  decide: (person: string, act: Act) => post<Outcome>(`/people/${id(person)}/decide`, act),
  undo: (undo: string) => post('/undo', { undo }),
  evidence: (report: string, piece: string) => `/moderate/api/reports/${id(report)}/evidence/${id(piece)}`,

  bans: (active: boolean, before?: string) => get<{ bans: Ban[] }>(`/bans?active=${active ? 1 : 0}${older(before)}`),
  lift: (ban: string, note: string) => post(`/bans/${id(ban)}/lift`, { note }),
  appeals: (status: string, before?: string) => get<{ appeals: Appeal[] }>(`/appeals?status=${status}${older(before)}`),
  answer: (appeal: string, accept: boolean, lift: boolean, answer: string) => post<Appeal>(`/appeals/${id(appeal)}/answer`, { accept, lift, answer }),

  audit: (before?: number) => get<{ entries: Entry[] }>(`/audit${before ? `?before=${before}` : ''}`),
  verify: (seq = 0, hash = '') => post<Head>('/audit/verify', { seq, hash }),
  moderators: () => get<{ moderators: Member[] }>('/moderators'),
  addModerator: (name: string, role: Role) => post<OneTime>('/moderators', { name, role }),
  changeModerator: (member: string, role: Role, disabled: boolean) => post(`/moderators/${id(member)}`, { role, disabled }),
  resetModerator: (member: string) => post<OneTime>(`/moderators/${id(member)}/reset`),
};
