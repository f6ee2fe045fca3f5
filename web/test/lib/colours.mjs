// The cameras of the tests: one colour each, far enough apart to survive the codec.
export const colours = {
  red: [208, 32, 32],
  green: [32, 160, 32],
  blue: [32, 64, 208],
  yellow: [208, 176, 32],
  violet: [160, 32, 176],
};

export const css = (name) => `rgb(${colours[name].join(' ')})`;
