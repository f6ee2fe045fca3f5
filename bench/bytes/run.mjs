// P1: how many compressed bytes of script does the page load, cold, before it is usable?
//
//   node bench/bytes/run.mjs
import { Server } from '../../web/test/lib/server.mjs';
import { launchChromium, openPage } from '../../web/test/lib/browsers.mjs';
import { save, table } from '../lib/process.mjs';

const server = await Server.start();
const browser = await launchChromium();
const rows = [];
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
} finally {
  await browser.close();
  await server.stop();
}
const script = rows.filter((r) => r.type === 'Script').reduce((s, r) => s + r.bytes, 0);
const all = rows.reduce((s, r) => s + r.bytes, 0);
console.log('P1: a cold page, bytes on the wire with headers');
table(rows);
console.log(`script before usable: ${(script / 1024).toFixed(1)} KB (aim: 70 KB); everything: ${(all / 1024).toFixed(1)} KB`);
save('bytes', { script, all, rows });
