// Many pictures of shoot.mjs on one sheet: node sheet.mjs DIR OUT.webp [--columns 8] [--width 240] FILTER …
// A filter is a part of a file's name; with several, a picture must have one of them, and with `+` all parts ("phone+light"). Names stand below.
import puppeteer from 'puppeteer-core';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const args = process.argv.slice(2);
const option = (name, usual) => {
  const i = args.indexOf(name);
  return i < 0 ? usual : Number(args.splice(i, 2)[1]);
};
const columns = option('--columns', 8);
const width = option('--width', 240);
const [dir, out, ...filters] = args;
const wanted = (file) => !filters.length || filters.some((filter) => filter.split('+').every((part) => file.includes(part)));
const files = readdirSync(dir).filter((file) => /\.(png|webp)$/.test(file) && wanted(file)).sort();
const dark = filters.some((filter) => filter.includes('dark'));

const figure = (file) => {
  const [name] = file.split('.');
  const type = file.endsWith('webp') ? 'webp' : 'png';
  return `<figure><img src="data:image/${type};base64,${readFileSync(join(dir, file)).toString('base64')}"><figcaption>${name.replace(/-(phone|desktop)-(light|dark)$/, '')}</figcaption></figure>`;
};
const page = `<!doctype html><meta charset="utf-8"><style>
  body { display: grid; grid-template-columns: repeat(${columns}, ${width}px); gap: 10px; padding: 10px; margin: 0; width: max-content; align-items: start; background: ${dark ? '#05090a' : '#dfe6e4'}; }
  figure { margin: 0 } img { display: block; width: 100%; max-height: ${width * 2.2}px; object-fit: cover; object-position: top; border-radius: 6px }
  figcaption { font: 11px system-ui; padding-top: 3px; color: ${dark ? '#9ab' : '#345'} }
</style>${files.map(figure).join('')}`;

const browser = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const tab = await browser.newPage();
await tab.setViewport({ width: columns * (width + 10) + 10, height: 400 });
await tab.setContent(page, { waitUntil: 'load' });
await tab.screenshot({ path: out, fullPage: true, ...(out.endsWith('.webp') && { type: 'webp', quality: 70 }) });
await browser.close();
console.log(`${files.length} pictures on ${out}`);
