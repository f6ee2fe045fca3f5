// What should camera and encoder do while nobody is there? Two ways, on the same pages and in turns:
//
//   drop      the encoder runs, its frames are dropped before they are packets
//   inactive  the encoder is switched off (RTCRtpEncodingParameters.active), and on again by the match
//
//   node bench/waiting/run.mjs [--blocks 6] [--nexts 8] [--delay 50ms] [--alone 10]
//
// Two measures: from the server's decision to the partner's first decoded picture and the picture's quality after it (two
// Chromium pages that meet again and again), and what a page costs that waits alone: processor time of all of Chromium's
// processes, and bytes sent. Two pages leave the processors room, which the four of bench/next do not.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '../../web/test/lib/server.mjs';
import { freePort } from '../../web/test/lib/net.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { build, figures, idle, save, serve, stopAll, table } from '../lib/process.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf('--' + name);
  return i < 0 ? fallback : process.argv[i + 1];
};
const BLOCKS = Number(option('blocks', 6));
const NEXTS = Number(option('nexts', 8));
const DELAY = option('delay', '50ms');
const ALONE = Number(option('alone', 10)); // seconds
const TICK = 10; // ms of processor time in /proc/PID/stat
const ways = { drop: '', inactive: '?waiting=inactive' };

const { 'cmd/impair': impair } = build('cmd/impair');
const port = await freePort();
const server = await Server.start({
  '--udp': `127.0.0.2:${port}`, '--tcp': 'off', '--public-ip': '127.0.0.1', '--turn-listen': 'off', '--log-level': 'warn', '--rematch': '1500ms',
});
await serve(impair, '--listen', `127.0.0.1:${port}`, '--target', `127.0.0.2:${port}`, '--delay', DELAY);
const http = await serve(impair, '--tcp', '--target', new URL(server.url).host.replace('localhost', '127.0.0.1'), '--delay', DELAY);
const url = `http://localhost:${http.split(':').at(-1)}`;

async function join(page, query) {
  await page.goto(`${url}/${query}`, { waitUntil: 'load' });
  await page.waitForSelector('[data-testid="confirm-age"]');
  await page.evaluate(() => {
    window.seen = [];
    passerby.on('firstframe', ({ match }) => seen.push({ match: match.id, ms: Date.now() - match.at }));
    const box = document.querySelector('[data-testid="confirm-age"]');
    if (!box.checked) box.click();
  });
  await (await page.waitForSelector('[data-testid="start"]:not([disabled])')).click();
}

const leave = (page) =>
  page.evaluate(() => {
    passerby.stop();
    sessionStorage.clear();
    localStorage.clear();
  }).then(() => page.goto('about:blank'));

/** What arrived as video so far. */
const received = (page) =>
  page.evaluate(async () => {
    let [bytes, frames] = [0, 0];
    for (const s of (await __test.connections.at(-1).getStats()).values()) if (s.type === 'inbound-rtp' && s.kind === 'video') [bytes, frames] = [s.bytesReceived, s.framesDecoded];
    return { bytes, frames };
  });
const sent = (page) =>
  page.evaluate(async () => {
    let bytes = 0;
    for (const s of (await __test.connections.at(-1).getStats()).values()) if (s.type === 'transport') bytes = s.bytesSent;
    return bytes;
  });

async function firstPicture(page, n) {
  try {
    const handle = await page.waitForFunction((n) => seen[n], { timeout: 20_000, polling: 50 }, n);
    return await handle.jsonValue();
  } catch (e) {
    const tale = await page.evaluate(() => ({ seen: seen.length, state: __test.state(), traffic: __test.traffic, errors: __test.errors }));
    throw new Error(`no picture in match ${n}: ${JSON.stringify(tale, null, 1)}\n${server.log.slice(-2000)}`, { cause: e });
  }
}

/** Two pages meet NEXTS times; gives what each saw of each match. */
async function meet(pages, query) {
  for (const page of pages) await join(page, query);
  const found = [];
  for (let n = 0; n <= NEXTS; n++) {
    const firsts = await Promise.all(pages.map((p) => firstPicture(p, n)));
    const at = await Promise.all(pages.map(received));
    await sleep(1000);
    const later = await Promise.all(pages.map(received));
    if (n) firsts.forEach(({ ms }, i) => found.push({ ms, kbit: ((later[i].bytes - at[i].bytes) * 8) / 1000, frames: later[i].frames - at[i].frames }));
    await sleep(500 + Math.random() * 500);
    if (n < NEXTS) await pages[n % 2].evaluate(() => document.querySelector('[data-testid="next"]').click());
  }
  for (const page of pages) await leave(page);
  return found;
}

/** Processor time of a process and of all that it started, in ms. */
function processorTime(root) {
  const all = readdirSync('/proc').filter((d) => /^\d+$/.test(d)).flatMap((pid) => {
    try {
      const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
      return [{ pid: +pid, parent: +f[1], time: (+f[11] + +f[12]) * TICK }];
    } catch {
      return []; // ended meanwhile
    }
  });
  const below = (pid) => all.filter((p) => p.parent === pid).reduce((sum, p) => sum + below(p.pid), all.find((p) => p.pid === pid)?.time ?? 0);
  return below(root);
}

/** One page waits alone. */
async function alone(browser, page, query) {
  await join(page, query);
  await page.waitForFunction(() => document.querySelector('[data-testid="status"]').dataset.state === 'waiting', { timeout: 20_000 });
  await sleep(3000);
  const [time, bytes] = [processorTime(browser.process().pid), await sent(page)];
  await sleep(1000 * ALONE);
  const cost = { percent: (processorTime(browser.process().pid) - time) / (10 * ALONE), kbit: (((await sent(page)) - bytes) * 8) / 1000 / ALONE };
  await leave(page);
  return cost;
}

const browser = await launchChromium();
const rows = Object.fromEntries(Object.keys(ways).map((way) => [way, { matches: [], medians: [], alone: [], idle: [] }]));
try {
  const pages = [];
  for (const [colour, tone] of [['red', 300], ['blue', 500]]) {
    const page = await openPage(browser, { colour, tone, size: [640, 480], fps: 30, viewport: { width: 640, height: 480 } });
    pages.push(page);
  }
  for (let n = 1; n <= BLOCKS; n++) {
    for (const [way, query] of Object.entries(ways)) {
      const row = rows[way];
      const mark = idle();
      const found = await meet(pages, query);
      row.idle.push(idle(mark).share);
      row.matches.push(...found);
      row.medians.push(figures(found.map((f) => f.ms)).median);
      row.alone.push(await alone(browser, pages[n % 2], query));
      console.log(`block ${n}, ${way}: median ${row.medians.at(-1)} ms; alone ${row.alone.at(-1).percent.toFixed(0)} % of a core, ${row.alone.at(-1).kbit.toFixed(1)} kbit/s; processors ${(100 * row.idle.at(-1)).toFixed(0)} % idle`);
    }
  }
} finally {
  await browser.close();
  await server.stop();
  stopAll();
}
const summary = Object.entries(rows).map(([way, { matches, medians, alone: costs, idle: shares }]) => {
  const f = figures(matches.map((m) => m.ms));
  const median = (values) => figures(values).median;
  return {
    way, pictures: f.n, 'median ms': f.median, 'p95 ms': f.p95, 'block medians': `${Math.min(...medians)}–${Math.max(...medians)}`,
    'kbit in the next second': Math.round(median(matches.map((m) => m.kbit))), frames: median(matches.map((m) => m.frames)),
    'alone: % of a core': median(costs.map((c) => c.percent)).toFixed(1), 'alone: kbit/s': median(costs.map((c) => c.kbit)).toFixed(1),
    'idle CPU': `${(100 * Math.min(...shares)).toFixed(0)} %`,
  };
});
console.log(`\nWhile nobody is there; ${DELAY} each way, two Chromium pages, 640x480 at 30`);
table(summary);
save('waiting', { delay: DELAY, summary, rows });
