// Real browsers, one process per kind and test file; each person gets a context (a window) of its own.
import { readFileSync } from 'node:fs';
import puppeteer from 'puppeteer-core';
import { colours } from './colours.mjs';

const inpage = readFileSync(new URL('./inpage.js', import.meta.url), 'utf8').trim().replace(/;$/, '');

export function launchChromium(...args) {
  return puppeteer.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    protocolTimeout: 120_000,
    args: [
      '--no-sandbox',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--disable-background-timer-throttling',
      '--disable-backgrounding-occluded-windows',
      '--disable-renderer-backgrounding',
      '--disable-dev-shm-usage',
      '--mute-audio',
      ...args,
    ],
  });
}

export function launchFirefox(options = {}, prefs = {}) {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    protocolTimeout: 120_000,
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.autoplay.block-webaudio': false,
      'dom.min_background_timeout_value': 4,
      ...prefs,
    },
    ...options,
  });
}

/** Opens an empty page that will have a camera of one colour: in a window of its own, or as a tab `beside` another page. */
export async function openPage(browser, { colour = 'red', size = [320, 240], fps = 15, tone = 440, viewport = { width: 900, height: 640 }, beside, ...more } = {}) {
  const context = beside ? beside.browserContext() : await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport(viewport);
  await page.evaluateOnNewDocument(`(${inpage})(${JSON.stringify({ colours, colour, size, fps, tone, ...more })})`);
  return page;
}
