/**
 * Runs the machine: one input after the other, also when an effect or a listener calls back in. An effect that throws
 * is a bug; it must not leave a page that hears no press any more, so it ends in the state `error`.
 */
import { PasserbyError } from './errors';
import { step, type Effect, type Input, type Model } from './machine';
import type { State } from './types';

export interface Acts {
  /** Forgets keys and match: before anybody is told anything. */
  clear(): void;
  state(state: State, previous: State): void;
  do(effect: Exclude<Effect, { do: 'clear' }>): void;
}

export class Runner {
  #inputs: Input[] | null = null;

  constructor(
    public model: Model,
    private readonly acts: Acts,
  ) {}

  run(input: Input): void {
    if (this.#inputs) {
      this.#inputs.push(input);
      return;
    }
    this.#inputs = [input];
    for (let next; (next = this.#inputs.shift()); ) this.#step(next);
    this.#inputs = null;
  }

  #step(input: Input): void {
    const previous = this.model.state;
    const { model, effects } = step(this.model, input);
    this.model = model;
    try {
      if (effects.some((effect) => effect.do === 'clear')) this.acts.clear();
      if (model.state !== previous) this.acts.state(model.state, previous);
      for (const effect of effects) if (effect.do !== 'clear') this.acts.do(effect);
    } catch (cause) {
      if (input.on !== 'fatal') this.run({ on: 'fatal', error: new PasserbyError('unknown', { cause, fatal: true }) });
    }
  }
}
