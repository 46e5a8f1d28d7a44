// On every page: the row of pages, and the service worker.

// The row of pages may be longer than a phone is wide.
const row = document.querySelector("nav ul");
const here = row.querySelector("[aria-current]");
if (here) row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.clientWidth) / 2;

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => {
    // The page works without; it only cannot be used without network.
    document.body.dataset.offline = "never";
  });
}
