import { MAX_PICTURE } from '@passerby/client';

/** A picture of a moment, in this page's memory until it is sent or forgotten. */
export interface Snapshot {
  canvas: HTMLCanvasElement;
  /** As a JPEG that fits a report; null when the browser makes none. */
  jpeg(): Promise<Uint8Array | null>;
}

const WIDTH = 640;
const QUALITIES = [0.8, 0.65, 0.5, 0.35];

/** What the element shows now; null when that is nothing. */
export function takeSnapshot(video: HTMLVideoElement): Snapshot | null {
  const { videoWidth, videoHeight } = video;
  if (!videoWidth || !videoHeight) return null;
  const canvas = paint(video, Math.min(1, WIDTH / Math.max(videoWidth, videoHeight)), videoWidth, videoHeight);
  return { canvas, jpeg: () => squeeze(canvas) };
}

function paint(source: CanvasImageSource, scale: number, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext('2d')?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** First coarser, then smaller. */
async function squeeze(canvas: HTMLCanvasElement): Promise<Uint8Array | null> {
  for (let at = canvas; at.width > 80; at = paint(at, 0.7, at.width, at.height)) {
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((done) => at.toBlob(done, 'image/jpeg', quality));
      if (blob?.type !== 'image/jpeg') return null;
      if (blob.size <= MAX_PICTURE) return new Uint8Array(await blob.arrayBuffer());
    }
  }
  return null;
}
