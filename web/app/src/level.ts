/**
 * Measures how loud a microphone is: calls `report` with 0–1 about 20 times a second until the result is called.
 * 0 is silence below -60 dB, 1 is full scale.
 */
export function watchLevel(stream: MediaStream, report: (level: number) => void): () => void {
  if (!stream.getAudioTracks().length || typeof AudioContext === 'undefined') return () => {};
  const context = new AudioContext();
  const source = context.createMediaStreamSource(stream);
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let smooth = 0;
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
    const level = Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60));
    smooth = level > smooth ? level : smooth * 0.8 + level * 0.2;
    report(smooth);
  }, 50);
  return () => {
    clearInterval(timer);
    source.disconnect();
    void context.close();
  };
}
