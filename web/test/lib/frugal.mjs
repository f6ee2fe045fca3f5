// Browsers that keep less than usual: without any storage for pages, or with private windows alone.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium, launchFirefox } from './browsers.mjs';

/** Chromium that forbids pages all storage, as its setting "block all cookies" does. */
async function chromiumWithoutStorage() {
  const dir = mkdtempSync(join(tmpdir(), 'passerby-profile-'));
  mkdirSync(join(dir, 'Default'));
  writeFileSync(join(dir, 'Default/Preferences'), JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 }, block_third_party_cookies: true } }));
  const browser = await launchChromium(`--user-data-dir=${dir}`);
  browser.on('disconnected', () => rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 }).catch(() => {}));
  return browser;
}

export const frugal = {
  'Chromium that forbids storage': chromiumWithoutStorage,
  'Firefox that forbids storage': () => launchFirefox({}, { 'network.cookie.cookieBehavior': 2 }),
  'Firefox, private windows alone': () => launchFirefox({}, { 'browser.privatebrowsing.autostart': true }),
};
