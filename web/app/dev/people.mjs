// Two people who never lived, for pictures of the page. shoot.mjs gives one to its camera.
import { readFileSync } from 'node:fs';

/** `evening` or `morning` as a JPEG in base64, 960 × 720 or a part of that: a camera shows it with less work than the drawing. */
export async function photograph(browser, name, part = 1) {
  const page = await browser.newPage();
  await page.setViewport({ width: 960 * part, height: 720 * part });
  const drawing = readFileSync(new URL(`people/${name}.svg`, import.meta.url)).toString('base64');
  await page.setContent(`<body style="margin:0"><img width="100%" src="data:image/svg+xml;base64,${drawing}">`, { waitUntil: 'load' });
  const picture = await page.screenshot({ type: 'jpeg', quality: 92, encoding: 'base64' });
  await page.close();
  return picture;
}
