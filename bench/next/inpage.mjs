// Functions that run in the pages of bench/next. `bench` is their window: which match, and when which colour was seen.

/** Watches the remote picture: every presented frame's colour, noted when it changes. */
export function watchPicture(selector) {
  const bench = (window.bench = { match: null, at: {}, told: {}, changes: [] });
  bench.matched = (id, at) => {
    bench.match = id;
    bench.at[id] = at;
    bench.told[id] = Date.now();
  };
  let last = null;
  bench.watch = (video) => {
    const onFrame = () => {
      const colour = __test.colour(video);
      if (colour !== last) bench.changes.push({ t: Date.now(), colour });
      last = colour;
      if (video.isConnected || !selector) video.requestVideoFrameCallback(onFrame);
      else setTimeout(look);
    };
    video.requestVideoFrameCallback(onFrame);
  };
  const look = () => {
    const video = selector && document.querySelector(selector);
    if (video) bench.watch(video);
    else if (selector) setTimeout(look, 20);
  };
  look();
  bench.firstPicture = async (id, colour, limit) => {
    const at = bench.at[id];
    for (const end = Date.now() + limit; Date.now() < end; await new Promise((r) => setTimeout(r, 20))) {
      const hit = bench.changes.find((c) => c.t >= at && c.colour === colour);
      if (hit) return { ms: hit.t - at, told: bench.told[id] - at };
    }
    return { ms: null, told: bench.told[id] - at };
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
    bench.matched(m.match, m.at);
    const own = (pc = new RTCPeerConnection());
    const video = document.createElement('video');
    video.muted = video.autoplay = true;
    video.style = 'position:fixed;width:320px;height:240px';
    document.body.replaceChildren(video);
    const remote = (video.srcObject = new MediaStream());
    own.ontrack = (e) => remote.addTrack(e.track);
    bench.watch(video);
    for (const track of stream.getTracks()) own.addTrack(track, stream);
    await own.setLocalDescription();
    send({ type: 'offer', sdp: own.localDescription.sdp });
  };
  bench.next();
}
