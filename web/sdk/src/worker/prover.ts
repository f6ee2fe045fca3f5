/** The Worker that solves a puzzle: it is told one, tells how far it is, and at last the number, or null when there is none. */
import { search, type Puzzle } from './search';

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = ({ data }: MessageEvent<Puzzle>) => {
  self.postMessage({ number: search(data, (share) => self.postMessage({ share })) });
};
