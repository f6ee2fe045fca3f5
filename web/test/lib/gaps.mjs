// How long a picture stands still: the longest time between two frames of the partner that were decoded for what the page shows.

/**
 * Watches the partner's picture of a person from now on. Decoded frames are counted, not painted ones: a browser paints only the
 * window in front. Those count whose track is in the element; a look every 20 ms makes a gap seem so much longer at most.
 */
export async function watchPicture(person) {
  await person.page.evaluate(() => {
    const gaps = (window.__gaps = { last: performance.now(), longest: 0, late: 0 });
    let count = -1;
    let looked = performance.now();
    const look = async () => {
      const now = performance.now();
      gaps.late = Math.max(gaps.late, now - looked - 20); // the page itself stood still
      looked = now;
      const track = __test.remote()?.srcObject?.getVideoTracks()[0];
      const receiver = __test.connections.filter((c) => c.connectionState !== 'closed').flatMap((c) => c.getReceivers()).find((r) => r.track === track);
      const report = await receiver?.getStats().catch(() => null);
      let decoded = 0;
      report?.forEach((s) => s.type === 'inbound-rtp' && (decoded += s.framesDecoded ?? 0));
      const seen = `${track?.id} ${decoded}`;
      if (decoded > 0 && seen !== count) {
        gaps.longest = Math.max(gaps.longest, now - gaps.last);
        gaps.last = now;
        count = seen;
      }
      setTimeout(look, 20);
    };
    void look();
  });
}

/** The longest gap since the last call, in milliseconds; one that goes on counts. `late` is for how long the page did not get to look. */
export function longestGap(person) {
  return person.page.evaluate(() => {
    const found = { gap: Math.max(__gaps.longest, performance.now() - __gaps.last), late: __gaps.late };
    __gaps.longest = __gaps.late = 0;
    return found;
  });
}
