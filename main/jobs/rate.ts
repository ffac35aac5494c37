// How fast a download is: the rate of the last seconds, for the line of its job.

const rateOverMs = 8000;

/** Bytes per second over the last seconds; null until there is something to judge by. */
export function createRate(): (done: number) => number | null {
  const seen: { at: number; done: number }[] = [];
  return (done) => {
    const at = Date.now();
    if (at - (seen.at(-1)?.at ?? 0) > 200) seen.push({ at, done });
    while (seen.length > 2 && at - seen[0].at > rateOverMs) seen.shift();
    const [first] = seen;
    return at - first.at < 500 ? null : ((done - first.done) / (at - first.at)) * 1000 || null;
  };
}
