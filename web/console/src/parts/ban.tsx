import { useName } from '../names';
import type { Ban } from '../types';
import { exact, number, reasonOf, short } from '../words';
import { Time } from './time';

/** How long a ban goes on, in words. */
export function standing(b: Ban): string {
  if (b.lifted) return 'lifted';
  if (!b.until) return 'for good';
  return Date.parse(b.until) < Date.now() ? 'over' : `until ${exact(b.until)}`;
}

export const holds = (b: Ban) => !b.lifted && (!b.until || Date.parse(b.until) > Date.now());

/** Whom a ban keeps out. */
export function whom(b: Ban): string {
  return [b.user && `device ${short(b.user)}`, b.cidr ? `network ${b.cidr}` : b.network && 'network', b.exempt > 0 && `${number(b.exempt)} let in all the same`].filter(Boolean).join(', ');
}

export function BanLine({ ban: b }: { ban: Ban }) {
  const name = useName();
  return <span>Banned for {reasonOf(b.reason).toLowerCase()}, {standing(b)} ({whom(b)}), by {name(b.by)}, <Time at={b.at} />{b.message && <>: <bdi dir="auto">{b.message}</bdi></>}</span>;
}
