import { explainMediaError } from '@passerby/client';

export type Kind = 'audio' | 'video';

const wanted = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30 }, facingMode: 'user' },
} satisfies MediaStreamConstraints;

/**
 * The user's own camera and microphone: one stream whose tracks may change.
 * Opened only after a click; closed when the conversation stops, so that the light goes off.
 */
export class Camera {
  stream: MediaStream | null = null;
  /** A track ended without us: unplugged, or taken by a phone call. */
  onlost: (kind: Kind) => void = () => {};
  /** The system took a track for a while, or gave it back. */
  onlent: () => void = () => {};
  /** Suppress noise. */
  quiet = true;
  readonly #chosen: Partial<Record<Kind, string>> = {};
  /** Grows with each opening and closing: a stream that comes later than the next of these is stopped at once. */
  #turn = 0;

  /** The running stream if it will do, else a new one, which has ended already when nobody wants it any more. Throws a PasserbyError that explains itself. */
  async open(want: { audio: boolean; video: boolean } = { audio: true, video: true }): Promise<MediaStream> {
    const has = (kind: Kind) => this.track(kind)?.readyState === 'live';
    if (this.stream && (!want.audio || has('audio')) && (!want.video || has('video'))) return this.stream;
    this.close();
    const turn = this.#turn;
    const stream = await ask({
      audio: want.audio && this.#constraint('audio'),
      video: want.video && this.#constraint('video'),
    });
    if (turn !== this.#turn) {
      stop(stream);
      return stream;
    }
    for (const track of stream.getTracks()) this.#watch(track);
    return (this.stream = stream);
  }

  /** Changes one device in the running stream. */
  async choose(kind: Kind, deviceId: string): Promise<MediaStreamTrack> {
    this.#chosen[kind] = deviceId;
    const old = this.track(kind);
    // Some phones open only one camera at a time.
    old?.stop();
    const fresh = await ask({ [kind]: this.#constraint(kind) });
    const track = fresh.getTracks()[0]!;
    this.stream ??= new MediaStream();
    if (old) this.stream.removeTrack(old);
    this.stream.addTrack(track);
    this.#watch(track);
    return track;
  }

  track(kind: Kind): MediaStreamTrack | null {
    const tracks = kind === 'audio' ? this.stream?.getAudioTracks() : this.stream?.getVideoTracks();
    return tracks?.[0] ?? null;
  }

  /** The system has a track for the moment, as during a phone call. */
  get lent(): boolean {
    return this.stream?.getTracks().some((track) => track.muted && track.readyState === 'live') ?? false;
  }

  close(): void {
    this.#turn++;
    stop(this.stream);
    this.stream = null;
  }

  #constraint(kind: Kind): MediaTrackConstraints {
    const id = this.#chosen[kind];
    const all: MediaTrackConstraints = kind === 'audio' ? { ...wanted.audio, noiseSuppression: this.quiet } : wanted.video;
    if (!id) return all;
    const { facingMode: _, ...rest } = all;
    return { ...rest, deviceId: { ideal: id } };
  }

  #watch(track: MediaStreamTrack): void {
    for (const turn of ['mute', 'unmute']) track.addEventListener(turn, () => this.onlent());
    track.addEventListener('ended', () => {
      if (this.stream?.getTracks().includes(track)) this.onlost(track.kind as Kind);
    });
  }
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** getUserMedia, once more without wishes if the device cannot fulfil them. */
async function ask(constraints: MediaStreamConstraints): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (e) {
    const problem = explainMediaError(e);
    if (problem.code !== 'constraint') throw problem;
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: !!constraints.audio, video: !!constraints.video });
  } catch (e) {
    throw explainMediaError(e);
  }
}

/** The devices to choose from. Names are known only once the user has allowed access. */
export async function listDevices(): Promise<Record<Kind | 'speaker', MediaDeviceInfo[]>> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const named = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId !== '');
  return { audio: named('audioinput'), video: named('videoinput'), speaker: named('audiooutput') };
}

/** Whether there is a microphone although there is no camera. */
export async function microphoneOnly(): Promise<boolean> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const has = (kind: MediaDeviceKind) => all.some((device) => device.kind === kind);
  return has('audioinput') && !has('videoinput');
}
