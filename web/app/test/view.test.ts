import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Match } from '@passerby/client';
import { coverOf } from '../src/parts/cover';
import { initialView, reduce, type Action, type View } from '../src/view';

const match = (id: string): Match => ({ id, mode: 'video', initiator: true, tags: [], at: 1 });
const begin: Action = { type: 'begin', wish: { mode: 'video' }, step: 'server' };
const matched = (id: string): Action[] => [{ type: 'state', state: 'matched' }, { type: 'matched', match: match(id), greeting: 'hello' }];
const play = (...actions: Action[]): View => actions.reduce(reduce, initialView());

test('what is shown, step by step', () => {
  const story: [Action[], ReturnType<typeof coverOf>][] = [
    [[begin], 'connecting'],
    [[{ type: 'state', state: 'waiting' }], 'waiting'],
    [matched('m1'), 'first-frame'],
    [[{ type: 'firstframe' }], null],
    [[{ type: 'partner', partner: { state: 'online', audio: true, video: false } }], 'camera-off'],
    [[{ type: 'partner', partner: { state: 'reconnecting', audio: true, video: true } }], 'partner-away'],
    [[{ type: 'partner', partner: { state: 'online', audio: true, video: true } }, { type: 'state', state: 'reconnecting' }], 'reconnecting'],
    [[{ type: 'state', state: 'matched' }], null],
    [[{ type: 'next' }, { type: 'state', state: 'waiting' }], 'waiting'],
    [matched('m2'), 'first-frame'],
    [[{ type: 'state', state: 'ended' }, { type: 'ended', match: match('m2'), reason: 'left', farewell: 'bye' }], 'ended'],
  ];
  let view = initialView();
  for (const [actions, cover] of story) {
    view = actions.reduce(reduce, view);
    assert.equal(coverOf(view), cover, JSON.stringify(actions));
  }
});

test('Next hides the stranger at once and keeps him within reach of a report', () => {
  const view = play(begin, ...matched('m1'), { type: 'firstframe' }, { type: 'next' });
  assert.equal(view.match, null);
  assert.equal(view.shown, false);
  assert.equal(view.last?.id, 'm1');
});

test('no state but matched and reconnecting keeps a match', () => {
  for (const state of ['idle', 'connecting', 'waiting', 'ended', 'error'] as const) {
    assert.equal(play(begin, ...matched('m1'), { type: 'state', state }).match, null, state);
  }
  assert.equal(play(begin, ...matched('m1'), { type: 'state', state: 'reconnecting' }).match?.id, 'm1');
});

test('messages are shown once, and a new match begins with a clean page', () => {
  const hello = { id: '1', from: 'me', text: 'hi', at: 2 } as const;
  const view = play(begin, ...matched('m1'),
    { type: 'message', message: { ...hello, state: 'sending' } },
    { type: 'message', message: { ...hello, id: '1', from: 'partner' } },
    { type: 'message', message: { ...hello, state: 'delivered' } });
  assert.deepEqual(view.lines.map((line) => line.from), ['system', 'me', 'partner']);
  assert.equal(view.lines[1]!.from === 'me' && view.lines[1]!.state, 'delivered');
  assert.equal(reduce(view, matched('m1')[1]!).lines.length, 3, 'the same match again, with new keys');
  assert.equal(reduce(view, matched('m2')[1]!).lines.length, 1);
});

test('after a reload it says so until it is known what became of the conversation', () => {
  const view = play({ type: 'resuming', wish: { mode: 'video' } }, { type: 'state', state: 'connecting' });
  assert.equal(coverOf(view), 'resuming');
  assert.equal(coverOf(matched('m1').reduce(reduce, view)), 'first-frame');
  assert.equal(coverOf(reduce(view, { type: 'state', state: 'waiting' })), 'waiting');
});

test('what stops everything lets go of the match', () => {
  const view = play(begin, ...matched('m1'), { type: 'trouble', trouble: { code: 'replaced' } });
  assert.equal(view.match, null);
  assert.equal(view.trouble?.code, 'replaced');
  assert.equal(reduce(view, begin).trouble, null);
});
