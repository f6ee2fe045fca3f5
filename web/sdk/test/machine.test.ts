import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PasserbyError } from '../src/errors';
import { initial, step, type Effect, type Input, type Model } from '../src/machine';
import type { Matched } from '../src/protocol';
import { seeded } from './bytes';

const matched = (match: string, resumed = false): Matched => ({
  type: 'matched', match, mode: 'video', initiator: true, peer: { key: 'k', tags: [] }, key_id: '0123456789ab', at: 1, resumed,
});
const met = (match: string): Input => ({ on: 'matched', matched: matched(match) });
const crossed: Input = { on: 'matched', matched: matched('A'), unwanted: true };
const waiting: Input = { on: 'waiting', place: { since: 1 }, wish: 1 };
const fatal: Input = { on: 'fatal', error: new PasserbyError('replaced', { fatal: true }) };
const start: Input = { on: 'start' };
const up: Input = { on: 'up' };
const down: Input = { on: 'down' };
const stop: Input = { on: 'stop' };
const next: Input = { on: 'next' };
const wish: Input = { on: 'wish' };
const answered = (n: number): Input => ({ on: 'waiting', place: { since: 1 }, wish: n });
const synced: Input = { on: 'synced' };
const welcome = (resumed: boolean, media = true): Input => ({ on: 'welcome', resumed, media });
const ended = (match: string, reason: 'next' | 'left' | 'moderated' | 'drain' = 'next'): Input => ({ on: 'ended', match, reason });

/** Effects in short: name, and what tells it apart. */
function short(effect: Effect): string {
  switch (effect.do) {
    case 'open':
      return effect.fresh ? 'open fresh' : 'open';
    case 'hello':
      return `hello${effect.resume ? ' resume' : ''}${effect.beside ? ' beside' : ''}`;
    case 'begin':
      return `begin ${effect.matched.match}${effect.again ? ' again' : ''}`;
    case 'tellEnded':
      return `ended ${effect.matched.match} ${effect.reason}`;
    case 'next':
      return `next${effect.after && ` after ${effect.after}`}`;
    case 'find':
      return `find${effect.wish > 1 ? ` wish ${effect.wish}` : ''}${effect.after && ` after ${effect.after}`}${effect.same ? ' same key' : ''}`;
    case 'retryLater':
      return `retry in ${effect.afterMs}`;
    case 'tellWaiting':
      return 'waiting';
    case 'tellError':
      return `error ${effect.error.code}`;
    default:
      return effect.do;
  }
}

function play(inputs: Input[], autoNext = true): { model: Model; last: string } {
  let model = initial(autoNext);
  let last = '';
  for (const input of inputs) {
    const result = step(model, input);
    model = result.model;
    last = result.effects.map(short).join(', ');
  }
  return { model, last };
}

const inMatch = [start, up, welcome(false), waiting, met('A')];
const moved: Input = { on: 'moved' };
const beside: Input = { on: 'beside' };
const off = { autoNext: false };

/** What was done before, what happens now → effects and state. */
const table: [string, Input[], Input, string, Model['state'], { autoNext: boolean }?][] = [
  ['start opens session and socket', [], start, 'open', 'connecting'],
  ['hello, offer and find go out together', [start], up, 'hello, offer, find', 'connecting'],
  ['waiting', [start, up, welcome(false)], waiting, 'waiting', 'waiting'],
  ['matched at once', [start, up, welcome(false)], met('A'), 'begin A', 'matched'],
  ['matched after a wait', [start, up, waiting], met('A'), 'begin A', 'matched'],
  ['a second start does nothing', [start, up, waiting], start, '', 'waiting'],
  ['Next clears first', inMatch, next, 'clear, next after A', 'waiting'],
  ['Next while waiting does nothing', [...inMatch, next], next, '', 'waiting'],
  ['another wish while waiting', [start, up, waiting], wish, 'find wish 2 same key', 'waiting'],
  ['another wish between matches', [...inMatch, next], wish, 'find wish 2 after A same key', 'waiting'],
  ['another wish while the first is under way', [start, up], wish, 'find wish 2 same key', 'connecting'],
  ['another wish in a match waits for the next search', inMatch, wish, '', 'matched'],
  ['and goes out with it', [...inMatch, wish], next, 'clear, find wish 2 after A', 'waiting'],
  ['once', [...inMatch, wish, next, answered(2), met('B')], next, 'clear, next after B', 'waiting'],
  ['the answer to an older wish does not count', [start, up, wish, wish, answered(2), met('A')], next, 'clear, find wish 3 after A', 'waiting'],
  ['another wish is crossed by a match', [start, up, waiting, wish], met('A'), 'begin A', 'matched'],
  ['and the match is told again', [start, up, waiting, wish, met('A')], { on: 'matched', matched: matched('A', true), wish: 2 }, 'begin A again', 'matched'],
  ['a match that crosses a wish for the other mode is left', [start, up, waiting, wish], crossed, 'find wish 2 after A', 'waiting'],
  ['and not entered again', [start, up, waiting, wish, crossed], met('A'), '', 'waiting'],
  ['also on taking over', [{ on: 'resume' }, up, welcome(true)], crossed, 'find after A', 'waiting'],
  ['a match that runs is not left for a wish', [...inMatch, down, up, welcome(true)], crossed, 'begin A again', 'matched'],
  ['another wish while away', [start, up, waiting, down], wish, '', 'reconnecting'],
  ['is said when the snapshot is over', [start, up, waiting, down, wish, up, welcome(true), { on: 'waiting', place: { since: 1 } }], synced, 'find wish 2 same key', 'waiting'],
  ['a wish that was lost with the socket, too', [start, up, waiting, wish, down, up, welcome(true), { on: 'waiting', place: { since: 1 } }], synced, 'find wish 2 same key', 'waiting'],
  ['one that was heard is not said again', [start, up, waiting, wish, answered(2), down, up, welcome(true), { on: 'waiting', place: { since: 1 } }], synced, '', 'waiting'],
  ['Next before there is anything', [start], next, '', 'connecting'],
  ['the partner leaves', inMatch, ended('A'), 'clear, ended A next, next after A', 'waiting'],
  ['the partner leaves, autoNext off', inMatch, ended('A', 'left'), 'clear, ended A left', 'ended', off],
  ['Next after the end', [...inMatch, ended('A')], next, 'next after A', 'waiting', off],
  ['moderated: no search by itself', inMatch, ended('A', 'moderated'), 'clear, ended A moderated', 'ended'],
  ['drained: ask again in a while, whatever autoNext says', inMatch, ended('A', 'drain'), 'clear, ended A drain, retry in 2000', 'waiting', off],
  ['drained: then find', [...inMatch, ended('A', 'drain')], { on: 'retry' }, 'find after A', 'waiting', off],
  ['the end of another match is old news', inMatch, ended('B'), '', 'matched'],
  ['matched again under new keys', inMatch, met('A'), 'begin A again', 'matched'],
  ['a match that was left is not entered again', [...inMatch, next], met('A'), '', 'waiting'],
  ['another match without an end of the first', inMatch, met('B'), 'clear, ended A lost, begin B', 'matched'],
  ['a match that nobody wants any more', [...inMatch, ended('A')], met('B'), 'leave', 'ended', off],
  ['stop', inMatch, stop, 'clear, goodbye, close', 'idle'],
  ['late news after stop', [...inMatch, stop], met('B'), '', 'idle'],
  ['fatal', inMatch, fatal, 'clear, close, error replaced', 'error'],
  ['late news after an error', [...inMatch, fatal], waiting, '', 'error'],
  ['start after an error', [...inMatch, fatal], start, 'open', 'connecting'],
  ['keys that do not fit', inMatch, { on: 'distrust' }, 'clear, leave', 'ended'],

  ['lost while connecting', [start, up], down, '', 'connecting'],
  ['and up again: from the beginning', [start, up, down], up, 'hello, offer, find', 'connecting'],
  ['lost in a match', inMatch, down, '', 'reconnecting'],
  ['up again: take over', [...inMatch, down], up, 'hello resume, sync', 'reconnecting'],
  ['taken over: look after media', [...inMatch, down, up], welcome(true), 'mend', 'reconnecting'],
  ['on another node: new media', [...inMatch, down, up], welcome(true, false), 'offer', 'reconnecting'],
  ['the match goes on', [...inMatch, down, up, welcome(true)], met('A'), 'begin A again', 'matched'],
  ['the match has ended meanwhile', [...inMatch, down, up, welcome(true)], ended('A'), 'clear, ended A next, next after A', 'waiting'],
  ['the server only waits', [...inMatch, down, up, welcome(true)], waiting, 'clear, ended A lost, waiting', 'waiting'],
  ['the server says nothing: idle there', [...inMatch, down, up, welcome(true)], synced, 'clear, ended A lost, find after A', 'connecting'],
  ['the end of the snapshot changes nothing', [...inMatch, down, up, welcome(true), met('A')], synced, '', 'matched'],
  ['server restarted in a match', [...inMatch, down, up], welcome(false), 'clear, ended A lost, offer, find after A', 'connecting'],
  ['server restarted in a match, autoNext off', [...inMatch, down, up], welcome(false), 'clear, ended A lost, offer', 'ended', off],
  ['server restarted while waiting', [start, up, waiting, down, up], welcome(false), 'offer, find', 'connecting', off],
  ['server restarted after an end', [...inMatch, ended('A'), down, up], welcome(false), 'offer', 'ended', off],
  ['token no longer valid', [...inMatch, down, up], { on: 'expired' }, 'clear, ended A lost, open fresh', 'connecting'],
  ['Next while away: clears at once', [...inMatch, down], next, 'clear', 'reconnecting'],
  ['and says it when the server still names the match', [...inMatch, down, next, up, welcome(true)], met('A'), 'next after A', 'waiting'],
  ['or finds when the server knows nothing', [...inMatch, down, next, up, welcome(true)], synced, 'find after A', 'connecting'],
  ['a Next that was lost with the socket is said again', [...inMatch, next, down, up, welcome(true)], met('A'), 'next after A', 'waiting'],
  ['a new match after a reconnect', [...inMatch, next, down, up, welcome(true)], met('B'), 'begin B', 'matched'],

  ['resume', [], { on: 'resume' }, 'open', 'connecting'],
  ['resume: take over', [{ on: 'resume' }], up, 'hello resume, sync', 'connecting'],
  ['resume: taken over', [{ on: 'resume' }, up], welcome(true), 'offer', 'connecting'],
  ['resume: back in the match', [{ on: 'resume' }, up, welcome(true)], met('A'), 'begin A', 'matched'],
  ['resume: back in the queue', [{ on: 'resume' }, up, welcome(true)], waiting, 'waiting', 'waiting'],
  ['resume: ended meanwhile', [{ on: 'resume' }, up, welcome(true)], ended('A'), 'find', 'waiting'],
  ['resume: nothing there', [{ on: 'resume' }, up, welcome(true)], synced, 'close', 'idle'],
  ['resume: unknown to the server', [{ on: 'resume' }, up], welcome(false), 'close', 'idle'],
  ['resume: token no longer valid', [{ on: 'resume' }, up], { on: 'expired' }, 'close', 'idle'],
  ['resume: the end of the snapshot', [{ on: 'resume' }, up, welcome(true), met('A')], synced, '', 'matched'],

  ['refused for now', [start, up, waiting], { on: 'refused', afterMs: 9 }, 'retry in 9', 'waiting'],
  ['ask again', [start, up, welcome(false), { on: 'refused', afterMs: 9 }], { on: 'retry' }, 'find', 'connecting'],
  ['not when matched by then', inMatch, { on: 'retry' }, '', 'matched'],
  ['the server stops: another connection is opened', inMatch, moved, 'beside', 'matched'],
  ['and takes over, and nothing is seen of it', [...inMatch, moved], beside, 'hello resume beside, sync', 'matched'],
  ['the media follows', [...inMatch, moved, beside], welcome(true, false), 'move', 'matched'],
  ['… or is here', [...inMatch, moved, beside], welcome(true), 'mend', 'matched'],
  ['the match goes on', [...inMatch, moved, beside, welcome(true, false)], met('A'), 'begin A again', 'matched'],
  ['and that was the snapshot', [...inMatch, moved, beside, welcome(true, false), met('A')], synced, '', 'matched'],
  ['it ended meanwhile', [...inMatch, moved, beside, welcome(true, false)], ended('A'), 'clear, ended A next, next after A', 'waiting'],
  ['nothing is known of it there', [...inMatch, moved, beside, welcome(true, false)], synced, 'clear, ended A lost, find after A', 'connecting'],
  ['a place in line goes along', [start, up, welcome(false), waiting, moved, beside, welcome(true, false), waiting], synced, '', 'waiting'],
  ['a search goes along that was not answered', [start, up, welcome(false), moved, beside, welcome(true, false)], synced, 'find', 'connecting'],
  ['who wants nobody goes along', [...inMatch, ended('A'), moved, beside, welcome(true, false)], synced, '', 'ended', off],
  ['another wish on the way', [start, up, welcome(false), waiting, moved, beside, wish, welcome(true, false), waiting], synced, 'find wish 2 same key', 'waiting'],
  ['Next on the way', [...inMatch, moved, beside], next, 'clear', 'reconnecting'],
  ['is said there', [...inMatch, moved, beside, next, welcome(true, false)], met('A'), 'next after A', 'waiting'],
  ['and once', [...inMatch, moved, beside, next, welcome(true, false), met('A')], synced, '', 'waiting'],
  ['the other node knows nothing', [...inMatch, moved, beside], welcome(false, false), 'clear, ended A lost, offer, find after A', 'connecting'],
  ['the other connection breaks before it took over', [...inMatch, moved, beside], down, '', 'reconnecting'],
  ['and all is as after any break', [...inMatch, moved, beside, down, up], welcome(true, false), 'offer', 'reconnecting'],
  ['not when nobody wants', [...inMatch, ended('A')], { on: 'retry' }, '', 'ended', off],
];

describe('machine', () => {
  for (const [name, before, input, effects, state, options] of table) {
    it(name, () => {
      const { model, last } = play([...before, input], options?.autoNext ?? true);
      assert.equal(last, effects);
      assert.equal(model.state, state);
    });
  }
});

describe('random histories', () => {
  const inputs: (random: () => number) => Input = (random) => {
    const id = 'ABCD'[Math.floor(random() * 4)]!;
    const all: Input[] = [
      start, { on: 'resume' }, next, next, wish, stop, up, up, down, { on: 'expired' }, welcome(true), welcome(false), synced, waiting,
      met(id), met(id), met(id), ended(id), ended(id, 'moderated'), { on: 'refused', afterMs: 1 }, { on: 'retry' }, { on: 'distrust' }, fatal, moved, beside, welcome(true, false),
    ];
    return all[Math.floor(random() * all.length)]!;
  };
  for (let seed = 1; seed <= 40; seed++) {
    it(`keep the rules (seed ${seed})`, () => {
      const random = seeded(seed);
      let model = initial(random() < 0.5);
      for (let i = 0; i < 2000; i++) {
        const input = inputs(random);
        const before = model;
        const result = step(model, input);
        const names = result.effects.map((e) => e.do);
        model = result.model;
        const told = `${before.state} ${input.on} → ${model.state}: ${names.join()}`;
        // Keys of a match never outlive it, and go before anything else is done or said.
        if (before.match && before.match.match !== model.match?.match) assert.equal(names[0], 'clear', told);
        // A search says after which match it comes: the last one that the server told of.
        for (const e of result.effects) if (e.do === 'find' || e.do === 'next') assert.equal(e.after, model.newest, told);
        if (names.includes('clear')) assert.equal(names.indexOf('clear'), 0, told);
        assert.equal(model.match !== null, model.state === 'matched' || (model.state === 'reconnecting' && model.match !== null), told);
        if (model.state === 'matched') assert.ok(model.match, told);
        // A match that was left is never begun again.
        for (const e of result.effects) if (e.do === 'begin') assert.ok(!model.left.includes(e.matched.match), told);
        if (model.state === 'idle' || model.state === 'error') assert.equal(model.wanting, false, told);
        assert.ok(model.left.length <= 8);
      }
    });
  }
});
