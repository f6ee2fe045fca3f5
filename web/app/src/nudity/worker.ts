/** The Worker of the nudity check: loads the network once, then answers each picture with how likely it is nudity. No picture leaves it. */
import file from './network.bin';
import { Network } from './network';

interface Look {
  id: number;
  /** RGBA. */
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** Drawn or photographed. What the network calls "sexy", people in swimwear, is not nudity. */
const nude = ['porn', 'hentai'];

let loading: Promise<Network> | null = null;

async function load(): Promise<Network> {
  const response = await fetch(new URL(file, self.location.href));
  if (!response.ok) throw new Error(`the network of the nudity check: ${response.status}`);
  return new Network(await response.arrayBuffer());
}

self.onmessage = async ({ data: { id, pixels } }: MessageEvent<Look>) => {
  try {
    const network = await (loading ??= load());
    const began = performance.now();
    const all = network.classify(pixels);
    const likely = all.reduce((sum, value, i) => sum + (nude.includes(network.classes[i]!) ? value : 0), 0);
    self.postMessage({ id, likely, took: performance.now() - began });
  } catch (e) {
    loading = null;
    self.postMessage({ id, failed: String(e) });
  }
};
