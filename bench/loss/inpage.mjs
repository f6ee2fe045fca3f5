// Functions that run in the pages of bench/loss.

/** Notes the longest time between two presented pictures. */
export function watch() {
  window.bench = { gap: 0, last: null };
  const attach = (video) => {
    const next = (now) => {
      if (bench.last !== null) bench.gap = Math.max(bench.gap, now - bench.last);
      bench.last = now;
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
  };
  attach(document.querySelector('#p2p') ?? document.querySelector('[data-testid="remote-video"]'));
}

/** What has come until now. */
export async function sample() {
  const out = { frames: 0, freezes: 0, frozen: 0, bytes: 0, width: 0, gap: bench.gap, concealed: 0, nacks: 0, plis: 0, repaired: 0, limit: null };
  for (const pc of __test.connections) {
    if (pc.connectionState === 'closed') continue;
    (await pc.getStats()).forEach((s) => {
      if (s.type === 'inbound-rtp' && s.kind === 'video') {
        Object.assign(out, {
          frames: s.framesDecoded ?? 0, freezes: s.freezeCount ?? 0, frozen: s.totalFreezesDuration ?? 0, bytes: s.bytesReceived, width: s.frameWidth ?? 0,
          nacks: s.nackCount, plis: s.pliCount, repaired: s.retransmittedPacketsReceived ?? 0, lost: s.packetsLost, key: s.keyFramesDecoded,
        });
      }
      if (s.type === 'inbound-rtp' && s.kind === 'audio' && s.totalSamplesReceived) out.concealed = s.concealedSamples / s.totalSamplesReceived;
      if (s.type === 'candidate-pair' && s.nominated && s.availableOutgoingBitrate) out.available = s.availableOutgoingBitrate;
      if (s.type === 'outbound-rtp' && s.kind === 'video') Object.assign(out, { target: s.targetBitrate, reason: s.qualityLimitationReason });
    });
  }
  return out;
}

/** One side of a call without a server: the description of who offers, or, given one, of who answers. The same camera, codec and highest rate as ours. */
export async function p2pDescribe(offer) {
  const pc = (window.p2p = new RTCPeerConnection());
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const video = Object.assign(document.createElement('video'), { autoplay: true, id: 'p2p', muted: true, style: 'position:fixed;inset:0;width:100%;height:100%;z-index:9999' });
  document.body.append(video);
  video.srcObject = new MediaStream();
  pc.ontrack = (e) => video.srcObject.addTrack(e.track);
  if (offer) {
    await pc.setRemoteDescription({ type: 'offer', sdp: offer });
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
    for (const sender of pc.getSenders()) {
      if (sender.track.kind !== 'video') continue;
      const parameters = sender.getParameters();
      for (const e of parameters.encodings) e.maxBitrate = 1_500_000;
      await sender.setParameters(parameters);
    }
  } else {
    for (const track of stream.getTracks()) pc.addTransceiver(track, { streams: [stream], sendEncodings: track.kind === 'video' ? [{ maxBitrate: 1_500_000 }] : [{}] });
    for (const t of pc.getTransceivers()) {
      if (t.receiver.track.kind === 'video') t.setCodecPreferences(RTCRtpReceiver.getCapabilities('video').codecs.filter((c) => ['video/vp8', 'video/rtx'].includes(c.mimeType.toLowerCase())));
    }
  }
  await pc.setLocalDescription();
  while (pc.iceGatheringState !== 'complete') await new Promise((r) => setTimeout(r, 20));
  return pc.localDescription.sdp;
}

export const p2pTake = (answer) => p2p.setRemoteDescription({ type: 'answer', sdp: answer });
