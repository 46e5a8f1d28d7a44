// Keeps the pages usable without the server. SETTINGS stands in front of this text.
//
// The server is asked first, so that a new version is seen at once; the stored copy
// answers when it is gone or slow. Files named by their content are not asked for twice.

const NAME = `lesion-edge-${SETTINGS.version}`;
const PATIENCE_MS = 3000;
const FIXED = /^\/(litert|models)\/[^/]+$/;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(NAME);
    await cache.addAll(SETTINGS.files.map((file) => new Request(file, {cache: "no-cache"})));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("lesion-edge-") && name !== NAME) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const {request} = event;
  const {origin, pathname} = new URL(request.url);
  // Photos go to the server or nowhere: only reading is answered from here.
  if (request.method !== "GET" || origin !== location.origin) return;
  event.respondWith(FIXED.test(pathname) ? storedFirst(request) : serverFirst(request));
});

async function storedFirst(request) {
  return await stored(request) ?? fetch(request);
}

async function serverFirst(request) {
  const answer = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  try {
    const first = await Promise.race([answer, late]);
    return first ?? await stored(request) ?? await answer;
  } catch {
    return await stored(request) ?? missing(request);
  }
}

async function stored(request) {
  const cache = await caches.open(NAME);
  return cache.match(request, {ignoreSearch: true, ignoreVary: true});
}

async function missing(request) {
  const cache = await caches.open(NAME);
  const page = request.mode === "navigate" && await cache.match("/offline");
  return page || Response.error();
}
