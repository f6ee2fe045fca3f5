// N2: how many round trips from opening the page to being ready to be matched?
//
//   node bench/open/run.mjs [--rounds 5]
//
// The page is opened over networks of 0, 50, 100 and 150 ms each way (media and WebSocket, bench/impair), cold each time;
// the slope of the time over the round trip is the count of round trips, whatever the processors cost. Ready means: the
// server has put the user in the queue, and media is connected, so that a match shows a picture at once. Permission is
// granted at once. TCP handshakes count; TLS would add one more (here: plain HTTP on loopback).
import { Server } from '../../web/test/lib/server.mjs';
import { freePort } from '../../web/test/lib/net.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { build, figures, save, serve, stopAll, table } from '../lib/process.mjs';

const i = process.argv.indexOf('--rounds');
const ROUNDS = i < 0 ? 5 : Number(process.argv[i + 1]);
const delays = [0, 50, 100, 150];

const { 'cmd/impair': impair } = build('cmd/impair');
const port = await freePort();
const server = await Server.start({ '--udp': `127.0.0.2:${port}`, '--tcp': 'off', '--public-ip': '127.0.0.1', '--turn-listen': 'off', '--log-level': 'warn' });
const browser = await launchChromium();
const times = []; // { rtt, usable, waiting, media, channel, ready }
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const delay of delays) {
      await serve(impair, '--listen', `127.0.0.1:${port}`, '--target', `127.0.0.2:${port}`, '--delay', `${delay}ms`);
      const http = (await serve(impair, '--tcp', '--target', new URL(server.url).host.replace('localhost', '127.0.0.1'), '--delay', `${delay}ms`)).split(':').at(-1);
      const page = await openPage(browser, { colour: 'red', fps: 5 });
      await page.goto(`http://localhost:${http}/`, { waitUntil: 'domcontentloaded' });
      await page.waitForSelector('[data-testid="start"]', { timeout: 30_000 });
      const usable = await page.evaluate(() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd);
      await page.click('[data-testid="confirm-age"]');
      await page.evaluate(() => {
        const marks = (window.marks = { start: performance.now() });
        passerby.on('waiting', () => (marks.waiting ??= performance.now()));
        setInterval(() => {
          const pc = __test.connections[0];
          if (pc?.connectionState === 'connected') marks.media ??= performance.now();
          if (__test.openChannels()) marks.channel ??= performance.now();
        }, 2);
        document.querySelector('[data-testid="start"]').click();
      });
      await page.waitForFunction(() => marks.waiting && marks.media && marks.channel, { timeout: 30_000, polling: 20 });
      const m = await page.evaluate(() => marks);
      times.push({ rtt: 2 * delay, usable, waiting: m.waiting - m.start, media: m.media - m.start, channel: m.channel - m.start, ready: Math.max(m.waiting, m.media) - m.start });
      await page.browserContext().close();
      stopAll();
    }
  }
} finally {
  await browser.close();
  await server.stop();
  stopAll();
}

/** Round trips: the slope through the medians at each delay; and the time that does not depend on the network. */
function line(what) {
  const points = delays.map((d) => [2 * d, figures(times.filter((t) => t.rtt === 2 * d).map((t) => t[what])).median]);
  const [mx, my] = [0, 1].map((k) => points.reduce((s, p) => s + p[k], 0) / points.length);
  const slope = points.reduce((s, [x, y]) => s + (x - mx) * (y - my), 0) / points.reduce((s, [x]) => s + (x - mx) ** 2, 0);
  return { 'round trips': slope.toFixed(2), 'rest ms': (my - slope * mx).toFixed(0), ...Object.fromEntries(points.map(([x, y]) => [`RTT ${x} ms`, y.toFixed(0)])) };
}
const summary = [
  ['page open → usable', 'usable'],
  ['Start → in the queue', 'waiting'],
  ['Start → media connected', 'media'],
  ['Start → data channel open', 'channel'],
  ['Start → ready to be matched', 'ready'],
].map(([step, what]) => ({ step, ...line(what) }));
console.log(`N2: round trips, ${ROUNDS} cold page loads at each delay (medians)`);
table(summary);
save('open', { summary, times });
