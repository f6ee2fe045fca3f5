// S4: what a call of two Chromium pages looks like on a bad network, beside a call without a server (P2P) through the same
// network, and beside another build of ours.
//
//   node bench/loss/run.mjs [--rounds 3] [--seconds 30] [--delay 50ms] [--loss 0.05] [--before bin/other]
//   node bench/loss/run.mjs --drop 300000      after 10 s, for 15 s, only so many bits per second reach each page
//
// The network is bench/impair: what is lost, late or too much is so each way of each page. A call over the server passes it
// twice, the sender's and the receiver's. Without a server there are two: with one such network between the two (P2P), and with one
// at each end, as it is for two people who both have it (P2P, both ends). Turns are interleaved; both pages count.
import { setTimeout as sleep } from 'node:timers/promises';
import { binary, Server } from '../../web/test/lib/server.mjs';
import { freePort, publicIP } from '../../web/test/lib/net.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { build, idle, quantile, save, serve, stopAll, table } from '../lib/process.mjs';
import { p2pDescribe, p2pTake, sample, watch } from './inpage.mjs';

const option = (name, fallback) => {
  const i = process.argv.indexOf('--' + name);
  return i < 0 ? fallback : process.argv[i + 1];
};
const ROUNDS = Number(option('rounds', 3));
const DROP = Number(option('drop', 0));
const [AFTER, UNTIL] = [10, 25]; // seconds of a drop
const SECONDS = Number(option('seconds', DROP ? 45 : 30));
const DELAY = option('delay', '50ms');
const LOSS = option('loss', DROP ? '0' : '0.05');
const BEFORE = option('before', '');

const network = ['--delay', DELAY, '--loss', LOSS];
if (DROP) network.push('--rate', String(DROP), '--rate-after', `${AFTER}s`, '--rate-until', `${UNTIL}s`, '--buffer', '1s');
const impair = build('cmd/impair')['cmd/impair'];
const proxy = (...way) => serve(impair, ...network, ...way);
const look = { size: [320, 240], fps: 15, lively: 200, viewport: { width: 480, height: 360 } };

/** Over the server: `program` is bin/passerby. */
const served = (program) => async (pages) => {
  const port = await freePort();
  const server = await Server.start({
    '--udp': `127.0.0.2:${port}`, '--tcp': 'off', '--public-ip': '127.0.0.1', '--turn-listen': 'off', '--log-level': 'warn',
  }, program);
  await proxy('--listen', `127.0.0.1:${port}`, '--target', `127.0.0.2:${port}`);
  for (const page of pages) {
    await page.goto(server.url, { waitUntil: 'load' });
    for (const button of ['confirm-age', 'start']) await (await page.waitForSelector(`[data-testid="${button}"]`)).click();
  }
  for (const page of pages) {
    await page.waitForFunction(() => __test.state() === 'matched', { polling: 100, timeout: 60_000 }).catch(async (e) => {
      const tale = await page.evaluate(() => ({ state: __test.state(), traffic: __test.traffic, errors: __test.errors, text: document.body.innerText.slice(0, 300) }));
      throw new Error(`${e.message}: ${JSON.stringify(tale)}\n${server.log.slice(-2000)}`);
    });
  }
  return () => server.stop();
};

/** Without a server: each page is behind so many proxies of its own. */
const direct = (networks) => async (pages) => {
  const server = await Server.start({ '--tcp': 'off', '--turn-listen': 'off', '--log-level': 'warn' }); // for the page alone
  for (const page of pages) await page.goto(server.url, { waitUntil: 'load' });
  const ip = publicIP();
  /** Puts a proxy in front of the only candidate. */
  const behind = async (sdp) => {
    const port = /^a=candidate:\S+ 1 udp \d+ \S+ (\d+) typ host/m.exec(sdp)?.[1];
    if (!port) throw new Error(`no candidate in\n${sdp}`);
    let at = `${ip}:${port}`;
    for (let n = 0; n < networks; n++) at = await proxy('--listen', '127.0.0.1:0', '--target', at, ...(DROP && n === 0 ? ['--rate-both'] : []));
    return sdp.replace(/^a=candidate:.*\r\n/gm, '').replace(/^(a=mid:.*\r\n)/gm, `$1a=candidate:1 1 udp 2130706431 ${at.replace(':', ' ')} typ host\r\n`);
  };
  const offer = await pages[0].evaluate(p2pDescribe);
  const answer = await pages[1].evaluate(p2pDescribe, await behind(offer));
  await pages[0].evaluate(p2pTake, await behind(answer));
  return () => server.stop();
};

const ways = { ours: served(binary), ...(BEFORE ? { before: served(BEFORE) } : {}), 'P2P': direct(1), ...(DROP ? {} : { 'P2P, both ends': direct(2) }) };

async function call(way) {
  const browser = await launchChromium();
  let stop;
  try {
    const pages = [];
    for (const [i, colour] of ['red', 'blue'].entries()) {
      const page = await openPage(browser, { colour, tone: 300 + 200 * i, ...look });
      await page.setBypassCSP(true);
      page.setDefaultTimeout(120_000); // a busy machine
      pages.push(page);
    }
    const mark = idle();
    stop = await way(pages);
    const begun = performance.now();
    for (const page of pages) await page.evaluate(watch);
    const course = pages.map(() => []);
    while (performance.now() - begun < 1000 * SECONDS) {
      await sleep(1000);
      for (const [i, page] of pages.entries()) course[i].push({ at: (performance.now() - begun) / 1000, ...(await page.evaluate(sample)) });
    }
    return { course, idle: idle(mark).share };
  } finally {
    await browser.close();
    await stop?.();
    stopAll();
  }
}

const rows = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
for (let n = 1; n <= ROUNDS; n++) {
  for (const [name, way] of Object.entries(ways)) {
    const result = await call(way);
    rows[name].push(result);
    console.log(`round ${n}, ${name}: ${result.course.map((c) => `${c.at(-1).frames} frames, ${c.at(-1).freezes} freezes of ${c.at(-1).frozen.toFixed(1)} s`).join('; ')}; processors ${(100 * result.idle).toFixed(0)} % idle`);
  }
}

const spread = (values, digits = 0) => {
  const s = values.filter((v) => Number.isFinite(v)).sort((a, b) => a - b);
  return s.length ? [s[0], quantile(s, 0.5), s.at(-1)].map((v) => v.toFixed(digits)).join(' / ') : '–';
};
const summary = Object.entries(rows).map(([way, runs]) => {
  const courses = runs.flatMap((r) => r.course);
  const last = courses.map((c) => c.at(-1));
  const between = (c, from, to) => {
    const inside = c.filter((s) => s.at >= from && s.at < to);
    return inside.length > 1 ? [inside[0], inside.at(-1)] : [c[0], c.at(-1)];
  };
  const kbps = (c, from, to) => {
    const [a, b] = between(c, from, to);
    return (8 * (b.bytes - a.bytes)) / (b.at - a.at) / 1000;
  };
  const frozen = (c, from, to) => {
    const [a, b] = between(c, from, to);
    return b.frozen - a.frozen;
  };
  const row = {
    way, pages: last.length, 'frames decoded': spread(last.map((s) => s.frames)), freezes: spread(last.map((s) => s.freezes)),
    'frozen s': spread(last.map((s) => s.frozen), 1), 'longest gap s': spread(last.map((s) => s.gap / 1000), 1),
    'kb/s': spread(courses.map((c) => kbps(c, 5, DROP ? AFTER : SECONDS))), 'concealed audio %': spread(last.map((s) => 100 * s.concealed), 1),
  };
  if (DROP) {
    row['kb/s in the drop'] = spread(courses.map((c) => kbps(c, AFTER + 3, UNTIL)));
    row['frozen s in the drop'] = spread(courses.map((c) => frozen(c, AFTER, UNTIL)), 1);
    row['kb/s at the end'] = spread(courses.map((c) => kbps(c, SECONDS - 6, SECONDS + 1)));
  }
  return row;
});
console.log(`\nS4: ${SECONDS} s, ${DELAY} and ${LOSS} loss each way of each page${DROP ? `, ${DROP / 1000} kb/s from ${AFTER} to ${UNTIL} s` : ''}; min / median / max`);
for (const row of summary) console.log(Object.entries(row).map(([k, v]) => `${k}: ${v}`).join('\n  '));
table(summary.map(({ way, ...r }) => ({ way, ...r })));
save(DROP ? 'loss-drop' : 'loss', { delay: DELAY, loss: LOSS, drop: DROP, seconds: SECONDS, summary, rows });
