import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { base64url, equal, fromBase64url, random } from '../src/crypto/bytes';
import { PasserbyError, explainMediaError, sentence } from '../src/errors';
import { elsewhere } from '../src/media';
import { tcpServers, withoutUdp } from '../src/tcp';
import { QualityMeter } from '../src/quality';
import { Vault, type Stored } from '../src/session';
import { backoff } from '../src/socket';

describe('base64url', () => {
  it('comes back', () => {
    for (let n = 0; n < 40; n++) {
      const bytes = random(n);
      assert.equal(base64url(bytes), Buffer.from(bytes).toString('base64url'));
      assert.deepEqual(fromBase64url(base64url(bytes)), bytes);
    }
  });
  it('refuses other characters', () => {
    for (const bad of ['+/', 'a b', 'ä', 'A']) assert.throws(() => fromBase64url(bad), bad);
  });
  it('compares', () => {
    assert.ok(equal(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
    assert.ok(!equal(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
    assert.ok(!equal(Uint8Array.of(1), Uint8Array.of(1, 0)));
  });
});

describe('errors', () => {
  it('have a sentence of this side, else the one that the server said', () => {
    assert.equal(sentence('no_match', 'said'), new PasserbyError('no_match').message);
    for (const code of ['server_full', 'of a later version']) assert.equal(sentence(code, 'said'), 'said');
    assert.equal(sentence('of a later version'), sentence('unknown'));
  });
  it('explain what getUserMedia says', () => {
    const code = (name: string) => explainMediaError(Object.assign(new Error(), { name })).code;
    if (!globalThis.navigator?.mediaDevices) {
      const mediaDevices = {};
      Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices }, configurable: true });
    }
    assert.deepEqual(
      ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'OverconstrainedError', 'Strange'].map(code),
      ['permission_denied', 'no_device', 'device_busy', 'constraint', 'unknown'],
    );
    const known = new PasserbyError('offline');
    assert.equal(explainMediaError(known), known);
  });
});

describe('backoff', () => {
  it('is quick first, then doubles up to 8 s, with jitter', () => {
    assert.ok(backoff(1, 1) <= 150);
    assert.deepEqual([2, 3, 4, 5, 6, 7, 20].map((n) => backoff(n, 1)), [500, 1000, 2000, 4000, 8000, 8000, 8000]);
    assert.equal(backoff(4, 0), 1000);
  });
});

describe('withoutUdp', () => {
  it('leaves TCP candidates and all else', () => {
    const lines = ['v=0', 'a=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host', 'a=candidate:2 1 UDP 1 ::1 5000 typ host',
      'a=candidate:3 1 tcp 1671430143 192.0.2.1 5000 typ host tcptype passive', 'a=mid:0', ''];
    assert.equal(withoutUdp(lines.join('\r\n')), [lines[0], lines[3], lines[4], ''].join('\r\n'));
  });
});

describe('elsewhere', () => {
  const answer = (print: string) => `v=0\r\na=fingerprint:sha-256 ${print}\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n`;
  it('tells servers apart by their certificates', () => {
    assert.equal(elsewhere(undefined, answer('AA:BB')), false);
    assert.equal(elsewhere(answer('AA:BB'), answer('aa:bb')), false);
    assert.equal(elsewhere(answer('AA:BB'), answer('AA:BC')), true);
  });
});

describe('QualityMeter', () => {
  const report = (received: number, lost: number, bytes: number, rtt = 0.05): [string, unknown][] => [
    { id: 'T', type: 'transport', selectedCandidatePairId: 'P' },
    { id: 'P', type: 'candidate-pair', localCandidateId: 'L', currentRoundTripTime: rtt },
    { id: 'L', type: 'local-candidate', protocol: 'udp', candidateType: 'relay', relayProtocol: 'tls' },
    { id: 'I', type: 'inbound-rtp', kind: 'video', bytesReceived: bytes, packetsReceived: received, packetsLost: lost, framesPerSecond: 24, frameWidth: 640, frameHeight: 480 },
  ].map((stat) => [stat.id, stat]);
  it('says how packets travel, and what was lost since the last time', () => {
    const meter = new QualityMeter();
    const first = meter.measure(report(100, 50, 1000));
    assert.deepEqual([first.loss, first.level, first.protocol, first.relayed, first.rttMs], [0, 'good', 'tcp', true, 50]);
    const second = meter.measure(report(190, 60, 2000));
    assert.equal(second.loss, 0.1);
    assert.equal(second.level, 'poor');
    assert.ok(second.bitrateIn > 0);
    assert.equal(meter.measure(report(280, 60, 3000, 0.3)).level, 'fair');
    assert.equal(meter.measure(report(5, 0, 10)).bitrateIn, 0, 'a new connection begins anew');
  });
  it('a picture that stands still is none, unless the camera is off', (t) => {
    const clock = t.mock.method(performance, 'now', () => 0);
    const meter = new QualityMeter();
    const at = (ms: number, frames: number, camera = true) => {
      clock.mock.mockImplementation(() => ms);
      const stats = report(ms / 10, 0, ms).map(([id, stat]): [string, unknown] => [id, { ...(stat as object), framesDecoded: frames }]);
      return meter.measure(stats, camera).level;
    };
    assert.deepEqual([at(0, 0), at(2000, 30), at(4000, 60)], ['good', 'good', 'good']);
    assert.deepEqual([at(5000, 60), at(6000, 60), at(8000, 60)], ['good', 'none', 'none']);
    assert.equal(at(9000, 60, false), 'good');
    assert.equal(at(10_000, 61), 'good');
  });
  it('knows nothing without a connection', () => {
    assert.equal(new QualityMeter().measure([]).level, 'unknown');
  });
});

describe('Vault', () => {
  const storage = () => {
    const map = new Map<string, string>();
    return { getItem: (k: string) => map.get(k) ?? null, setItem: (k: string, v: string) => void map.set(k, v), removeItem: (k: string) => void map.delete(k), map };
  };
  const stored: Stored = { token: 't', expires: 1, iceServers: [], origin: 'o', session: 's', resume: 'r', wish: null };
  it('keeps session and text of one match', () => {
    const s = storage();
    const vault = new Vault(s as unknown as Storage);
    vault.session = stored;
    vault.saveText('A', { last: 1, acked: 0, received: 0, pending: [] });
    const again = new Vault(s as unknown as Storage);
    assert.deepEqual(again.session, stored);
    assert.equal(again.past('A')?.text.last, 1);
    assert.equal(again.past('B'), undefined);
    again.forgetText();
    again.session = null;
    assert.equal(s.map.size, 0);
  });
  it('lives with broken or missing storage', () => {
    const broken = { getItem: () => '{', setItem: () => { throw new Error('full'); }, removeItem: () => {} };
    for (const s of [broken, null]) {
      const vault = new Vault(s as unknown as Storage | null);
      vault.session = stored;
      assert.equal(vault.session, null);
      assert.equal(vault.past('A'), undefined);
    }
  });
});
