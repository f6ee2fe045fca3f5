/** How long a second picture is waited for where the browser does not tell pictures apart, in milliseconds. */
const SECOND = 500;
/** How long a told picture may take to the screen before the wait is given up, as on a page that nobody looks at. */
const LATEST = 5_000;
/** Timestamps further ahead than this, in units of 1/90000 s, are another connection's: they begin anywhere (RFC 3550 §5.1). */
const AHEAD = 10 * 90_000;

/** The part of a video element that is followed. */
export type Painter = Pick<HTMLVideoElement, 'requestVideoFrameCallback'>;

/**
 * Which pictures of a video element have come to the screen. Decoded is not painted: on a busy machine the element still
 * shows the stranger before for a while.
 */
export class Paints {
  readonly #painter: Painter;
  readonly #able: boolean;
  #pictures = 0;
  /** The RTP timestamp of the last picture; undefined where the browser does not tell. */
  #last: number | undefined;
  readonly #looks = new Set<() => void>();

  constructor(painter: Painter) {
    this.#painter = painter;
    this.#able = 'requestVideoFrameCallback' in painter;
    if (this.#able) this.#follow();
  }

  /** Resolves when a picture of that RTP timestamp or a later one is on the screen. */
  since(first: number): Promise<void> {
    if (!this.#able) return Promise.resolve();
    const before = this.#pictures;
    const there = () => (this.#last === undefined ? this.#pictures >= before + 2 : within(this.#last, first));
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(late);
        this.#looks.delete(look);
        resolve();
      };
      const look = () => there() && done();
      const late = setTimeout(done, this.#last === undefined ? SECOND : LATEST);
      this.#looks.add(look);
      look();
    });
  }

  #follow(): void {
    this.#painter.requestVideoFrameCallback((_, { rtpTimestamp }) => {
      this.#pictures++;
      this.#last = rtpTimestamp;
      for (const look of [...this.#looks]) look();
      this.#follow();
    });
  }
}

/** Whether a timestamp is the first or one soon after it; they wrap at 2^32. */
function within(timestamp: number, first: number): boolean {
  const ahead = (timestamp - first) | 0;
  return ahead >= 0 && ahead < AHEAD;
}
