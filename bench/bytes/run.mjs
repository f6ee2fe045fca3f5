// P1: how many compressed bytes of script does the page load, cold, before it is usable? When does it show something, and how long
// does a press wait for its answer, on a phone of the slower kind (processor four times slower, 1.6 Mbit/s, 150 ms)?
//
//   node bench/bytes/run.mjs
import { Server } from '../../web/test/lib/server.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { save, table } from '../lib/process.mjs';

const rows = [];
const rounds = 5;
const visits = [];

/** A cold visit with little of everything: first contentful paint, and the longest of five presses until the next frame, in milliseconds. */
async function slowVisit(browser, url) {
  const page = await openPage(browser, { viewport: { width: 390, height: 844, isMobile: true, hasTouch: true } });
  const cdp = await page.createCDPSession();
  await cdp.send('Network.enable');
  await cdp.send('Network.emulateNetworkConditions', { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 94_000 });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.goto(url);
  await page.waitForSelector('[data-testid=start]');
  const paint = await page.evaluate(() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntriesByName('first-contentful-paint')[0]?.startTime)).observe({ type: 'paint', buffered: true });
  }));
  await page.evaluate(() => {
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const e of list.getEntries()) if (e.interactionId) window.longest = Math.max(window.longest, e.duration);
    }).observe({ type: 'event', durationThreshold: 16 });
  });
  for (const press of ['mode-text', 'mode-video', 'confirm-age', 'mode-text', 'start']) await page.click(`[data-testid=${press}]`);
  await page.waitForSelector('[data-testid=status]:not([data-state=idle])');
  await new Promise((done) => setTimeout(done, 500));
  const delay = await page.evaluate(() => window.longest);
  await page.browserContext().close();
  return { paint: Math.round(paint), delay };
}

const server = await Server.start();
const browser = await launchChromium();
try {
  const page = await openPage(browser);
  const cdp = await page.createCDPSession();
  await cdp.send('Network.enable');
  const requests = new Map();
  cdp.on('Network.responseReceived', (e) => requests.set(e.requestId, e));
  cdp.on('Network.loadingFinished', (e) => {
    const { response, type } = requests.get(e.requestId);
    rows.push({ what: new URL(response.url).pathname, type, encoding: response.headers['Content-Encoding'] ?? response.headers['content-encoding'] ?? '-', bytes: e.encodedDataLength });
  });
  await page.goto(server.url, { waitUntil: 'networkidle0' });
  for (let i = 0; i < rounds; i++) visits.push(await slowVisit(browser, server.url));
} finally {
  await browser.close();
  await server.stop();
}
const script = rows.filter((r) => r.type === 'Script').reduce((s, r) => s + r.bytes, 0);
const all = rows.reduce((s, r) => s + r.bytes, 0);
console.log('P1: a cold page, bytes on the wire with headers');
table(rows);
console.log(`script before usable: ${(script / 1024).toFixed(1)} KB (aim: 70 KB); everything: ${(all / 1024).toFixed(1)} KB`);
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const [paint, delay] = [middle(visits.map((v) => v.paint)), middle(visits.map((v) => v.delay))];
console.log(`on a slow phone, middle of ${rounds}: first contentful paint ${paint} ms, longest press until the next frame ${delay} ms`);
save('bytes', { script, all, rows, visits, paint, delay });
