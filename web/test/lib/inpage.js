// Runs in each page before its own scripts. Gives it a camera of one colour and a microphone with one tone, and lets the
// test see what the page shows: __test.* is the tests' window into the page.
(setup) => {
  const test = (window.__test = {
    getUserMedia: 0, // calls so far
    tracks: [], // that the page has been given
    cameras: () => test.tracks.filter((t) => t.kind === 'video' && t.readyState === 'live').length,
    streams: 0, // calls of createEncodedStreams
    connections: [], // every RTCPeerConnection
    channels: [], // every data channel
    samples: [], // what the remote picture showed: { t, match, state, visible, colour }
    sockets: [], // every WebSocket
    errors: [],
  });
  addEventListener('error', (e) => test.errors.push(String(e.message)));
  addEventListener('unhandledrejection', (e) => test.errors.push(String(e.reason?.stack ?? e.reason)));

  // Camera and microphone
  const rgb = `rgb(${setup.colours[setup.colour].join(' ')})`;
  const camera = () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = setup.size;
    const brush = canvas.getContext('2d', { alpha: false });
    let n = 0;
    const photo = setup.picture && Object.assign(new Image(), { src: setup.picture }); // a data: URL
    const paint = () => {
      if (photo) { // twice in turn, so that frames differ
        if (photo.complete) brush.drawImage(photo, n % 2, 0, canvas.width, canvas.height);
        return void n++;
      }
      brush.fillStyle = rgb;
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.fillStyle = '#888'; // something that moves, so that frames differ
      brush.fillRect(n++ % canvas.width, 0, 8, 8);
      for (let i = 0; i < (setup.lively ?? 0); i++) { // with 200 a picture takes all the bits that there are
        brush.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`;
        brush.fillRect(Math.random() * canvas.width, Math.random() * canvas.height, 24, 24);
      }
    };
    paint();
    const timer = setInterval(paint, 1000 / setup.fps);
    const track = canvas.captureStream(setup.fps).getVideoTracks()[0];
    const stop = track.stop.bind(track);
    track.stop = () => (clearInterval(timer), stop());
    return track;
  };
  const microphone = () => {
    const context = new AudioContext();
    const tone = context.createOscillator();
    const out = context.createMediaStreamDestination();
    tone.frequency.value = setup.tone;
    tone.connect(out);
    tone.start();
    void context.resume();
    const track = out.stream.getAudioTracks()[0];
    const stop = track.stop.bind(track);
    track.stop = () => (void context.close(), stop());
    return track;
  };
  if (navigator.mediaDevices && !setup.realDevices) {
    const native = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    // Without a sound card Firefox's AudioContext stands still; its fake microphone does not.
    const sound = async () => (setup.ownMicrophone ? (await native({ audio: true })).getAudioTracks()[0] : microphone());
    navigator.mediaDevices.getUserMedia = async (want) => {
      test.getUserMedia++;
      if (setup.deny) throw new DOMException('denied by the test', setup.deny);
      const stream = new MediaStream([...(want.video ? [camera()] : []), ...(want.audio ? [await sound()] : [])]);
      test.tracks.push(...stream.getTracks());
      return stream;
    };
  }

  // Connections
  const only = (config) => {
    if (!setup.turn || !config?.iceServers) return config; // setup.turn: what the URLs have in common that the network lets through
    const pass = (url) => url.includes(setup.turn);
    return { ...config, iceServers: config.iceServers.map((s) => ({ ...s, urls: [s.urls].flat().filter(pass) })).filter((s) => s.urls.length) };
  };
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(config, ...rest) {
      super(only(config), ...rest);
      test.connections.push(this);
      this.addEventListener('datachannel', (e) => test.channels.push(e.channel));
    }
    setConfiguration(config) {
      super.setConfiguration(only(config));
    }
    createDataChannel(...args) {
      const channel = super.createDataChannel(...args);
      test.channels.push(channel);
      return channel;
    }
  };
  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...args) {
      super(...args);
      test.sockets.push(this);
      this.addEventListener('message', (e) => note('<', e.data));
      this.addEventListener('close', (e) => note('<', `{"type":"closed ${e.code}"}`));
    }
    send(data) {
      note('>', data);
      super.send(data);
    }
  };
  // What went over the sockets last, for the report of a failure: types and matches alone.
  test.traffic = [];
  const note = (way, data) => {
    const { type, match, reason, code } = JSON.parse(data);
    test.traffic.push([new Date().toISOString().slice(14, 23), way, type, match?.slice(0, 6), reason ?? code].filter(Boolean).join(' '));
    if (test.traffic.length > 60) test.traffic.shift();
  };
  /** Cuts every open socket as a dying network would: the page learns of it, the server as well. */
  test.cutSockets = () => test.sockets.filter((s) => s.readyState === 1).map((s) => s.close(4999, 'cut by the test')).length;
  test.closeChannels = () => test.channels.filter((c) => c.readyState === 'open').map((c) => c.close()).length;
  test.openChannels = () => test.channels.filter((c) => c.readyState === 'open').length;
  test.stats = async () => {
    const sum = { audioEnergy: 0, audioPackets: 0, framesDecoded: 0, videoPackets: 0, pairs: [] };
    for (const pc of test.connections) {
      if (pc.connectionState === 'closed') continue;
      const all = new Map();
      (await pc.getStats()).forEach((s) => all.set(s.id, s));
      for (const s of all.values()) {
        if (s.type === 'inbound-rtp' && s.kind === 'audio') (sum.audioEnergy += s.totalAudioEnergy ?? 0), (sum.audioPackets += s.packetsReceived);
        if (s.type === 'inbound-rtp' && s.kind === 'video') (sum.framesDecoded += s.framesDecoded ?? 0), (sum.videoPackets += s.packetsReceived);
        if (s.type === 'candidate-pair' && s.state === 'succeeded' && s.nominated) {
          const [local, remote] = [all.get(s.localCandidateId), all.get(s.remoteCandidateId)];
          sum.pairs.push({ local: local?.candidateType, relay: local?.relayProtocol, protocol: local?.protocol, remote: remote?.candidateType });
        }
      }
    }
    return sum;
  };

  // Browsers whose way to encoded frames is older (setup.transforms: 'streams'), or that have none ('none').
  if (setup.transforms) delete window.RTCRtpScriptTransform;
  for (const { prototype } of setup.transforms ? [RTCRtpSender, RTCRtpReceiver] : []) {
    const native = prototype.createEncodedStreams;
    if (setup.transforms === 'none') delete prototype.createEncodedStreams;
    else prototype.createEncodedStreams = function () {
      test.streams++;
      return native.call(this);
    };
  }

  // No decryption: what a server or a stranger with the wrong key would see.
  if (setup.noDecrypt) {
    const own = Object.getOwnPropertyDescriptor(RTCRtpReceiver.prototype, 'transform');
    Object.defineProperty(RTCRtpReceiver.prototype, 'transform', { configurable: true, get: own.get, set() {} });
  }

  // What a person would see
  const pixels = document.createElement('canvas');
  pixels.width = pixels.height = 4;
  const look = pixels.getContext('2d', { willReadFrequently: true, alpha: false });
  test.colour = (video) => {
    if (!video?.videoWidth || video.readyState < 2) return null;
    look.drawImage(video, 0, 0, 4, 4);
    const [r, g, b] = look.getImageData(1, 2, 1, 1).data;
    let best = null;
    let distance = 70;
    for (const [name, [R, G, B]] of Object.entries(setup.colours)) {
      const d = Math.hypot(r - R, g - G, b - B);
      if (d < distance) [best, distance] = [name, d];
    }
    return best ?? `other(${r},${g},${b})`;
  };
  const find = (id) => document.querySelector(`[data-testid="${id}"]`);
  test.remote = () => find('remote-video');
  test.visible = (element) =>
    !!element?.isConnected && element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true });
  test.seen = () => {
    const video = test.remote();
    const visible = test.visible(video);
    return { visible, colour: visible ? test.colour(video) : null };
  };
  test.state = () => find('status')?.dataset.state ?? null;
  setInterval(() => {
    if (!test.recording) return;
    test.samples.push({ t: Date.now(), match: window.passerby?.match?.id ?? null, state: test.state(), ...test.seen() });
  }, 40);

  // Writing, as a person does but faster: the field, then the button.
  test.say = async (text) => {
    const input = find('message-input');
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(input), 'value').set.call(input, text);
    input.dispatchEvent(new InputEvent('input', { bubbles: true }));
    while (find('message-send').getAttribute('aria-disabled') === 'true') await new Promise((r) => setTimeout(r, 5));
    find('message-send').click();
    while (input.value !== '') await new Promise((r) => setTimeout(r, 5));
  };
  test.messages = () =>
    [...document.querySelectorAll('[data-testid="messages"] [data-from]')]
      .filter((e) => e.dataset.from !== 'system')
      .map((e) => ({ from: e.dataset.from, text: (e.querySelector('.bubble') ?? e).textContent, delivery: e.dataset.delivery ?? null }));
}
