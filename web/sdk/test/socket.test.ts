import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
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
  let socket: Socket;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    Object.assign(globalThis, { WebSocket: Silent, addEventListener: () => {}, removeEventListener: () => {} });
    Silent.all = [];
    downs = 0;
    socket = new Socket('ws://x', { up: () => {}, down: () => downs++, message: () => {} });
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
});
