import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Match } from '@passerby/client';
import { coverOf } from '../src/parts/cover';
import { canNext, initialView, meantBy, reduce, type Action, type Ended, type View } from '../src/view';

const match = (id: string): Match => ({ id, mode: 'video', initiator: true, tags: [], at: 1 });
const begin: Action = { type: 'begin', wish: { mode: 'video' }, step: 'server' };
const matched = (id: string): Action[] => [{ type: 'state', state: 'matched' }, { type: 'matched', match: match(id), greeting: 'hello', messages: [] }];
const play = (...actions: Action[]): View => actions.reduce(reduce, initialView());

test('what is shown, step by step', () => {
  const story: [Action[], ReturnType<typeof coverOf>][] = [
    [[begin], 'connecting'],
    [[{ type: 'state', state: 'waiting' }], 'waiting'],
    [matched('m1'), 'first-frame'],
    [[{ type: 'firstframe' }], null],
    [[{ type: 'partner', partner: { state: 'online', audio: true, video: false, screen: false, paused: false } }], 'camera-off'],
    [[{ type: 'partner', partner: { state: 'reconnecting', audio: true, video: true, screen: false, paused: false } }], 'partner-away'],
    [[{ type: 'partner', partner: { state: 'online', audio: true, video: true, screen: false, paused: false } }, { type: 'state', state: 'reconnecting' }], 'reconnecting'],
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
  assert.equal(view.last, null, 'a report from here would not be taken');
  assert.equal(play(begin, ...matched('m1'), { type: 'trouble', trouble: { code: 'flooding' } }).last?.id, 'm1');
  assert.equal(reduce(view, begin).trouble, null);
});

test('a press on Block in the first moment of a match means the one before', () => {
  const meant = (view: View) => { const m = meantBy(view); return m && [m.match.id, m.last]; };
  assert.equal(meant(play(begin)), null);
  let view = play(begin, ...matched('m1'));
  assert.deepEqual(meant(view), ['m1', false], 'nobody was there before');
  view = play(begin, ...matched('m1'), { type: 'settled', match: match('m1') }, { type: 'state', state: 'ended' });
  assert.deepEqual(meant(view), ['m1', true]);
  view = matched('m2').reduce(reduce, view);
  assert.deepEqual(meant(view), ['m1', true], 'the finger was on its way');
  assert.deepEqual(meant(reduce(view, { type: 'settled', match: match('m1') })), ['m1', true], 'a late word about another match');
  view = reduce(view, { type: 'settled', match: match('m2') });
  assert.deepEqual(meant(view), ['m2', false]);
  assert.deepEqual(meant(reduce(view, matched('m2')[1]!)), ['m2', false], 'the same match with new keys is not a new one');
});

test('Next counts in a match, after one, and while a match is being mended', () => {
  const away: Action = { type: 'state', state: 'reconnecting' };
  const story: [Action[], boolean][] = [
    [[begin], false],
    [[{ type: 'state', state: 'waiting' }], false],
    [[away], false],
    [matched('m1'), true],
    [[away], true],
    [[{ type: 'next' }], false],
    [[{ type: 'state', state: 'waiting' }, ...matched('m2')], true],
    [[{ type: 'state', state: 'ended' }, { type: 'ended', match: match('m2'), reason: 'left', farewell: 'bye' }], true],
    [[away], true],
  ];
  let view = initialView();
  for (const [actions, can] of story) {
    view = actions.reduce(reduce, view);
    assert.equal(canNext(view), can, JSON.stringify(actions));
  }
});

test('the wish is widened in place', () => {
  const view = play({ type: 'begin', wish: { mode: 'video', tags: ['chess'] }, step: 'server' }, { type: 'state', state: 'waiting' });
  const wider = reduce(view, { type: 'wish', wish: { mode: 'video', widen: true } });
  assert.deepEqual(wider.wish, { mode: 'video', widen: true });
  assert.deepEqual(wider.waiting, { since: view.waiting!.since, widened: true });
});

test('what ended the conversation is told in the right words', () => {
  const over = (reason: Ended): Action[] => [...matched('m1'), { type: 'state', state: 'waiting' }, { type: 'ended', match: match('m1'), reason, farewell: 'bye' }];
  const own = play(begin, ...over('own_block'), { type: 'waiting', at: 2 });
  assert.deepEqual([own.ended, coverOf(own)], ['own_block', 'waiting']);

  let view = play(begin, ...over('drain'));
  assert.equal(coverOf(view), 'restarting');
  for (const state of ['reconnecting', 'connecting', 'waiting'] as const) {
    view = reduce(view, { type: 'state', state });
    assert.equal(coverOf(view), 'restarting', state);
  }
  assert.equal(coverOf(reduce(view, { type: 'next' })), 'restarting', 'a press changes nothing about it');
  view = reduce(view, { type: 'waiting', at: 3 });
  assert.deepEqual([view.ended, coverOf(view)], [null, 'waiting'], 'the server is back, and nobody left');

  view = play(begin, { type: 'state', state: 'waiting' }, { type: 'restarting' });
  assert.equal(coverOf(view), 'restarting', 'whoever waits is told, too');
});

test('a place in line is kept only for who waits', () => {
  const away: Action = { type: 'state', state: 'reconnecting' };
  const waits = play(begin, { type: 'state', state: 'waiting' }, away);
  assert.equal(waits.inLine, true);
  assert.equal(reduce(waits, away).inLine, true);
  assert.equal(reduce(waits, { type: 'state', state: 'waiting' }).inLine, false);
  assert.equal(play(begin, ...matched('m1'), { type: 'state', state: 'ended' }, away).inLine, false);
});

test('the quality of a match ends with it', () => {
  const view = play(begin, ...matched('m1'), { type: 'quality', level: 'poor' });
  assert.equal(view.quality, 'poor');
  assert.equal(reduce(view, { type: 'next' }).quality, 'unknown');
});

test('a conversation that moved here brings its words', () => {
  const said = { id: '1', from: 'partner', text: 'hi', at: 2, state: 'delivered' } as const;
  const view = play(begin, { type: 'state', state: 'matched' }, { type: 'matched', match: match('m1'), greeting: 'hello', messages: [said] });
  assert.deepEqual(view.lines.map((line) => [line.from, line.text]), [['system', 'hello'], ['partner', 'hi']]);
});
