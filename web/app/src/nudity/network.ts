/**
 * Runs the small network that the nudity check consists of: MobileNetV2, as nsfwjs publishes it, with one set of loops and no
 * library. It needs neither WebAssembly nor the graphics card, so the page's policy (no eval, no wasm) stays as strict as it is.
 *
 * A file of the network: length of the header (4 bytes, little-endian), the header (JSON, `Header`), then for each layer its
 * weights, one byte each, and its biases, four bytes each. Values lie as height × width × channels.
 */

export interface Layer {
  kind: 'conv' | 'depthwise' | 'dense';
  /** Side of the kernel; distance between two places of it; pixels of nothing before and behind. */
  kernel: number;
  stride: number;
  pad: [number, number];
  inputs: number;
  outputs: number;
  /** What is not let through: above 6 and below 0; below 0; nothing. */
  cut: 'relu6' | 'relu' | 'none';
  /** The layer whose outcome is added, counted from 0. */
  add?: number;
  /** A byte b of the weights of output c means (min + step · b) · scales[c]. */
  min: number;
  step: number;
  /** Where in the file. */
  weights: number;
  scales: number;
  biases: number;
}

export interface Header {
  size: number;
  classes: string[];
  layers: Layer[];
}

interface Values {
  side: number;
  channels: number;
  data: Float32Array;
}

export class Network {
  readonly size: number;
  readonly classes: readonly string[];
  readonly #layers: { layer: Layer; kernel: Float32Array; bias: Float32Array }[];

  /** Reads a file of the network. */
  constructor(file: ArrayBuffer) {
    const view = new DataView(file);
    const length = view.getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(file, 4, length))) as Header;
    const start = 4 + length;
    this.size = header.size;
    this.classes = header.classes;
    this.#layers = header.layers.map((layer) => ({
      layer,
      kernel: weightsOf(layer, file, start),
      bias: floats(view, start + layer.biases, layer.outputs),
    }));
  }

  /** How likely a picture of size × size pixels (RGBA) is each of the classes. */
  classify(pixels: Uint8ClampedArray): number[] {
    const { size } = this;
    let now: Values = { side: size, channels: 3, data: new Float32Array(size * size * 3) };
    for (let p = 0, i = 0; i < now.data.length; p += 4) {
      now.data[i++] = pixels[p]! / 255;
      now.data[i++] = pixels[p + 1]! / 255;
      now.data[i++] = pixels[p + 2]! / 255;
    }
    const wanted = new Set(this.#layers.map(({ layer }) => layer.add));
    const kept = new Map<number, Values>();
    for (const [n, { layer, kernel, bias }] of this.#layers.entries()) {
      now = layer.kind === 'depthwise' ? depthwise(now, layer, kernel, bias) : layer.kind === 'dense' ? dense(now, layer, kernel, bias) : conv(now, layer, kernel, bias);
      if (layer.add !== undefined) {
        const other = kept.get(layer.add)!.data;
        for (let i = 0; i < other.length; i++) now.data[i]! += other[i]!;
      }
      if (wanted.has(n)) kept.set(n, now);
    }
    return softmax(now.data);
  }
}

/** The weights as numbers, for each output in one piece; those of a depthwise layer for each place of the kernel in one piece. */
function weightsOf({ kind, kernel, inputs, outputs, min, step, weights, scales }: Layer, file: ArrayBuffer, start: number): Float32Array {
  const each = kind === 'depthwise' ? kernel * kernel : kernel * kernel * inputs;
  const bytes = new Uint8Array(file, start + weights, each * outputs);
  const scale = floats(new DataView(file), start + scales, outputs);
  const out = new Float32Array(bytes.length);
  for (let i = 0, n = 0; i < each; i++) {
    for (let c = 0; c < outputs; c++, n++) out[kind === 'depthwise' ? n : c * each + i] = (min + step * bytes[n]!) * scale[c]!;
  }
  return out;
}

function floats(view: DataView, from: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => view.getFloat32(from + 4 * i, true));
}

function outcome({ side }: Values, { kernel, stride, pad, outputs }: Layer): Values {
  const to = Math.floor((side + pad[0] + pad[1] - kernel) / stride) + 1;
  return { side: to, channels: outputs, data: new Float32Array(to * to * outputs) };
}

function limit(data: Float32Array, cut: Layer['cut']): void {
  if (cut === 'none') return;
  const top = cut === 'relu6' ? 6 : Infinity;
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    data[i] = v < 0 ? 0 : v > top ? top : v;
  }
}

/** Each place of the kernel in one row beside the others, so that any convolution is a product of two matrices. */
function conv(from: Values, layer: Layer, kernel: Float32Array, bias: Float32Array): Values {
  const to = outcome(from, layer);
  const each = layer.kernel * layer.kernel * layer.inputs;
  product(layer.kernel === 1 ? from.data : spread(from, to.side, layer), kernel, bias, to.data, to.side * to.side, each, layer.outputs);
  limit(to.data, layer.cut);
  return to;
}

function spread({ side, channels, data }: Values, to: number, { kernel, stride, pad }: Layer): Float32Array {
  const out = new Float32Array(to * to * kernel * kernel * channels);
  let n = 0;
  for (let y = 0; y < to; y++) {
    for (let x = 0; x < to; x++) {
      for (let j = 0; j < kernel; j++) {
        const row = y * stride + j - pad[0];
        for (let i = 0; i < kernel; i++, n += channels) {
          const column = x * stride + i - pad[0];
          if (row < 0 || column < 0 || row >= side || column >= side) continue;
          const at = (row * side + column) * channels;
          for (let c = 0; c < channels; c++) out[n + c] = data[at + c]!;
        }
      }
    }
  }
  return out;
}

/** out[row][c] = bias[c] + Σ rows[row][i] · kernel[c][i], sixteen at a time: most of the time is spent here. */
function product(rows: Float32Array, kernel: Float32Array, bias: Float32Array, out: Float32Array, count: number, each: number, outputs: number): void {
  let row = 0;
  for (; row + 4 <= count; row += 4) {
    const r0 = row * each;
    const r1 = r0 + each;
    const r2 = r1 + each;
    const r3 = r2 + each;
    let c = 0;
    for (; c + 4 <= outputs; c += 4) {
      const k0 = c * each;
      const k1 = k0 + each;
      const k2 = k1 + each;
      const k3 = k2 + each;
      let a0 = bias[c]!, a1 = bias[c + 1]!, a2 = bias[c + 2]!, a3 = bias[c + 3]!;
      let b0 = a0, b1 = a1, b2 = a2, b3 = a3;
      let d0 = a0, d1 = a1, d2 = a2, d3 = a3;
      let e0 = a0, e1 = a1, e2 = a2, e3 = a3;
      for (let i = 0; i < each; i++) {
        const w0 = kernel[k0 + i]!, w1 = kernel[k1 + i]!, w2 = kernel[k2 + i]!, w3 = kernel[k3 + i]!;
        let v = rows[r0 + i]!;
        a0 += v * w0; a1 += v * w1; a2 += v * w2; a3 += v * w3;
        v = rows[r1 + i]!;
        b0 += v * w0; b1 += v * w1; b2 += v * w2; b3 += v * w3;
        v = rows[r2 + i]!;
        d0 += v * w0; d1 += v * w1; d2 += v * w2; d3 += v * w3;
        v = rows[r3 + i]!;
        e0 += v * w0; e1 += v * w1; e2 += v * w2; e3 += v * w3;
      }
      let o = row * outputs + c;
      out[o] = a0; out[o + 1] = a1; out[o + 2] = a2; out[o + 3] = a3;
      o += outputs;
      out[o] = b0; out[o + 1] = b1; out[o + 2] = b2; out[o + 3] = b3;
      o += outputs;
      out[o] = d0; out[o + 1] = d1; out[o + 2] = d2; out[o + 3] = d3;
      o += outputs;
      out[o] = e0; out[o + 1] = e1; out[o + 2] = e2; out[o + 3] = e3;
    }
    for (; c < outputs; c++) for (let r = row; r < row + 4; r++) out[r * outputs + c] = single(rows, r * each, kernel, c * each, each, bias[c]!);
  }
  for (; row < count; row++) {
    for (let c = 0; c < outputs; c++) out[row * outputs + c] = single(rows, row * each, kernel, c * each, each, bias[c]!);
  }
}

function single(rows: Float32Array, r: number, kernel: Float32Array, k: number, each: number, bias: number): number {
  let sum = bias;
  for (let i = 0; i < each; i++) sum += rows[r + i]! * kernel[k + i]!;
  return sum;
}

/** Each channel by itself. */
function depthwise(from: Values, layer: Layer, kernel: Float32Array, bias: Float32Array): Values {
  const to = outcome(from, layer);
  const { side, channels, data } = from;
  const { stride, pad } = layer;
  for (let y = 0, o = 0; y < to.side; y++) {
    for (let x = 0; x < to.side; x++, o += channels) {
      for (let c = 0; c < channels; c++) to.data[o + c] = bias[c]!;
      for (let j = 0; j < layer.kernel; j++) {
        const row = y * stride + j - pad[0];
        if (row < 0 || row >= side) continue;
        for (let i = 0; i < layer.kernel; i++) {
          const column = x * stride + i - pad[0];
          if (column < 0 || column >= side) continue;
          const at = (row * side + column) * channels;
          const k = (j * layer.kernel + i) * channels;
          for (let c = 0; c < channels; c++) to.data[o + c]! += data[at + c]! * kernel[k + c]!;
        }
      }
    }
  }
  limit(to.data, layer.cut);
  return to;
}

/** From the mean of each channel, or from the layer before. */
function dense({ side, channels, data }: Values, layer: Layer, kernel: Float32Array, bias: Float32Array): Values {
  const mean = new Float32Array(channels);
  for (let i = 0; i < data.length; i++) mean[i % channels]! += data[i]! / (side * side);
  const out = new Float32Array(layer.outputs);
  product(mean, kernel, bias, out, 1, layer.inputs, layer.outputs);
  limit(out, layer.cut);
  return { side: 1, channels: layer.outputs, data: out };
}

function softmax(data: Float32Array): number[] {
  const top = Math.max(...data);
  const all = Array.from(data, (v) => Math.exp(v - top));
  const sum = all.reduce((a, b) => a + b, 0);
  return all.map((v) => v / sum);
}
