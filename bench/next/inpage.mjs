// Functions that run in the pages of bench/next. `bench` is their window: which match, and when which colour was seen.

/** Notes when the Worker that encrypts frames is handed keys, and when it has opened something: before the page's own scripts. */
export function watchWorker() {
  const said = (window.__frames = []);
  const note = ({ op, kind }) => said.push({ op, kind, t: Date.now() });
  window.Worker = class extends Worker {
    constructor(url, options) {
      super(url, options);
      if (options?.name === 'passerby-frames') this.addEventListener('message', ({ data }) => note(data));
    }
    postMessage(message, moved) {
      super.postMessage(message, moved);
      note(message);
    }
  };
}

/**
 * Watches the remote picture from the news of a match until the new partner's colour is presented. Between, nothing is
 * read: a look at a picture costs the page milliseconds, which would count.
 */
export function watchPicture(selector) {
  const bench = (window.bench = { match: null, at: {}, told: {}, decoded: {}, video: null });
  let looks, wanted;
  const seen = () => wanted && looks.find((look) => look.colour === wanted.colour);
  const look = (id) => {
    const video = selector ? document.querySelector(selector) : bench.video;
    if (!video) return setTimeout(look, 10, id);
    video.requestVideoFrameCallback(() => {
      if (bench.match !== id) return;
      looks.push({ t: Date.now(), colour: __test.colour(video) });
      if (seen()) wanted.found(seen());
      else look(id);
    });
  };
  bench.matched = (id, at) => {
    bench.match = id;
    bench.at[id] = at;
    bench.told[id] = Date.now();
    looks = [];
    wanted = null;
    look(id);
  };
  /** How long from the decision to the first picture of this colour; `ms` is null when none came within `limit` ms. */
  bench.firstPicture = async (id, colour, limit) => {
    const first = await new Promise((found) => {
      wanted = { colour, found };
      if (seen()) found(seen());
      setTimeout(found, limit, null);
    });
    const since = (t) => t && t - bench.at[id];
    const frames = (window.__frames ?? []).filter(({ t }) => t >= bench.told[id]);
    return {
      ms: first && since(first.t),
      told: since(bench.told[id]),
      keyed: since(frames.find(({ op }) => op === 'keys')?.t),
      opened: since(frames.find(({ op, kind }) => op === 'first' && kind === 'video')?.t),
      decoded: since(bench.decoded[id]),
    };
  };
}

/** Joins bench/newpeer: each match makes a PeerConnection of its own. */
export async function joinNewPeer(url) {
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => ((socket.onopen = resolve), (socket.onerror = reject)));
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const send = (m) => socket.send(JSON.stringify(m));
  let pc = null;
  const end = () => {
    pc?.close();
    pc = null;
    bench.match = null;
  };
  bench.next = () => {
    end();
    send({ type: 'next' });
  };
  socket.onmessage = async ({ data }) => {
    const m = JSON.parse(data);
    if (m.type === 'ended') return bench.next();
    if (m.type === 'answer') return pc?.setRemoteDescription({ type: 'answer', sdp: m.sdp });
    bench.video = null;
    bench.matched(m.match, m.at);
    const own = (pc = new RTCPeerConnection());
    const video = document.createElement('video');
    video.autoplay = true;
    video.style = 'position:fixed;inset:0;width:100%;height:100%';
    document.body.replaceChildren(video);
    const remote = (video.srcObject = new MediaStream());
    own.ontrack = (e) => remote.addTrack(e.track);
    bench.video = video;
    for (const track of stream.getTracks()) own.addTrack(track, stream);
    await own.setLocalDescription();
    send({ type: 'offer', sdp: own.localDescription.sdp });
  };
  bench.next();
}
