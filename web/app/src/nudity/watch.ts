/**
 * Looks at pictures for nudity on this device: at the stranger's, to blur it before one sees it, and at one's own, to say so.
 * Comes to the page, with its Worker and the network (2.6 MB), only where the operator has it on, and only when a search for video begins.
 *
 *   video ── 224 × 224 pixels ──▶ Worker ── how likely ──▶ told
 *         one look at a time, a fifth of the time at most; the first one of a match at once
 */
import type { Glance } from '../view';

export interface Watched {
  /** From which likelihood on a picture counts as nudity. */
  threshold: number;
  /** The conversation that goes on. */
  match(): string | null;
  /** The stranger's picture, when there is one to see. */
  partner(): HTMLVideoElement | null;
  /** One's own picture, while it is sent. */
  own(): MediaStream | null;
  /** About the stranger's picture in a match. */
  tell(match: string, glance: Glance): void;
  /** One's own picture was taken for nudity: once a match. */
  warn(): void;
}

const SIDE = 224;
/** Between two looks, in milliseconds, and in times of what a look took. */
const REST = 1500;
const SHARE = 4;
/** How long a picture waits for its first look: where the network is slow to come, it is shown meanwhile. */
const PATIENCE = 2500;
/** Before the next try, when the network did not come, in milliseconds. */
const RETRY = 30_000;
/** Each so many looks one is at the own picture. */
const OWN = 4;

/** What the Worker answers. */
interface Answer {
  id: number;
  likely?: number;
  took?: number;
  failed?: string;
}

type Judged = Omit<Answer, 'id'>;

export class Watch {
  readonly #watched: Watched;
  readonly #worker = new Worker(__NUDITY_URL__, { type: 'module', name: 'passerby-nudity' });
  readonly #pen: CanvasRenderingContext2D;
  readonly #mirror = Object.assign(document.createElement('video'), { muted: true, playsInline: true });
  readonly #answers = new Map<number, (judged: Judged) => void>();
  #looks = 0;
  /** Grows with each beginning and each end: who looks for an older one stops. */
  #turn = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    const canvas = Object.assign(document.createElement('canvas'), { width: SIDE, height: SIDE });
    this.#pen = canvas.getContext('2d', { willReadFrequently: true, alpha: false })!;
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      if (data.failed) console.warn(data.failed);
      this.#answers.get(data.id)?.(data);
      this.#answers.delete(data.id);
    };
    void this.#judge(this.#pen.getImageData(0, 0, SIDE, SIDE)); // the network comes while one waits for a stranger
  }

  /** The first picture of a match is here: looks from now on, until the match is over. */
  begin(match: string): void {
    const turn = ++this.#turn;
    setTimeout(() => this.#watched.tell(match, 'late'), PATIENCE);
    void this.#watch(match, () => turn !== this.#turn || this.#watched.match() !== match);
  }

  /** The person wants to see this stranger in any case. */
  end(): void {
    this.#turn++;
  }

  async #watch(match: string, over: () => boolean): Promise<void> {
    let [found, warned] = [false, false];
    for (let n = 1; !over() && !(found && warned); n++) {
      const own = !warned && (found || n % OWN === 0);
      const picture = own ? await this.#ownPicture() : this.#watched.partner();
      const { likely, took = 0, failed }: Judged = picture && !document.hidden ? await this.#look(picture) : {};
      if (over()) return;
      if (likely !== undefined) {
        const nude = likely >= this.#watched.threshold;
        if (own && nude) this.#watched.warn();
        if (own) warned ||= nude;
        else this.#watched.tell(match, nude ? 'nude' : 'clear');
        found ||= nude && !own;
      }
      await new Promise((done) => setTimeout(done, failed ? RETRY : Math.max(REST, SHARE * took)));
    }
  }

  async #ownPicture(): Promise<HTMLVideoElement | null> {
    const stream = this.#watched.own();
    if (this.#mirror.srcObject !== stream) this.#mirror.srcObject = stream;
    if (!stream) return null;
    await this.#mirror.play().catch(() => {});
    return this.#mirror;
  }

  async #look(video: HTMLVideoElement): Promise<Judged> {
    if (video.readyState < 2 || !video.videoWidth) return {};
    this.#pen.drawImage(video, 0, 0, SIDE, SIDE);
    return this.#judge(this.#pen.getImageData(0, 0, SIDE, SIDE));
  }

  #judge({ data }: ImageData): Promise<Judged> {
    const id = ++this.#looks;
    const answer = new Promise<Judged>((resolve) => this.#answers.set(id, resolve));
    this.#worker.postMessage({ id, pixels: data }, [data.buffer]);
    return answer;
  }
}
