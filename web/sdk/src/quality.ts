/**
 * Turns getStats into the few numbers that a person can use. Keeps the last reading to compute rates. Loaded when a page asks for them: it
 * imports nothing, so that it is a file of its own.
 */
import type { Quality } from './types';

interface Reading {
  at: number;
  bytesIn: number;
  bytesOut: number;
  received: number;
  lost: number;
}

type Stat = Record<string, unknown> & { type: string; id: string };

export const unknownQuality: Quality = {
  level: 'unknown', rttMs: null, loss: 0, bitrateIn: 0, bitrateOut: 0, framesPerSecond: 0, width: 0, height: 0,
  protocol: 'unknown', relayed: false,
};

/** Without a new picture for this long there is none, in milliseconds: less than two readings are apart, since timers may be early. */
const STILL = 1900;

export class QualityMeter {
  #last: Reading | null = null;
  #pictures = { count: -1, at: 0 };

  /** Pure but for the memory of the last report and the clock. `camera`: whether the partner's is on; a screen may well stand still. */
  measure(report: Iterable<[string, unknown]>, camera = false): Quality {
    const stats = [...report].map(([, stat]) => stat as Stat);
    const byId = new Map(stats.map((stat) => [stat.id, stat]));
    const number = (stat: Stat | undefined, name: string) => (typeof stat?.[name] === 'number' ? (stat[name] as number) : 0);
    const now: Reading = { at: performance.now(), bytesIn: 0, bytesOut: 0, received: 0, lost: 0 };
    let video: Stat | undefined;
    for (const stat of stats) {
      if (stat.type === 'inbound-rtp') {
        now.bytesIn += number(stat, 'bytesReceived');
        now.received += number(stat, 'packetsReceived');
        now.lost += number(stat, 'packetsLost');
        if (stat['kind'] === 'video') video = stat;
      } else if (stat.type === 'outbound-rtp') now.bytesOut += number(stat, 'bytesSent');
    }
    const transport = stats.find((stat) => stat.type === 'transport');
    const pair =
      byId.get(String(transport?.['selectedCandidatePairId'])) ??
      stats.find((stat) => stat.type === 'candidate-pair' && stat['nominated'] === true && stat['state'] === 'succeeded');
    const local = byId.get(String(pair?.['localCandidateId']));
    const relayed = local?.['candidateType'] === 'relay';
    const protocol = relayed ? (local?.['relayProtocol'] === 'udp' ? 'udp' : 'tcp') : local?.['protocol'];
    const rtt = pair?.['currentRoundTripTime'];
    const { loss, bitrateIn, bitrateOut } = this.#rates(now);
    const quality: Quality = {
      level: 'unknown', loss, bitrateIn, bitrateOut, relayed,
      rttMs: typeof rtt === 'number' ? Math.round(rtt * 1000) : null,
      framesPerSecond: number(video, 'framesPerSecond'),
      width: number(video, 'frameWidth'),
      height: number(video, 'frameHeight'),
      protocol: protocol === 'udp' || protocol === 'tcp' ? protocol : 'unknown',
    };
    const still = this.#still(number(video, 'framesDecoded'), now.at);
    if (pair) quality.level = still && camera ? 'none' : level(quality);
    return quality;
  }

  /** Whether pictures have stopped. */
  #still(count: number, at: number): boolean {
    if (count !== this.#pictures.count) this.#pictures = { count, at };
    return at - this.#pictures.at >= STILL;
  }

  #rates(now: Reading): Pick<Quality, 'loss' | 'bitrateIn' | 'bitrateOut'> {
    const last = this.#last;
    this.#last = now;
    // Counters that fell belong to a new connection.
    if (!last || now.bytesIn < last.bytesIn || now.bytesOut < last.bytesOut) return { loss: 0, bitrateIn: 0, bitrateOut: 0 };
    const seconds = Math.max(0.001, (now.at - last.at) / 1000);
    const lost = Math.max(0, now.lost - last.lost);
    const all = lost + Math.max(0, now.received - last.received);
    return {
      loss: all > 0 ? lost / all : 0,
      bitrateIn: Math.round((8 * (now.bytesIn - last.bytesIn)) / seconds),
      bitrateOut: Math.round((8 * (now.bytesOut - last.bytesOut)) / seconds),
    };
  }
}

function level({ loss, rttMs }: Quality): Quality['level'] {
  if (loss > 0.08 || (rttMs ?? 0) > 500) return 'poor';
  if (loss > 0.02 || (rttMs ?? 0) > 250) return 'fair';
  return 'good';
}
