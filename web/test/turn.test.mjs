// `passerby turn` alone under another app: a page that is not ours, in which two people may reach each other by relays only.
// They meet inside the server, over each transport that browsers have. (None speaks TURN over DTLS.)
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { launchChromium, launchFirefox } from './lib/browsers.mjs';
import { publicIP } from './lib/net.mjs';
import { TURN } from './lib/turn.mjs';

const address6 = 'fd77::1';
/** Gives the tests' own network IPv6, with a way out to nobody, without which Firefox does not use it. False where that network is not. */
function addIPv6() {
  const ip = (...args) => spawnSync('ip', ['-6', ...args]).status === 0;
  return Boolean(process.env.PASSERBY_TEST_IP) && ip('addr', 'add', `${address6}/64`, 'dev', 'pb0', 'nodad') && ip('route', 'add', 'default', 'via', 'fd77::fe', 'dev', 'pb0');
}

const servers = {};
let has6 = false;
before(async () => {
  has6 = addIPv6();
  servers.ports = await TURN.start();
  servers.one = await TURN.start('--single-port', '3480');
});
after(async () => {
  for (const s of Object.values(servers)) assert.equal(await s.stop(), 0, s.said);
  if (has6) spawnSync('ip', ['-6', 'addr', 'del', `${address6}/64`, 'dev', 'pb0']);
});

/** Runs in the page: one shows the other his video, both write. Resolves to the way that each took and what he read. */
async function call(iceServers) {
  const people = [0, 1].map(() => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
  const [a, b] = people;
  const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 64 });
  const brush = canvas.getContext('2d');
  let hue = 0;
  const paint = setInterval(() => {
    brush.fillStyle = `hsl(${(hue += 9)} 80% 50%)`;
    brush.fillRect(0, 0, canvas.width, canvas.height);
  }, 100);
  a.addTrack(canvas.captureStream(10).getVideoTracks()[0]);
  const texts = people.map((pc) => {
    const channel = pc.createDataChannel('chat', { negotiated: true, id: 0 });
    channel.onopen = () => channel.send(pc === a ? 'from a' : 'from b');
    return new Promise((resolve) => (channel.onmessage = (e) => resolve(e.data)));
  });
  a.onicecandidate = (e) => b.addIceCandidate(e.candidate);
  b.onicecandidate = (e) => a.addIceCandidate(e.candidate);
  const offer = await a.createOffer();
  await b.setRemoteDescription(offer);
  await a.setLocalDescription(offer);
  const answer = await b.createAnswer();
  await a.setRemoteDescription(answer);
  await b.setLocalDescription(answer);

  /** What pc knows by now: how much video it decoded, and its way. */
  const look = async (pc) => {
    const all = new Map();
    (await pc.getStats()).forEach((s) => all.set(s.id, s));
    const found = {};
    for (const s of all.values()) {
      if (s.type === 'inbound-rtp' && s.kind === 'video') found.frames = s.framesDecoded;
      if (s.type === 'candidate-pair' && s.state === 'succeeded' && s.nominated) {
        const [local, remote] = [all.get(s.localCandidateId), all.get(s.remoteCandidateId)];
        // What a check came from before the page was told of it, prflx, may well be the partner's relay: who met inside the server is counted below.
        found.way = { local: local?.candidateType, relay: local?.relayProtocol, remote: remote?.candidateType?.replace('prflx', 'relay') };
      }
    }
    return found;
  };
  const late = new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`no call over ${iceServers[0].urls}: ${people.map((pc) => `${pc.iceGatheringState}, ${pc.connectionState}`).join('; ')}`)), 40_000);
  });
  const done = async () => {
    const [atA, atB] = await Promise.all(texts);
    for (;;) {
      const [first, second] = await Promise.all(people.map(look));
      if (second.frames > 2 && first.way && second.way) return [{ ...first.way, text: atA }, { ...second.way, text: atB }];
      await new Promise((r) => setTimeout(r, 100));
    }
  };
  try {
    return await Promise.race([done(), late]);
  } finally {
    clearInterval(paint);
    for (const pc of people) pc.close();
  }
}

// All calls of a browser go on at once, as one user: what Firefox holds until its partner has answered, three allocations for each end here, is within
// the usual quota. A certificate that nobody signed is accepted here; people's browsers want a real one.
const browsers = {
  Chromium: () => launchChromium('--ignore-certificate-errors'),
  Firefox: () => launchFirefox({ acceptInsecureCerts: true }, { 'media.peerconnection.ice.trickle_grace_period': 30_000 }), // ms; else a busy machine fails
};

for (const [name, launch] of Object.entries(browsers)) {
  test(`${name}: calls by relay alone`, { timeout: 90_000 }, async () => {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await Promise.all([
        ['udp', servers.ports, /^turn:.*=udp/],
        ['tcp', servers.ports, /^turn:.*=tcp/],
        ['tls', servers.ports, /^turns:.*=tcp/, 'localhost'],
        ['udp', servers.one, /^turn:.*=udp/],
        ...(has6 ? [['udp', servers.ports, /^turn:.*=udp/, `[${address6}]`]] : []),
      ].map(async ([relay, server, url, host]) => {
        const way = { local: 'relay', relay, remote: 'relay' };
        assert.deepEqual(await page.evaluate(call, server.iceServers(url, host)), [{ ...way, text: 'from b' }, { ...way, text: 'from a' }], `${url} ${host}`);
      }));
    } finally {
      await browser.close();
    }
  });
}

test('they met inside the server', async () => {
  for (const s of Object.values(servers)) assert.ok((await s.metric('passerby_turn_hairpin_packets_total')) > 20, s.said);
});
