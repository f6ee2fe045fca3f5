import { ago, exact } from '../words';

/** A time as people say it, and exactly for who points at it. */
export function Time({ at }: { at: string }) {
  return <time dateTime={at} title={exact(at)}>{ago(at)}</time>;
}
