// Storing what the model needed, beside what the service worker stored by itself.

const NEEDED = /^\/(litert|models)\/[^/]+$/;

/** Store the runtime and the models loaded so far; false where nothing can be stored. */
export async function keepForOffline() {
  if (!("serviceWorker" in navigator)) return false;
  await navigator.serviceWorker.ready;
  const version = document.querySelector('meta[name="version"]').content;
  const cache = await caches.open(`lesion-edge-${version}`);
  const used = performance.getEntriesByType("resource")
    .map(({name}) => new URL(name))
    .filter(({origin, pathname}) => origin === location.origin && NEEDED.test(pathname))
    .map(({pathname}) => pathname);
  try {
    for (const address of new Set(used)) {
      if (!(await cache.match(address))) await cache.add(address);
    }
  } catch {
    // Without network, what is missing cannot be stored now.
    return false;
  }
  return true;
}
