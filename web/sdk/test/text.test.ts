import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TextFlow, type Proof, type SavedText } from '../src/text';
import type { Message } from '../src/types';
import { seeded } from './bytes';

/** A clock with timers that moves only when told. */
class Clock {
  now = 0;
  #timers: { at: number; fn: () => void }[] = [];

  after = (ms: number, fn: () => void) => {
    const timer = { at: this.now + ms, fn };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((t) => t !== timer));
  };

  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; ; ) {
      await settle();
      const next = this.#timers.sort((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) {
        this.now = end;
        return;
      }
      this.#timers.shift();
      this.now = Math.max(this.now, next.at);
      next.fn();
    }
  }
}

const own = (id: string, text: string): Message => ({ id, from: 'me', text, at: 0, state: 'sending' });

const settle = () => new Promise((resolve) => setImmediate(resolve));

type Wire = { type: 'text'; n: number; body: string } | { type: 'ack'; n: number };

/** The two keys of a match: who has other ones cannot open. */
interface Keys {
  version: number;
}

/** One person: pages come and go (`reload`), what was shown and what is stored stays. */
class Person {
  shown: string[] = [];
  proofs: Proof[] = [];
  updates: Message[] = [];
  stored: SavedText | undefined;
  /** The server's memory of this side. */
  sent = 0;
  acked = 0;
  flow!: TextFlow;
  sealed = 0;

  constructor(
    readonly name: string,
    private readonly clock: Clock,
    private readonly keys: Keys,
    private readonly transmit: (message: Wire) => void,
  ) {
    this.open();
  }

  open(): void {
    let alive = true;
    this.flow?.close();
    const page = (this.page = { close: () => (alive = false) });
    const mine = { version: this.keys.version };
    this.flow = new TextFlow(
      {
        seal: async (n, content) => {
          this.sealed++;
          await null;
          return JSON.stringify({ ...content, n, key: mine.version });
        },
        open: async (n, body) => {
          await null;
          const { kind, text, n: inside, key } = JSON.parse(body);
          if (key !== mine.version || inside !== n) throw new Error('does not open');
          return { kind, text, kf: 'kf', commitment: 'c' };
        },
        send: (message) => {
          if (!alive) return;
          if (message.type === 'text') this.sent = Math.max(this.sent, message.n);
          else this.acked = Math.max(this.acked, message.n);
          this.transmit(message);
        },
        deliver: (message, proof) => {
          if (!alive) return;
          this.shown.push(message.text);
          this.proofs.push(proof);
        },
        update: (message) => void (alive && this.updates.push({ ...message })),
        clear: () => false,
        save: (saved) => void (alive && (this.stored = structuredClone(saved))),
        now: () => this.clock.now,
        after: this.clock.after,
      },
      this.stored && structuredClone(this.stored),
    );
    this.mine = mine;
    void page;
  }

  page!: { close(): void };
  mine!: Keys;

  /** The page goes without a word, and comes back with new keys. */
  reload(): void {
    this.page.close();
    this.open();
  }

  rekey(): void {
    this.mine.version = this.keys.version;
    this.flow.rekey(this.sent, this.acked);
  }

  receive(message: Wire): void {
    if (message.type === 'ack') this.flow.receiveAck(message.n);
    else this.flow.receiveText(message.n, message.body, this.clock.now, 'tag');
  }
}

/** Two people and what lies between them: `fate` decides for each message when it arrives, how often, or never. */
function meet(fate: (message: Wire, from: string) => number[] = () => [5]) {
  const clock = new Clock();
  const keys: Keys = { version: 1 };
  const people: Record<string, Person> = {};
  const transmit = (from: string, to: string) => (message: Wire) => {
    for (const delay of fate(message, from)) clock.after(delay, () => people[to]!.receive(message));
  };
  people['a'] = new Person('a', clock, keys, transmit('a', 'b'));
  people['b'] = new Person('b', clock, keys, transmit('b', 'a'));
  const [a, b] = [people['a'], people['b']];
  const rekey = () => {
    keys.version++;
    a.rekey();
    b.rekey();
  };
  a.rekey();
  b.rekey();
  return { clock, a, b, rekey };
}

const numbers = (n: number, prefix = 'm') => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

describe('text', () => {
  it('arrives in order, is acknowledged and reported as delivered', async () => {
    const { clock, a, b } = meet();
    for (const text of numbers(5)) a.flow.send(own(text, text));
    await clock.pass(200);
    assert.deepEqual(b.shown, numbers(5));
    assert.deepEqual(b.proofs.map((p) => p.n), [1, 2, 3, 4, 5]);
    assert.deepEqual(a.updates.map((m) => [m.id, m.state]), numbers(5).map((id) => [id, 'delivered']));
    assert.deepEqual(a.stored?.pending, []);
  });
  it('waits for keys', async () => {
    const clock = new Clock();
    const wire: Wire[] = [];
    const a = new Person('a', clock, { version: 1 }, (m) => wire.push(m));
    a.flow.send(own('1', 'early'));
    await clock.pass(5000);
    assert.equal(wire.length, 0);
    a.rekey();
    await clock.pass(10);
    assert.equal(wire.length, 1);
  });
  it('is sent again after 1, 2, 4, 8 and 8 s, the same bytes', async () => {
    const times: number[] = [];
    const bodies = new Set<string>();
    const { clock, a } = meet((message) => {
      times.push(clock.now);
      if (message.type === 'text') bodies.add(message.body);
      return [];
    });
    a.flow.send(own('1', 'x'));
    await clock.pass(24_000);
    assert.deepEqual(times, [0, 1000, 3000, 7000, 15_000, 23_000]);
    assert.equal(bodies.size, 1);
    assert.equal(a.sealed, 1);
  });
  it('is sent again at once when the way changes, or when asked', async () => {
    let count = 0;
    const { clock, a } = meet(() => (count++, []));
    a.flow.send(own('1', 'x'));
    await clock.pass(10);
    a.flow.flush();
    await clock.pass(10);
    a.flow.retry('1');
    a.flow.retry('unknown');
    await clock.pass(10);
    assert.equal(count, 3);
  });
  it('has at most 16 messages under way', async () => {
    let open = false;
    const first: number[] = [];
    const { clock, a, b } = meet((message, from) => {
      if (message.type === 'text' && from === 'a' && !open) first.push(message.n);
      return open ? [5] : [];
    });
    for (const text of numbers(40)) a.flow.send(own(text, text));
    await clock.pass(500);
    assert.deepEqual(first, Array.from({ length: 16 }, (_, i) => i + 1));
    open = true;
    await clock.pass(5000);
    assert.deepEqual(b.shown, numbers(40));
  });
  it('that was not delivered fails when the match ends', async () => {
    const { clock, a } = meet((message) => (message.type === 'text' && message.n === 1 ? [1] : []));
    a.flow.send(own('1', 'arrives, but nobody says so'));
    a.flow.send(own('2', 'lost'));
    await clock.pass(100);
    a.flow.close();
    assert.deepEqual(a.updates.map((m) => m.state), ['failed', 'failed']);
    a.flow.receiveAck(2);
    assert.equal(a.updates.length, 2);
  });
  it('is never believed to be delivered beyond what was sent', async () => {
    const { clock, a } = meet(() => []);
    a.flow.send(own('1', 'x'));
    await clock.pass(10);
    a.flow.receiveAck(99);
    a.flow.send(own('2', 'y'));
    assert.equal(a.flow.unacknowledged.length, 2);
  });
  it('that cannot be opened blocks nothing but itself, and is not acknowledged', async () => {
    const acks: number[] = [];
    const { clock, a, b } = meet((message) => {
      if (message.type === 'ack') acks.push(message.n);
      return [1];
    });
    b.flow.receiveText(1, JSON.stringify({ kind: 'text', text: 'forged', n: 2, key: 1 }), 0, '');
    await clock.pass(10);
    a.flow.send(own('1', 'true'));
    await clock.pass(100);
    assert.deepEqual(b.shown, ['true']);
    assert.deepEqual(acks, [1]);
  });
  it('far ahead is not kept', async () => {
    const { clock, b } = meet();
    for (const n of [300, 258]) b.flow.receiveText(n, JSON.stringify({ kind: 'text', text: 'x', n, key: 1 }), 0, '');
    await clock.pass(10);
    assert.deepEqual(b.shown, []);
  });
  it('is sealed anew under new keys', async () => {
    let open = false;
    const { clock, a, b, rekey } = meet(() => (open ? [5] : []));
    a.flow.send(own('1', 'x'));
    await clock.pass(100);
    open = true;
    rekey();
    await clock.pass(100);
    assert.deepEqual(b.shown, ['x']);
    assert.equal(a.sealed, 2);
  });
  it('is not kept under former keys when these change while it is sealed', async () => {
    const sealed: ((body: string) => void)[] = [];
    const wire: string[] = [];
    const flow = new TextFlow({
      seal: () => new Promise((resolve) => sealed.push(resolve)),
      open: () => Promise.reject(new Error()),
      send: (message) => void (message.type === 'text' && wire.push(message.body)),
      deliver: () => {}, update: () => {}, save: () => {}, clear: () => false, now: () => 0, after: () => () => {},
    });
    flow.rekey();
    flow.send(own('1', 'x'));
    await settle();
    flow.rekey();
    sealed[0]!('under old keys');
    await settle();
    sealed[1]!('under new keys');
    await settle();
    assert.deepEqual([...new Set(wire)], ['under new keys']);
  });
  it('is shown in order, once, however long opening takes', async () => {
    const opening: [number, () => void][] = [];
    const shown: string[] = [];
    const flow = new TextFlow({
      seal: () => Promise.resolve(''),
      open: (n) => new Promise((resolve) => opening.push([n, () => resolve({ kind: 'text', text: `m${n}`, kf: '', commitment: '' })])),
      send: () => {}, deliver: (message) => void shown.push(message.text), update: () => {}, save: () => {}, clear: () => false, now: () => 0, after: () => () => {},
    });
    flow.rekey();
    for (const n of [1, 2, 1, 3, 2]) flow.receiveText(n, '', 0, '');
    for (const [, done] of opening.reverse()) {
      done();
      await settle();
    }
    assert.deepEqual(shown, ['m1', 'm2', 'm3']);
  });
  it('of a page that is gone is filled up, so that later ones arrive', async () => {
    let open = true;
    const { clock, a, b, rekey } = meet(() => (open ? [5] : []));
    a.flow.send(own('1', 'one'));
    await clock.pass(100);
    open = false;
    a.flow.send(own('2', 'lost with the page'));
    await clock.pass(100);
    a.stored = { last: 1, acked: 1, received: 0, pending: [] }; // storage had failed
    a.reload();
    open = true;
    rekey();
    a.flow.send(own('3', 'three'));
    await clock.pass(3000);
    assert.deepEqual(b.shown, ['one', 'three']);
    assert.deepEqual(a.flow.unacknowledged, []);
  });
});

describe('text over a bad way, with reloads on both sides', () => {
  const seeds = process.env['SEED'] ? [Number(process.env['SEED'])] : Array.from({ length: 60 }, (_, i) => i + 1);
  for (const seed of seeds) {
    it(`loses nothing, doubles nothing, keeps the order (seed ${seed})`, async () => {
      const random = seeded(seed);
      let calm = false;
      const { clock, a, b, rekey } = meet(() => {
        if (calm) return [5];
        if (random() < 0.3) return [];
        const copies = random() < 0.25 ? 2 : 1;
        return Array.from({ length: copies }, () => Math.floor(random() * 3000));
      });
      const said = { a: [] as string[], b: [] as string[] };
      for (let i = 0; i < 150; i++) {
        const who = random() < 0.5 ? a : b;
        const roll = random();
        if (roll < 0.6) {
          const text = `${who.name}${said[who.name as 'a'].length}`;
          said[who.name as 'a'].push(text);
          who.flow.send(own(text, text));
        } else if (roll < 0.65) {
          who.reload();
          await clock.pass(Math.floor(random() * 500)); // nobody has keys for a while
          rekey();
        } else if (roll < 0.75) {
          who.flow.flush();
        }
        await clock.pass(Math.floor(random() * 400));
      }
      calm = true;
      await clock.pass(60_000);
      assert.deepEqual(b.shown, said.a);
      assert.deepEqual(a.shown, said.b);
      assert.deepEqual([a.flow.unacknowledged, b.flow.unacknowledged], [[], []]);
    });
  }
});
