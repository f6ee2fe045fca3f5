import type { Passerby } from '@passerby/client';
import type { Controller } from './controller';
import { site } from './site';

/** How long the page around this one may take to hand a token over, in milliseconds. */
const patience = 10_000;

/** This page is in a frame of another one. */
export const framed = globalThis.parent !== globalThis.window;

/**
 * Whom to tell, and to believe: pages of the origins that the operator lists. Where the browser says whose the page around
 * this one is, that origin alone, and no message goes anywhere else in any browser.
 */
const origins = framed ? (site.embed ?? []).filter((origin) => origin === (location.ancestorOrigins?.[0] ?? origin)) : [];

/** The app around this page says who comes, with a token of the API. */
export const hostsSession = framed && new URLSearchParams(location.search).get('session') === 'host';

/** Whether the page around this one lends camera and microphone to it; undefined where the browser does not say. */
export function lendsDevices(): boolean | undefined {
  const { featurePolicy } = document as { featurePolicy?: { allowsFeature(name: string): boolean } };
  return featurePolicy && ['camera', 'microphone'].every((name) => featurePolicy.allowsFeature(name));
}

function tell(message: object): void {
  for (const origin of origins) parent.postMessage({ passerby: 1, ...message }, origin);
}

/** Asks the app around this page for a token, which counts for one session. */
export function askForSession(): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = new AbortController();
    addEventListener('message', ({ source, origin, data }: MessageEvent<{ passerby?: unknown; type?: unknown; token?: unknown } | null>) => {
      if (source !== parent || !origins.includes(origin) || data?.passerby !== 1 || data.type !== 'session' || typeof data.token !== 'string') return;
      done.abort();
      resolve(data.token);
    }, { signal: done.signal });
    setTimeout(() => (done.abort(), reject(new Error('no token came'))), patience);
    tell({ type: 'session' });
  });
}

/** Tells the page around this one where things stand: never who is here, nor what is said. */
export function tellHost(client: Passerby, controller: Controller): void {
  if (!origins.length) return;
  let told = '';
  const tellState = () => {
    const { trouble, state } = controller.view;
    const now = trouble ? `error ${trouble.code}` : state;
    if (now === told) return;
    told = now;
    tell({ type: 'state', state: trouble ? 'error' : state, ...(trouble ? { code: trouble.code } : {}) });
  };
  tell({ type: 'ready' });
  tellState();
  controller.subscribe(tellState);
  client.on('matched', ({ match }) => tell({ type: 'matched', mode: match.mode }));
  client.on('ended', ({ reason }) => tell({ type: 'ended', reason }));
}
