// The life of a page: what is hidden may be frozen, and what is frozen may never wake up.

/**
 * Suspends a driver with its page and wakes it up again. A page with an open WebSocket cannot go into the back/forward
 * cache, so that the sockets are closed in `pagehide`. Returns what undoes it.
 */
export function watchPage(driver, { window, document }) {
  if (!window?.addEventListener || !document?.addEventListener) return () => {};
  const suspend = () => driver.suspend();
  const resume = () => driver.resume();
  // The last event that is sure to come: lingering records leave now, or perhaps never.
  const hidden = () => document.visibilityState === 'hidden' && driver.hurry();
  const wires = [
    [document, 'visibilitychange', hidden],
    [window, 'pagehide', suspend],
    [window, 'pageshow', resume],
    [document, 'freeze', suspend],
    [document, 'resume', resume],
  ];
  for (const [target, event, listener] of wires) target.addEventListener(event, listener);
  return () => {
    for (const [target, event, listener] of wires) target.removeEventListener(event, listener);
  };
}
