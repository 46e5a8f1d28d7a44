// On every page: the service worker.

if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => {
    // The page works without; it only cannot be used without network.
    document.body.dataset.offline = "never";
  });
}
