import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answeredWish, findId, judge, type Refusal } from '../src/refusal';
import type { ErrorCode, ErrorMessage } from '../src/protocol';

/** A refusal in short. */
function short({ input, error, offer, holdOffMs }: Refusal): string {
  const what = input && (input.on === 'refused' ? `again in ${input.afterMs}` : input.on);
  return [what, error && `says ${error.code}`, offer && 'offer', holdOffMs && `holds off ${holdOffMs}`].filter(Boolean).join(', ');
}

const table: [string, ErrorCode, Partial<ErrorMessage>, string, number?][] = [
  ['a token that ran out', 'token_expired', { fatal: true }, 'expired'],
  ['for the third time', 'token_invalid', { fatal: true }, 'fatal', 2],
  ['a reader that was too slow', 'slow_consumer', { fatal: true }, ''],
  ['too much', 'flooding', { fatal: true, retry_after_ms: 700 }, 'says flooding, holds off 700'],
  ['another tab', 'replaced', { fatal: true }, 'fatal'],
  ['an offer', 'sdp_invalid', { id: 'offer-1' }, 'offer'],
  ['a next before a find', 'wrong_state', { id: 'next' }, 'retry'],
  ['a wish', 'bad_request', { id: 'find-1' }, 'fatal'],
  ['a next that was dropped is said again', 'rate_limited', { id: 'next', retry_after_ms: 900 }, 'again in 900, says rate_limited'],
  ['a find that was dropped, too', 'rate_limited', { id: 'find-3', retry_after_ms: 1 }, 'again in 250, says rate_limited'],
  ['anything else that was dropped', 'rate_limited', {}, 'says rate_limited'],
  ['a drain while waiting', 'draining', {}, 'again in 1500, says draining'],
  ['a match that is over', 'no_match', { id: 'rekey-1' }, ''],
];

describe('judge', () => {
  for (const [name, code, more, verdict, renewals] of table) {
    it(name, () => assert.equal(short(judge({ type: 'error', code, message: 'm', ...more }, renewals ?? 0)), verdict));
  }
  it('knows which wish is answered', () => {
    assert.equal(answeredWish(findId(12)), 12);
    assert.equal(answeredWish('next'), undefined);
    assert.equal(answeredWish(undefined), undefined);
  });
});
