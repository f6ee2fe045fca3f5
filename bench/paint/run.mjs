// How soon is the page there, and how soon does it answer a press?
//
//   node bench/paint/run.mjs [--rounds 7]
//
// The page is opened cold, by turns on this processor and on a quarter of it (Chromium's throttling, for a cheap telephone), over
// loopback; before each, in a window of its own, a page that is nothing but a heading and three buttons, the least that any page can
// be. Then its user presses as people do: the box, Start; and with somebody there a message and Next. For each press the browser itself
// tells how long it took from the press to the next paint (Event Timing; in steps of 8 ms, nothing below 16).
import { createServer } from 'node:http';
import { Server } from '../../web/test/lib/server.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { Person } from '../../web/test/lib/person.mjs';
import { figures, save, table } from '../lib/process.mjs';

const i = process.argv.indexOf('--rounds');
const ROUNDS = i < 0 ? 7 : Number(process.argv[i + 1]);
const SLOW = 4; // times slower
const phone = { width: 390, height: 844, isMobile: true, hasTouch: true };

const server = await Server.start({ '--log-level': 'warn', '--turn-listen': 'off' });
const least = createServer((_, response) => {
  response.setHeader('content-type', 'text/html');
  response.end(`<!doctype html><meta name="viewport" content="width=device-width"><h1>Meet someone</h1>${'<button>0</button>'.repeat(3)}
    <script>for (const b of document.querySelectorAll('button')) b.onclick = () => b.textContent++</script>`);
}).listen(0, '127.0.0.1');
await new Promise((done) => least.once('listening', done));
const browser = await launchChromium();
const rows = { 1: [], [SLOW]: [] };

/** Records paints, shifts and presses from the first moment on. */
const record = () => {
  const seen = (window.seen = { shift: 0, presses: [] });
  const watch = (type, fn, more = {}) => new PerformanceObserver((list) => list.getEntries().forEach(fn)).observe({ type, buffered: true, ...more });
  watch('paint', (e) => e.name === 'first-contentful-paint' && (seen.fcp = e.startTime));
  watch('largest-contentful-paint', (e) => (seen.lcp = e.startTime));
  watch('layout-shift', (e) => e.hadRecentInput || (seen.shift += e.value));
  watch('event', (e) => e.interactionId && seen.presses.push([e.interactionId, e.duration, e.name]), { durationThreshold: 16 });
};

/** Opens an address cold, in a window of its own. */
async function open(rate, url, selector) {
  const page = await openPage(browser, { colour: 'red', fps: 5, size: [160, 120], viewport: phone });
  const cdp = await page.createCDPSession();
  await page.evaluateOnNewDocument(record);
  await cdp.send('Emulation.setCPUThrottlingRate', { rate });
  await page.goto(url, { waitUntil: 'load' });
  await page.waitForSelector(selector);
  return { page, usable: await page.evaluate(() => performance.now()) };
}

/** Each press, with the longest of its events; a press of which the browser tells nothing took less than 16 ms. */
async function told(page, presses) {
  const seen = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(window.seen), 100))));
  const longest = new Map();
  for (const [id, ms] of seen.presses) longest.set(id, Math.max(ms, longest.get(id) ?? 0));
  const all = [...longest.values()];
  while (all.length < presses) all.push(16);
  return { ...seen, presses: all };
}

async function bare(rate) {
  const { page, usable } = await open(rate, `http://127.0.0.1:${least.address().port}/`, 'button');
  for (const button of await page.$$('button')) await button.tap();
  const seen = await told(page, 3);
  await page.browserContext().close();
  return { ...seen, usable };
}

async function ours(rate) {
  const other = new Person(await openPage(browser, { colour: 'blue', fps: 5, size: [160, 120] }), 'other', 'blue', server.url);
  const { page, usable } = await open(rate, server.url, '[data-testid=start]');
  const p = new Person(page, 'newcomer', 'red', server.url);
  await (await page.$('.age')).tap();
  await (await page.$('[data-testid=start]')).tap();
  await p.inState('waiting');
  await other.page.goto(server.url);
  await other.page.waitForSelector('[data-testid=start]');
  await other.start();
  await p.matched();
  await p.sees('blue');
  await page.tap('[data-testid=message-input]');
  await page.keyboard.type('hi');
  await page.tap('[data-testid=message-send]');
  await other.has('hi');
  for (let n = 0; n < 3; n++) {
    const before = await p.matchId();
    await page.tap('[data-testid=next]');
    await p.matched({ before });
  }
  const seen = await told(page, 9); // age, Start, the field, two letters, send, three times Next
  await Promise.all([p.leave(), other.leave()]);
  return { ...seen, usable };
}

try {
  for (let n = 0; n < ROUNDS; n++) {
    for (const rate of [1, SLOW]) rows[rate].push({ bare: await bare(rate), ours: await ours(rate) });
  }
} finally {
  await browser.close();
  await server.stop();
  least.close();
}

const cell = (all, digits = 0) => {
  const { min, median, max } = figures(all);
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
};
const middle = (presses) => figures(presses).median;
const cells = (name, fn, digits) => Object.fromEntries([[1, 'this processor'], [SLOW, 'a quarter']].map(([rate, where]) => [`${where}: ${name}`, cell(rows[rate].map(fn), digits)]));
const line = (what, fn, digits) => ({
  'median (least–most)': what,
  ...cells('ours', (r) => fn(r.ours), digits),
  ...cells('bare', (r) => fn(r.bare), digits),
  ...cells('×', (r) => fn(r.ours) / fn(r.bare), 1),
});
table([
  line('first contentful paint, ms', (r) => r.fcp),
  line('largest contentful paint, ms', (r) => r.lcp),
  line('the button is there, ms', (r) => r.usable),
  line('middle press to paint, ms', (r) => middle(r.presses)),
  line('slowest press to paint, ms', (r) => Math.max(...r.presses)),
]);
const shift = Math.max(...Object.values(rows).flat().map((r) => r.ours.shift));
console.log(`\nThe most that anything moved by itself: ${shift.toFixed(3)}`);
save('paint', { rounds: ROUNDS, slow: SLOW, rows });
