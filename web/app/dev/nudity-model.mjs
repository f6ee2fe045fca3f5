// Makes web/app/src/nudity/network.bin from the weights in the npm package nsfwjs (MIT):
//   npm pack nsfwjs@4.3.0 && tar xzf nsfwjs-4.3.0.tgz && node web/app/dev/nudity-model.mjs package
// Batch normalisation is folded into scales and biases; the weights stay the bytes that they were. web/app/src/nudity/network.ts reads it.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const require = createRequire(import.meta.url);
const part = (name) => {
  const found = require(resolve(process.argv[2], 'dist/models/mobilenet_v2', name));
  return found.default ?? found;
};
const model = part('model.min.js');
const raw = Buffer.from(part('group1-shard1of1.min.js'), 'base64');

// Where each tensor lies, and its numbers.
const tensors = new Map();
let at = 0;
for (const { name, shape, quantization } of model.weightsManifest.flatMap((m) => m.weights)) {
  const length = shape.reduce((a, b) => a * b, 1);
  tensors.set(name, { bytes: raw.subarray(at, at + length), ...quantization });
  at += length;
}
if (at !== raw.length) throw new Error(`${raw.length} bytes of weights, ${at} used`);
const numbers = (name) => {
  const { bytes, min, scale } = tensors.get(name);
  return [...bytes].map((b) => min + scale * b);
};

const chunks = [];
let length = 0;
const put = (buffer) => {
  chunks.push(buffer);
  length += buffer.length;
  return length - buffer.length;
};
const putFloats = (all) => put(Buffer.from(Float32Array.from(all).buffer));

const layers = [];
const outcome = new Map(); // name of a Keras layer → number of ours whose outcome it is
let pad = null;
for (const { class_name: kind, config, inbound_nodes: inbound } of model.modelTopology.model_config.config.layers) {
  const inputs = (inbound[0] ?? []).map(([name]) => name);
  const last = layers.at(-1);
  const follow = () => outcome.set(config.name, layers.length - 1);
  switch (kind) {
    case 'ZeroPadding2D':
      pad = config.padding[0];
      outcome.set(config.name, layers.length - 1);
      break;
    case 'Conv2D':
    case 'DepthwiseConv2D':
    case 'Dense': {
      const depth = kind === 'DepthwiseConv2D';
      const kernel = kind === 'Dense' ? 1 : config.kernel_size[0];
      const tensor = tensors.get(`${config.name}/${depth ? 'depthwise_kernel' : 'kernel'}`);
      const inner = depth ? tensor.bytes.length / kernel / kernel : tensor.bytes.length / kernel / kernel / (config.filters ?? config.units);
      const outputs = depth ? inner : config.filters ?? config.units;
      const same = config.padding === 'same' ? [(kernel - 1) / 2, (kernel - 1) / 2] : null;
      layers.push({
        kind: kind === 'Dense' ? 'dense' : depth ? 'depthwise' : 'conv', kernel, stride: config.strides?.[0] ?? 1, pad: same ?? pad ?? [0, 0], inputs: inner, outputs,
        cut: config.activation === 'relu' ? 'relu' : 'none', min: tensor.min, step: tensor.scale, weights: put(tensor.bytes),
        scale: Array(outputs).fill(1), bias: config.use_bias ? numbers(`${config.name}/bias`) : Array(outputs).fill(0),
      });
      if (same && config.strides?.[0] !== 1) throw new Error(`${config.name}: unforeseen padding`);
      pad = null;
      follow();
      break;
    }
    case 'BatchNormalization': {
      const [gamma, beta, mean, variance] = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((n) => numbers(`${config.name}/${n}`));
      last.scale = gamma.map((g, c) => g / Math.sqrt(variance[c] + config.epsilon));
      last.bias = beta.map((b, c) => b - mean[c] * last.scale[c]);
      follow();
      break;
    }
    case 'ReLU':
      if (config.max_value !== 6) throw new Error(`${config.name}: unforeseen limit`);
      last.cut = 'relu6';
      follow();
      break;
    case 'Add': {
      const others = inputs.map((name) => outcome.get(name)).filter((n) => n !== layers.length - 1);
      if (others.length !== 1) throw new Error(`${config.name}: adds ${inputs}`);
      last.add = others[0];
      follow();
      break;
    }
    case 'InputLayer': case 'AveragePooling2D': case 'Flatten': case 'Dropout':
      outcome.set(config.name, layers.length - 1);
      break;
    default:
      throw new Error(`unforeseen layer ${kind}`);
  }
}
for (const layer of layers) {
  layer.scales = putFloats(layer.scale);
  layer.biases = putFloats(layer.bias);
  delete layer.scale;
  delete layer.bias;
}
const classes = ['drawing', 'hentai', 'neutral', 'porn', 'sexy'];
const header = Buffer.from(JSON.stringify({ size: 224, classes, layers }));
const size = Buffer.alloc(4);
size.writeUInt32LE(header.length);
writeFileSync(new URL('../src/nudity/network.bin', import.meta.url), Buffer.concat([size, header, ...chunks]));
console.log(`${layers.length} layers, ${4 + header.length + length} bytes`);
