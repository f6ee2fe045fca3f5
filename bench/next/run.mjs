// N1: how long from the server's decision that two people meet to the first decoded picture of the new partner?
//
//   node bench/next/run.mjs [--blocks 5] [--nexts 4] [--delay 50ms] [--pages 4]
//
// Four Chromium pages (three leave two processors some room: two in a match, one waits), a network of 50 ms each way
// (media and WebSocket, bench/impair). Beside it, on the same pages, block by block in turns: a new PeerConnection for
// each match (bench/newpeer). A picture counts when its colour is the new partner's. The clocks of server and pages are
// the same machine's.
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '../../web/test/lib/server.mjs';
import { freePort } from '../../web/test/lib/net.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { build, figures, idle, save, serve, stopAll, table } from '../lib/process.mjs';
import { joinNewPeer, watchPicture, watchWorker } from './inpage.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf('--' + name);
  return i < 0 ? fallback : process.argv[i + 1];
};
const BLOCKS = Number(option('blocks', 5));
const NEXTS = Number(option('nexts', 4)); // of each page, in each block
const DELAY = option('delay', '50ms');
const TIMEOUT = 8000;
const names = ['red', 'green', 'blue', 'yellow'].slice(0, Number(option('pages', 4)));

/** One bad network for a media port on 127.0.0.2, seen on 127.0.0.1 under the same port. */
const mediaProxy = (impair, port) => serve(impair, '--listen', `127.0.0.1:${port}`, '--target', `127.0.0.2:${port}`, '--delay', DELAY);
const tcpProxy = async (impair, target) => (await serve(impair, '--tcp', '--target', target, '--delay', DELAY)).split(':').at(-1);

async function setUp() {
  const programs = build('cmd/impair', 'newpeer');
  const impair = programs['cmd/impair'];
  const [warmPort, coldPort] = [await freePort(), await freePort()];
  const server = await Server.start({
    '--udp': `127.0.0.2:${warmPort}`, '--tcp': 'off', '--public-ip': '127.0.0.1', '--turn-listen': 'off', '--log-level': 'warn', '--rematch': '400ms',
  });
  await mediaProxy(impair, warmPort);
  const url = `http://localhost:${await tcpProxy(impair, new URL(server.url).host.replace('localhost', '127.0.0.1'))}`;
  const cold = await serve(programs.newpeer, '--http', '127.0.0.1:0', '--udp', `127.0.0.2:${coldPort}`, '--public-ip', '127.0.0.1');
  await mediaProxy(impair, coldPort);
  const coldURL = `ws://127.0.0.1:${await tcpProxy(impair, cold)}`;
  const browser = await launchChromium();
  const pages = [];
  for (const [i, colour] of names.entries()) {
    const page = await openPage(browser, { colour, size: [320, 240], fps: 20, tone: 300 + 100 * i, viewport: { width: 480, height: 360 } });
    await page.setBypassCSP(true);
    await page.evaluateOnNewDocument(watchWorker);
    pages.push(page);
  }
  return { server, browser, pages, url, coldURL };
}

/** The ways to meet: how a page joins, presses Next, and leaves again. */
const ways = {
  warm,
  'new PeerConnection': ({ url, coldURL }) => ({
    async join(page) {
      await page.goto(url, { waitUntil: 'load' });
      await page.evaluate(watchPicture, null);
      await page.evaluate(joinNewPeer, coldURL);
    },
    next: (page) => page.evaluate(() => bench.next()),
  }),
};

function warm({ url }) {
  return {
    async join(page) {
      await page.goto(url, { waitUntil: 'load' });
      await page.evaluate(watchPicture, '[data-testid="remote-video"]');
      await page.waitForSelector('[data-testid="confirm-age"]');
      await page.evaluate(() => {
        passerby.on('matched', ({ match }) => bench.matched(match.id, match.at));
        passerby.on('firstframe', ({ match }) => (bench.decoded[match.id] = Date.now()));
        const box = document.querySelector('[data-testid="confirm-age"]');
        if (!box.checked) box.click();
      });
      const start = await page.waitForSelector('[data-testid="start"]');
      await start.click();
    },
    next: (page) => page.evaluate(() => document.querySelector('[data-testid="next"]').click()),
  };
}

/** Waits until all pages, but for an odd one, are in a new match. Returns the match of each page or null; nothing when it takes too long. */
async function settled(pages, before) {
  for (const end = Date.now() + 2 * TIMEOUT; Date.now() < end; await sleep(100)) {
    const said = await Promise.all(pages.map((p) => p.evaluate(() => bench.match)));
    const now = said.map((m) => (m && !before.includes(m) && said.filter((x) => x === m).length === 2 ? m : null));
    if (now.filter(Boolean).length === 2 * Math.floor(pages.length / 2)) return now;
  }
  return null;
}

/** One block: the pages join, then NEXTS presses each. Returns what every page saw after each press. */
async function block(way, pages) {
  for (const page of pages) await way.join(page);
  const results = [];
  let matches = await settled(pages, []);
  if (!matches) throw new Error('the pages did not meet');
  await sleep(2500); // encoders get going
  const left = names.map(() => NEXTS);
  let partner = partners(matches);
  while (left.some((n) => n > 0)) {
    const pressing = names.map((_, i) => i).filter((i) => i < partner[i]).map((i) => (left[i] >= left[partner[i]] ? i : partner[i]));
    for (const i of pressing) left[i]--;
    await Promise.all(pressing.map((i) => way.next(pages[i])));
    const now = await settled(pages, matches);
    if (!now) {
      const tales = await Promise.all(pages.map((p) => p.evaluate(() => ({ match: bench.match, state: __test.state(), traffic: __test.traffic.slice(-20) }))));
      throw new Error(`not everybody met after Next of ${pressing}: ${JSON.stringify(tales, null, 1)}`);
    }
    const was = partner;
    [matches, partner] = [now, partners(now)];
    const seen = await Promise.all(
      pages.map(async (p, i) => {
        if (partner[i] < 0 || partner[i] === was[i]) return null; // alone, or the colour would not change
        return p.evaluate((id, colour, limit) => bench.firstPicture(id, colour, limit), now[i], names[partner[i]], TIMEOUT);
      }),
    );
    for (const [i, s] of seen.entries()) if (s) results.push({ ...s, partnerKeyed: seen[partner[i]]?.keyed });
    await sleep(700 + Math.random() * 600);
  }
  for (const page of pages) {
    await page.evaluate(() => {
      passerby.stop();
      sessionStorage.clear();
      localStorage.clear();
    });
    await page.goto('about:blank');
  }
  await sleep(500);
  return results;
}

const partners = (matches) => matches.map((m, i) => matches.findIndex((x, j) => m && x === m && j !== i));

const env = await setUp();
const rows = Object.fromEntries(Object.keys(ways).map((name) => [name, { results: [], blocks: [], idle: [] }]));
try {
  for (let n = 1; n <= BLOCKS; n++) {
    for (const [name, make] of Object.entries(ways)) {
      const mark = idle();
      const results = await block(make(env), env.pages);
      const { share } = idle(mark);
      rows[name].results.push(...results);
      rows[name].idle.push(share);
      const f = figures(results.filter((r) => r.ms !== null).map((r) => r.ms));
      rows[name].blocks.push(f);
      console.log(`block ${n}, ${name}: ${f.n} of ${results.length} matches, median ${f.median} ms, p95 ${f.p95} ms; processors ${(100 * share).toFixed(0)} % idle`);
    }
  }
} catch (e) {
  e.message += `\n${env.server.log.slice(-4000)}`;
  throw e;
} finally {
  await env.browser.close();
  await env.server.stop();
  stopAll();
}

const summary = Object.entries(rows).map(([way, { results, idle: shares }]) => {
  const f = figures(results.map((r) => r.ms ?? Infinity));
  const medians = rows[way].blocks.map((b) => b.median);
  return {
    way, matches: f.n, 'median ms': f.median, 'p95 ms': f.p95, 'max ms': f.max,
    'block medians': `${Math.min(...medians)}–${Math.max(...medians)}`,
    'within 1 s': `${((100 * results.filter((r) => r.ms !== null && r.ms <= 1000).length) / results.length).toFixed(1)} %`,
    'told after ms': figures(results.map((r) => r.told)).median,
    'idle CPU': `${(100 * Math.min(...shares)).toFixed(0)} %`,
  };
});
console.log(`\nN1: server's decision → first decoded picture of the new partner; ${DELAY} each way, ${names.length} Chromium pages`);
table(summary);

// Where the time goes, on the way of one picture: each step from the one before.
const steps = {
  'decision → the page is told (one way through the network)': (r) => r.told,
  'told → the partner has derived the keys': (r) => r.partnerKeyed - r.told,
  'keys → the first picture is opened (the camera’s next, encoded, paced; twice through the network)': (r) => r.opened - r.partnerKeyed,
  'opened → out of the decoder': (r) => r.decoded - r.opened,
  'decoded → painted': (r) => r.ms - r.decoded,
};
const whole = rows.warm.results.filter((r) => Object.values(steps).every((step) => Number.isFinite(step(r))));
const apart = Object.entries(steps).map(([step, of]) => {
  const f = figures(whole.map(of));
  return { step, 'median ms': f.median, 'p95 ms': f.p95 };
});
console.log(`\nThe steps of ${whole.length} matches`);
table(apart);
const ratio = summary[0]['median ms'] / summary[1]['median ms'];
console.log(`warm ÷ new PeerConnection (median): ${ratio.toFixed(2)}`);
save('next', { delay: DELAY, summary, steps: apart, ratio, results: Object.fromEntries(Object.entries(rows).map(([k, v]) => [k, v])) });
