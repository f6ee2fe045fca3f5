import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { loadTalk } from '../src/load';
import { Socket } from '../src/socket';

/** A WebSocket that only notes what is sent: the network has swallowed it. */
class Silent {
  static readonly OPEN = 1;
  static all: Silent[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    Silent.all.push(this);
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
}

describe('Socket', () => {
  let downs = 0;
  let besides = 0;
  let heard: string[] = [];
  let socket: Socket;
  /** Asks for a move, and lets what it needs be loaded. */
  async function move(): Promise<void> {
    socket.move();
    await loadTalk();
  }
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    Object.assign(globalThis, { WebSocket: Silent, addEventListener: () => {}, removeEventListener: () => {} });
    Silent.all = [];
    downs = besides = 0;
    heard = [];
    socket = new Socket('ws://x', { up: () => {}, down: () => downs++, message: (m) => heard.push(m.type), beside: () => besides++, late: (m) => heard.push(`late ${m.type}`) });
    socket.open();
    Silent.all[0]!.open();
  });
  afterEach(() => {
    socket.close();
    mock.timers.reset();
  });

  it('asks after a long silence, and gives up when there is no answer', () => {
    mock.timers.tick(14_999);
    assert.deepEqual(Silent.all[0]!.sent, []);
    mock.timers.tick(1);
    assert.deepEqual(Silent.all[0]!.sent, ['{"type":"ping"}']);
    mock.timers.tick(4999);
    assert.equal(downs, 0);
    mock.timers.tick(1);
    assert.equal(downs, 1);
  });
  it('asks soon when an answer is due', () => {
    socket.expect();
    mock.timers.tick(3000);
    assert.deepEqual(Silent.all[0]!.sent, ['{"type":"ping"}']);
    mock.timers.tick(5000);
    assert.equal(downs, 1);
    mock.timers.tick(1000);
    assert.equal(Silent.all.length, 2, 'and connects anew');
  });
  it('is not put off by more words, nor by a change of the network', () => {
    socket.expect();
    for (let i = 0; i < 8; i++) {
      mock.timers.tick(1000);
      socket.expect();
      if (i > 3) socket.probe();
    }
    assert.equal(downs, 1);
  });
  it('does not ask when the answer came', () => {
    socket.expect();
    mock.timers.tick(2999);
    Silent.all[0]!.onmessage?.({ data: '{"type":"pong"}' });
    mock.timers.tick(14_999);
    assert.deepEqual(Silent.all[0]!.sent, []);
  });
  it('moves: the one before is spoken on until the other is open, and heard a while longer', async () => {
    const pong = { data: '{"type":"pong"}' };
    socket.move();
    await move();
    const [one, two] = Silent.all as [Silent, Silent];
    assert.equal(Silent.all.length, 2);
    socket.send({ type: 'ping' });
    assert.deepEqual([one.sent.length, two.sent.length, besides], [1, 0, 0]);
    const { epoch } = socket;
    two.open();
    assert.deepEqual([besides, socket.epoch], [1, epoch + 1]);
    socket.send({ type: 'ping' });
    assert.deepEqual([one.sent.length, two.sent.length], [1, 1]);
    one.onmessage!(pong);
    two.onmessage!(pong);
    assert.deepEqual(heard, ['late pong', 'pong']);
    mock.timers.tick(5000);
    assert.deepEqual([one.readyState, two.readyState, downs], [3, 1, 0]);
  });
  it('tries to move again and again, and stays where it is until then', async () => {
    await move();
    Silent.all[1]!.onclose!(); // refused
    mock.timers.tick(200);
    assert.equal(Silent.all.length, 3);
    mock.timers.tick(5000); // no answer
    mock.timers.tick(600);
    assert.equal(Silent.all.length, 4);
    assert.deepEqual([Silent.all[0]!.readyState, downs, besides], [1, 0, 0]);
    Silent.all[3]!.open();
    assert.equal(besides, 1);
  });
  it('opens nothing more beside a connection that is lost', async () => {
    await move();
    Silent.all[0]!.onclose!();
    assert.equal(downs, 1);
    Silent.all[1]!.onopen?.();
    assert.equal(besides, 0);
    mock.timers.tick(200);
    assert.equal(Silent.all.length, 3);
  });
});
