// Pages in real browsers that talk while nodes are killed: a part of bench/chaos, which starts it and keeps the ledger.
//
//   node web/test/chaos.mjs URL PAGES PACE_MS
//
// They use video, so they meet none but each other. A talk is finished when all that both wrote is delivered, the page shows
// each of the partner's texts once and in order, and his picture. What happens is told on the output, one JSON object a line
// (bench/chaos/pages.go). "calm" on the input: each leaves after its talk. The end of the input ends all.
import { createInterface } from 'node:readline';
import { launchChromium } from './lib/browsers.mjs';
import { Talker } from './lib/talker.mjs';

const [url, pages, pace] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
/** How often a page is looked at, how often it is said where it stands, and when all that is known of it is; milliseconds. */
const LOOK = 200;
const STANDS = 2000;
const SLOW = 40_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const room = { url, pace, talkers: [], owners: new Map(), calm: false, tell: (what) => console.log(JSON.stringify(what)) };
const browser = await launchChromium();
const input = createInterface({ input: process.stdin });
const over = new Promise((resolve) => input.on('line', (line) => (room.calm ||= line === 'calm')).on('close', resolve));

async function talk(t) {
  await t.start(browser);
  for (let told = 0; !t.done; await sleep(LOOK)) {
    if (Date.now() - told > STANDS) {
      told = Date.now();
      room.tell({ who: t.name, what: 'stands', where: await t.where() });
    }
    await t.step();
    if (Date.now() - t.lastOn < SLOW) continue;
    t.lastOn = Date.now();
    console.error(`${new Date().toISOString()} ${t.name} does not get on: ${await t.describe()}`);
  }
}

for (let i = 0; i < pages; i++) room.talkers.push(new Talker(room, i));
const fault = new Promise((_, reject) => room.talkers.forEach((t) => talk(t).catch(reject)));
try {
  await Promise.race([over, fault]);
} finally {
  fault.catch(() => {}); // what was asked of a page that closes
  await browser.close();
}
