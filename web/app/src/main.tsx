import { keepAgeToken, Passerby } from '@passerby/client';
import { render } from 'preact';
import { App } from './app';
import { Controller } from './controller';
import { askForSession, framed, hostsSession, tellHost } from './host';
import { Memory } from './memory';
import { askPopular } from './popular';
import { fromQuery } from './query';
import { bestLocale, isLocale, speak } from './strings';

void askPopular();
const { locale: kept } = new Memory();
const locale = isLocale(kept) ? kept : bestLocale(navigator.languages ?? []);
await speak(locale).catch(() => speak('en'));

if (framed) document.documentElement.dataset.framed = '';

// An age-assurance service leads back here with its word; it does not stay in the address.
const age = new URLSearchParams(location.hash.slice(1)).get('age');
if (age) {
  keepAgeToken(age);
  history.replaceState(null, '', location.pathname + location.search);
}

// The page itself decides when to search on, because the user may switch it off at any time.
const client = new Passerby({ workerUrl: __WORKER_URL__, proverUrl: __PROVER_URL__, autoNext: false, allowClearText: true, ...(hostsSession ? { session: askForSession } : {}), ...fromQuery(location.search) });
window.passerby = client;

const controller = new Controller(client, locale);
const root = document.getElementById('app')!;
root.textContent = '';
render(<App controller={controller} />, root);
tellHost(client, controller);
void controller.arrive();
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/sw.js').catch(() => {});
