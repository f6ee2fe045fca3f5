import type { Options } from '@passerby/client';

/**
 * What the address bar may change. For tests and for finding faults only, and never a secret:
 * `?relay=1` sends media through TURN, `?udp=0` keeps to TCP, `?codecs=AV1,VP9` names the codecs of video to send.
 */
export function fromQuery(search: string): Options {
  const query = new URLSearchParams(search);
  const options: Options = {};
  if (query.get('relay') === '1') options.iceTransportPolicy = 'relay';
  if (query.get('udp') === '0') options.blockUdp = true;
  const codecs = query.get('codecs');
  if (codecs) options.codecs = codecs.split(',') as NonNullable<Options['codecs']>;
  return options;
}
