// The page of group.test.mjs: a call of many by the SDK, and nothing else.
import { GroupCall } from '../../sdk/src/group/index.ts';

const seen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const app = (window.app = { log: [], members: [], digest: '', speaker: '' });

/** `port` is where the media server is reached instead of its own. */
app.sit = async (table, id, slots, port) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const [[video], [audio]] = [stream.getVideoTracks(), stream.getAudioTracks()];
  audio.enabled = false; // nobody speaks yet
  app.speaks = (on) => void (audio.enabled = on);
  const negotiate = async (body) => {
    const r = await fetch(`/sit/${table}/${id}`, { method: 'POST', body });
    if (!r.ok) throw new Error(await r.text());
    const { answer } = await r.json();
    return port ? answer.replace(/^(a=candidate:\S+ 1 udp \d+ \S+) \d+/gm, `$1 ${port}`) : answer;
  };
  const call = (app.call = new GroupCall({ negotiate, workerUrl: '/worker.js', tracks: { audio, video }, slots }));
  call.on('members', (e) => Object.assign(app, e));
  call.on('speaker', (e) => (app.speaker = e.id));
  call.on('view', (e) => app.log.push(`${e.slot}: ${e.id}`));
  app.videos = call.views.map(({ stream }) => {
    const e = Object.assign(document.createElement('video'), { srcObject: stream, autoplay: true, playsInline: true });
    document.body.append(e);
    return e;
  });
  await call.join();
};

/** Whom each slot shows by its key, and the colour of what is to be seen there. */
app.looks = () =>
  app.call.views.map(({ id }, slot) => {
    const video = app.videos[slot];
    if (!video.videoWidth) return { id, colour: null };
    seen.drawImage(video, 0, 0, 1, 1);
    return { id, colour: [...seen.getImageData(0, 0, 1, 1).data].slice(0, 3) };
  });

/** Loudness that arrived, by slot. */
app.energy = async () => {
  let sum = 0;
  (await app.call.pc.getStats()).forEach((s) => s.type === 'inbound-rtp' && s.kind === 'audio' && (sum += s.totalAudioEnergy ?? 0));
  return sum;
};

/** What is received, by whom it shows, and what is sent, by encoding. */
app.pictures = async () => {
  const out = { received: {}, sent: {} };
  (await app.call.pc.getStats()).forEach((s) => {
    if (s.type === 'candidate-pair' && s.nominated) out.room = s.availableOutgoingBitrate;
    if (s.kind !== 'video') return;
    if (s.type === 'inbound-rtp') {
      const slot = app.call.pc.getTransceivers().filter((t) => t.receiver.track.kind === 'video').findIndex((t) => t.mid === s.mid);
      const { id } = app.call.views[slot];
      if (id) out.received[id.split('/')[1]] = { width: s.frameWidth, decoded: s.framesDecoded, freezes: s.freezeCount, frozen: s.totalFreezesDuration, lost: s.packetsLost, slot };
    }
    if (s.type === 'outbound-rtp') out.sent[s.rid ?? ''] = { width: s.frameWidth, frames: s.framesSent, bytes: s.bytesSent, active: s.active, keys: s.keyFramesEncoded, held: s.qualityLimitationReason, encoded: s.framesEncoded, target: s.targetBitrate, fps: s.framesPerSecond };
  });
  return out;
};

/** What the browser counts of its video, for the report of a failure. */
app.counts = async () => {
  const out = [];
  (await app.call.pc.getStats()).forEach((s) => {
    if (s.type === 'outbound-rtp' && s.kind === 'video') out.push({ sent: s.framesSent, keys: s.keyFramesEncoded, plis: s.pliCount });
    if (s.type === 'inbound-rtp' && s.kind === 'video') out.push({ mid: s.mid, packets: s.packetsReceived, got: s.framesReceived, decoded: s.framesDecoded, plis: s.pliCount });
  });
  return out;
};
