// Words for what the API says in codes, and for times.

export const reasons: Record<string, string> = {
  minor: 'Somebody under age',
  nudity: 'Nudity without consent',
  threat: 'Threat',
  hate: 'Hate',
  spam: 'Spam',
  other: 'Other',
};

/** What the person is told when the moderator writes nothing else. */
export const messages: Record<string, string> = {
  minor: 'This service is for adults. You were banned because we believe that you are under age, or that you sought somebody who is.',
  nudity: 'You showed nudity or sexual content to somebody who had not agreed to it.',
  threat: 'You threatened somebody.',
  hate: 'You attacked somebody for who he or she is.',
  spam: 'You sent advertising or the same message to many people.',
  other: 'You broke the rules of this service.',
};

export const reasonOf = (code: string) => reasons[code] ?? code;

export const decisions: Record<string, string> = { dismiss: 'dismissed', warn: 'warned', ban: 'banned' };

const steps: [number, Intl.RelativeTimeFormatUnit][] = [[60, 'second'], [60, 'minute'], [24, 'hour'], [30, 'day'], [12, 'month'], [Infinity, 'year']];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

/** How long ago, or how far ahead: "2 hr. ago". */
export function ago(iso: string, now = Date.now()): string {
  let span = (Date.parse(iso) - now) / 1000;
  for (const [size, unit] of steps) {
    if (Math.abs(span) < size) return unit === 'second' ? (span > 0 ? 'in a moment' : 'just now') : relative.format(Math.trunc(span), unit);
    span /= size;
  }
  return iso;
}

export const exact = (iso: string) => new Date(iso).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export const short = (id: string) => (id.length > 12 ? `${id.slice(0, 10)}…` : id);

const plain = new Intl.NumberFormat('en');
const rules = new Intl.PluralRules('en');
const units = (unit: string, unitDisplay: 'short' | 'long' = 'short') => new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay, maximumFractionDigits: 0 });
const [bytes, kilobytes, seconds, minutes] = [units('byte', 'long'), units('kilobyte'), units('second'), units('minute')];

export const number = (n: number) => plain.format(n);

/** "1 report", "12 reports", "no reports": `many` where a word has another plural than by -s. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n === 0 ? 'no' : plain.format(n)} ${rules.select(n) === 'one' ? one : many}`;
}

export const size = (n: number) => (n < 1000 ? bytes.format(n) : kilobytes.format(n / 1000));

/** How long something took: "42 sec", "12 min". */
export const span = (s: number) => (s < 90 ? seconds.format(s) : minutes.format(s / 60));
