// Stop strings in a streamed text: what could still become one is held back, so not one character of a stop
// string gets out. Append-only, and the same for every way of cutting the text into pieces. Knows nothing of
// tokens; the pieces must be whole characters (the decoder sees to that).

export interface StopFilter {
  /** Takes the next piece and gives the text that is safe to send. After a stop it gives ''. */
  push(piece: string): string;
  /**
   * The text has ended: gives what was held back, up to a stop string that was waiting for an earlier one.
   */
  end(): string;
  /** The stop string that ended the text, once one did. */
  readonly stoppedBy: string | undefined;
}

/**
 * The stop string that begins first in the text wins; of those that begin together, the shortest. So a
 * complete one
 * waits while a longer one that began before it may still be completed.
 */
export function createStopFilter(stops: readonly string[]): StopFilter {
  const shortestFirst = stops.filter((stop) => stop !== '').sort((a, b) => a.length - b.length);
  let held = '';
  let stoppedBy: string | undefined;

  /** Where the first complete stop string begins. */
  function firstMatch(): { at: number; stop: string } | undefined {
    let first: { at: number; stop: string } | undefined;
    for (const stop of shortestFirst) {
      const at = held.indexOf(stop);
      if (at !== -1 && (first === undefined || at < first.at)) first = { at, stop };
    }
    return first;
  }

  /**
   * Where the earliest end of `held` begins that a stop string also begins with; its length where there is
   * none.
   */
  function firstPartial(): number {
    const longest = shortestFirst.at(-1)?.length ?? 0;
    for (let at = Math.max(0, held.length - longest + 1); at < held.length; at += 1) {
      const rest = held.slice(at);
      if (shortestFirst.some((stop) => stop.length > rest.length && stop.startsWith(rest))) return at;
    }
    return held.length;
  }

  function release(until: number): string {
    const safe = held.slice(0, until);
    held = held.slice(until);
    return safe;
  }

  function stopAt({ at, stop }: { at: number; stop: string }): string {
    const safe = release(at);
    held = '';
    stoppedBy = stop;
    return safe;
  }

  return {
    push(piece) {
      if (stoppedBy !== undefined) return '';
      held += piece;
      const match = firstMatch();
      const partial = firstPartial();
      if (match !== undefined && match.at <= partial) return stopAt(match);
      return release(partial);
    },
    end() {
      if (stoppedBy !== undefined) return '';
      const match = firstMatch();
      return match === undefined ? release(held.length) : stopAt(match);
    },
    get stoppedBy() {
      return stoppedBy;
    },
  };
}

/** The whole text through the filter: what a client that does not stream gets. */
export function cutAtStop(
  text: string,
  stops: readonly string[],
): { text: string; stoppedBy: string | undefined } {
  const filter = createStopFilter(stops);
  const kept = filter.push(text) + filter.end();
  return { text: kept, stoppedBy: filter.stoppedBy };
}
