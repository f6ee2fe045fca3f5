// The page without a network: the newest build that was seen, which then says that it is offline (build.mjs fills in the names).
//
// Pages come from the network whenever there is one, so a new build takes over at the next load. Files under /assets/ never
// change under one name. Nothing else is touched or kept: no request of the API, no word, no picture.
// What the operator has of his own stands in front, as the server writes it (web/site.go): a mark of it, and its files.
const [mark, ...own] = typeof site === 'undefined' ? [''] : site;
const cacheName = 'passerby-{{version}}' + mark;
const shell = [{{shell}}, ...own];

// A new build waits until no page of the old one is left: those still need their own files, which the server no longer has.
addEventListener('install', (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(shell)));
});

addEventListener('activate', (event) => {
  const old = (names) => Promise.all(names.filter((name) => name.startsWith('passerby-') && name !== cacheName).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(old).then(() => clients.claim())); // the first visit is safe from a new build, too
});

addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== location.origin) return;
  if (request.mode === 'navigate' && pathname === '/') event.respondWith(fetch(request).catch(() => caches.match('/')));
  else if (pathname.startsWith('/assets/')) event.respondWith(asset(request));
});

/** From the cache if it is there; the one language that is loaded is kept, too. */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) {
    const copy = answer.clone();
    const cache = await caches.open(cacheName);
    await cache.put(request, copy);
  }
  return answer;
}
