import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Network } from '../src/nudity/network';

const file = () => new Uint8Array(readFileSync(process.env['NUDITY_NETWORK']!)).buffer;

/** A picture that is a formula, so that others can make it, too. */
function formula(side: number): Uint8ClampedArray {
  const pixels = new Uint8ClampedArray(side * side * 4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) pixels.set([(x * y) % 256, (x * 3 + y) % 256, (y * 5) % 256, 255], 4 * (y * side + x));
  }
  return pixels;
}

test('the network answers as TensorFlow.js does with the same weights', () => {
  const network = new Network(file());
  assert.deepEqual(network.classes, ['drawing', 'hentai', 'neutral', 'porn', 'sexy']);
  // By nsfwjs 4.3.0 with @tensorflow/tfjs 4.22.0.
  const theirs = [0.972135, 0.003326, 0.024306, 0.000153, 0.00008];
  network.classify(formula(network.size)).forEach((likely, i) => assert.ok(Math.abs(likely - theirs[i]!) < 1e-5, `${network.classes[i]}: ${likely}, not ${theirs[i]}`));
});

test('a file that is cut off is refused', () => {
  assert.throws(() => new Network(file().slice(0, 100_000)));
});
