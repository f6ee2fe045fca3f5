/**
 * A call of many over one connection, negotiated once. Audio and video of the first slot send and receive, those of
 * the others only receive; whom each slot shows is the server's choice (sfu/group), and changes without an offer.
 *
 *   camera → Worker: own sender key → server → slot n → Worker: the key of whom it shows → views[n]
 *   members change → another sender key, sealed for each member → a moment later it is used
 */
import { generateKeyPair, keyKind, type KeyPair } from '../crypto/keys';
import { random } from '../crypto/bytes';
import type { Kind } from '../crypto/sframe';
import { Emitter, type Listener } from '../events';
import { attachWorker, peerConfig } from '../frameworker';
import { CHANNEL, hurry, makeKeyFrame, prefer } from '../media';
import type { FromGroupWorker, GroupTransform, ToGroupWorker } from '../worker/groupmessages';
import { parseGroup, type FromGroup } from './messages';
import { groupDigest, openSecret, sealSecret, senderFrameKeys, senderKeyId, type SenderSecret } from './senderkey';

export interface GroupOptions {
  /** Carries the offer to the server and returns its answer. */
  negotiate(offer: string): Promise<string>;
  /** Where `@passerby/client/group/worker` is served. */
  workerUrl: string | URL;
  /** What is sent; null sends nothing of that kind until `replaceTrack`. */
  tracks: Record<Kind, MediaStreamTrack | null>;
  /** How many others can be seen at once; 7 when left out. */
  slots?: number;
  iceServers?: RTCIceServer[];
}

export interface GroupEvents {
  /** Who takes part, oneself included; `digest` is equal at all of them unless somebody in the middle swaps keys. */
  members: { members: string[]; digest: string };
  /** Slot `slot` shows `id` now, null for nobody. The id is proven by the key, not the server's word. */
  view: { slot: number; id: string | null; stream: MediaStream };
  /** Who speaks, as the server hears it. */
  speaker: { id: string };
  connection: { state: RTCPeerConnectionState };
}

/** The others have a new key this much before its first frame, milliseconds. */
const SETTLE = 500;
/** Changes of sizes within this are told together, milliseconds. */
const GATHER = 100;

/** Bits per second of the encodings of a picture; one that is the only one has the most. */
const SMALL = 100_000;
const MIDDLE = 250_000;
const LARGE = 600_000;
/** Pixels of a picture from which browsers send it in two and in three encodings; of more, the largest are not sent (libwebrtc). */
const TWO = 480 * 270;
const THREE = 960 * 540;

/** The encodings of a picture, the smallest first: each receiver gets the one that his network carries and his screen shows. */
export function encodings({ width = 1280, height = 720 }: MediaTrackSettings = {}): RTCRtpEncodingParameters[] {
  const large = { rid: 'h', maxBitrate: LARGE };
  if (width * height >= THREE)
    return [{ rid: 'l', scaleResolutionDownBy: 4, maxBitrate: SMALL }, { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: MIDDLE }, large];
  return width * height >= TWO ? [{ rid: 'l', scaleResolutionDownBy: 2, maxBitrate: SMALL }, large] : [{ maxBitrate: LARGE }];
}

export class GroupCall {
  readonly pc: RTCPeerConnection;
  /** What the slots show. */
  readonly views: { id: string | null; stream: MediaStream }[] = [];
  readonly #events = new Emitter<GroupEvents>();
  readonly #worker: Worker;
  readonly #senders = new Map<Kind, RTCRtpSender>();
  readonly #channel: RTCDataChannel;
  readonly #pair = generateKeyPair('p256'); // all members must have the same kind
  /** The others by id: public key, and the generation of the newest sender key of theirs. */
  readonly #members = new Map<string, { key: string; generation: number }>();
  #group = '';
  #own: SenderSecret | null = null;
  #using = 0; // the generation that frames are sealed under
  #queue: Promise<void> = Promise.resolve(); // messages one after the other
  #parameters: Promise<void> = Promise.resolve(); // changes of the camera's encoder one after the other
  readonly #sizes: ([number, number] | null)[] = [];
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(private readonly options: GroupOptions) {
    this.#worker = new Worker(options.workerUrl, { type: 'module', name: 'passerby-group' });
    this.#worker.onmessage = ({ data }: MessageEvent<FromGroupWorker>) => data.kind === 'video' && this.#show(data.slot, data.sender);
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require', iceServers: options.iceServers ?? [], ...peerConfig() });
    this.pc.onconnectionstatechange = () => this.#events.emit('connection', { state: this.pc.connectionState });
    for (let slot = 0; slot < (options.slots ?? 7); slot++) this.#addSlot(slot);
    this.#channel = this.pc.createDataChannel(CHANNEL, { ordered: true });
    this.#channel.onopen = async () => {
      this.#say({ type: 'hello', key: (await this.#pair).text });
      this.#tellSizes();
    };
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const message = parseGroup(data);
      if (message) this.#queue = this.#queue.then(() => this.#take(message)).catch(() => {}); // a forged word harms nobody
    };
  }

  /** Listens; call the result to stop. */
  on<K extends keyof GroupEvents>(name: K, fn: Listener<GroupEvents[K]>): () => void {
    return this.#events.on(name, fn);
  }

  /** Connects; resolves with the server's answer applied. Everything else comes as events. */
  async join(): Promise<void> {
    const offer = await this.pc.createOffer();
    await this.pc.setLocalDescription(offer);
    const answer = await this.options.negotiate(offer.sdp ?? '');
    if (!this.#closed) await this.pc.setRemoteDescription({ type: 'answer', sdp: answer });
  }

  async replaceTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    await this.#senders.get(kind)?.replaceTrack(track);
  }

  /**
   * Tells the server how large a slot is on the screen, in its own pixels (CSS pixels × devicePixelRatio), so that it sends no more than
   * is seen; 0 for a slot that is not on it. A slot of which nothing was said gets the best that the network carries.
   */
  resize(slot: number, width: number, height: number): void {
    if (!this.views[slot]) return;
    while (this.#sizes.length < this.views.length) this.#sizes.push(null);
    this.#sizes[slot] = [Math.round(width), Math.round(height)];
    this.#gathering ??= setTimeout(() => this.#tellSizes(), GATHER);
  }

  leave(): void {
    this.#closed = true;
    clearTimeout(this.#gathering);
    this.pc.close();
    this.#worker.terminate();
    this.#events.clear();
  }

  #addSlot(slot: number): void {
    const stream = new MediaStream();
    this.views.push({ id: null, stream });
    for (const kind of ['audio', 'video'] as const) {
      const sends = slot === 0;
      const sendEncodings = kind === 'video' ? encodings(this.options.tracks.video?.getSettings()) : [{}];
      const transceiver = this.pc.addTransceiver((sends && this.options.tracks[kind]) || kind, sends ? { direction: 'sendrecv', sendEncodings } : { direction: 'recvonly' });
      prefer(transceiver, kind === 'video' ? ['video/vp8', 'video/rtx'] : ['audio/opus']);
      const options = (side: GroupTransform['side']): GroupTransform => ({ side, kind, slot });
      if (sends) {
        this.#senders.set(kind, transceiver.sender);
        attachWorker(this.#worker, transceiver.sender, options('send'));
      }
      attachWorker(this.#worker, transceiver.receiver, options('receive'));
      hurry(transceiver.receiver);
      stream.addTrack(transceiver.receiver.track);
    }
  }

  async #take(message: FromGroup): Promise<void> {
    if (this.#closed) return;
    switch (message.type) {
      case 'group':
        return this.#changed(message.group, message.you, message.members);
      case 'told':
        return this.#told(message.from, message.data);
      case 'shown':
        for (const [slot, id] of message.slots.entries()) if (!id) this.#show(slot, null);
        this.#events.emit('speaker', { id: message.speaker });
        return;
      case 'taken':
        this.#encode((parameters, sender) => {
          for (const encoding of parameters.encodings) encoding.active = message.layers.includes(encoding.rid ?? '');
          return sender.setParameters(parameters);
        });
    }
  }

  async #changed(group: string, you: string, members: { id: string; key: string }[]): Promise<void> {
    const own = await this.#pair;
    if (this.#group && this.#group !== group) return; // keys are bound to the first name
    this.#group = group;
    const others = new Map(members.filter((m) => m.id !== you && keyKind(m.key) === own.kind).map((m) => [m.id, m.key]));
    let changed = false;
    for (const [id, { key }] of this.#members) {
      if (others.get(id) === key) continue;
      this.#members.delete(id);
      this.#post({ op: 'forget', sender: id });
      changed = true;
    }
    for (const [id, key] of others) {
      if (this.#members.has(id)) continue;
      this.#members.set(id, { key, generation: 0 });
      changed = true;
    }
    this.#events.emit('members', { members: members.map((m) => m.id), digest: groupDigest(group, members) });
    if (changed && this.#members.size > 0) await this.#renew(own);
  }

  /** Makes another sender key, so that who left hears nothing that follows, and who came nothing that was before. */
  async #renew(own: KeyPair): Promise<void> {
    const next = (this.#own = { generation: (this.#own?.generation ?? 0) + 1, secret: random(32) });
    const keys = await senderFrameKeys(this.#group, own.text, next);
    for (const [to, { key }] of this.#members) {
      const data = await sealSecret(own, key, this.#group, next).catch(() => null); // no key of the curve: he hears nothing
      if (data) this.#say({ type: 'tell', to, data });
    }
    const use = () => {
      if (this.#closed) return;
      this.#using = next.generation;
      this.#post({ op: 'send', keyId: senderKeyId(this.#group, own.text, next.generation), keys });
      this.#encode((_, sender) => makeKeyFrame(sender));
    };
    if (this.#using === 0) use();
    else setTimeout(use, SETTLE);
  }

  async #told(from: string, data: string): Promise<void> {
    const member = this.#members.get(from);
    if (!member) return;
    const secret = await openSecret(await this.#pair, member.key, this.#group, data);
    if (secret.generation <= member.generation) return; // said before
    member.generation = secret.generation;
    const keys = await senderFrameKeys(this.#group, member.key, secret);
    this.#post({ op: 'receive', sender: from, keyId: senderKeyId(this.#group, member.key, secret.generation), keys });
  }

  #show(slot: number, id: string | null): void {
    const view = this.views[slot];
    if (!view || view.id === id) return;
    view.id = id;
    this.#events.emit('view', { slot, id, stream: view.stream });
  }

  /** Changes the camera's encoder. Two changes at once would undo each other. */
  #encode(change: (parameters: RTCRtpSendParameters, sender: RTCRtpSender) => Promise<void>): void {
    const sender = this.#senders.get('video');
    if (sender) this.#parameters = this.#parameters.then(() => change(sender.getParameters(), sender)).catch(() => {});
  }

  #tellSizes(): void {
    this.#gathering = undefined;
    if (this.#sizes.length) this.#say({ type: 'views', sizes: this.#sizes });
  }

  #say(message: object): void {
    if (this.#channel.readyState === 'open') this.#channel.send(JSON.stringify(message));
  }

  #post(message: ToGroupWorker): void {
    if (!this.#closed) this.#worker.postMessage(message);
  }
}
