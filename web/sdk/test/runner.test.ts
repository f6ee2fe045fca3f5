import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { initial, type Effect } from '../src/machine';
import { Runner } from '../src/runner';
import type { State } from '../src/types';

describe('Runner', () => {
  /** What was done and told, in order; `act` may do more. */
  function runner(act: (effect: Effect, run: Runner) => void = () => {}) {
    const log: string[] = [];
    const run: Runner = new Runner(initial(true), {
      clear: () => log.push('clear'),
      state: (state: State) => log.push(`is ${state}`),
      do: (effect) => {
        log.push(effect.do === 'tellError' ? `error ${effect.error.code}` : effect.do);
        act(effect, run);
      },
    });
    return { run, log };
  }

  it('forgets keys before it tells anybody', () => {
    const { run, log } = runner();
    run.run({ on: 'start' });
    run.run({ on: 'stop' });
    assert.deepEqual(log, ['is connecting', 'open', 'clear', 'is idle', 'goodbye', 'close']);
  });
  it('finishes one input before the next', () => {
    const { run, log } = runner((effect, run) => effect.do === 'hello' && run.run({ on: 'down' }));
    run.run({ on: 'start' });
    run.run({ on: 'up' });
    assert.deepEqual(log.slice(2), ['hello', 'offer', 'find']);
  });
  it('an effect that throws ends in an error, and presses are heard again', () => {
    let broken = true;
    const { run, log } = runner((effect) => {
      if (broken && effect.do === 'offer') throw new TypeError('a bug');
    });
    run.run({ on: 'start' });
    run.run({ on: 'up' });
    assert.equal(run.model.state, 'error');
    assert.deepEqual(log.slice(2), ['hello', 'offer', 'clear', 'is error', 'close', 'error unknown']);
    broken = false;
    run.run({ on: 'start' });
    assert.equal(run.model.state, 'connecting');
  });
});
