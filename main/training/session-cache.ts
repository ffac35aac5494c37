// Sessions by the shape that they were compiled for. A new one takes the place of the least recently used.
import type { Model } from '../models/load.ts';
import type { Session } from './session.ts';

/** Sessions of batch shapes that a run keeps: each takes a second to make, and some 4 kB for each node of its graph. */
export const keptSessions = ({ parameters }: Pick<Model, 'parameters'>): number =>
  parameters < 50e6 ? 24 : 12;

/** Keeps at most `most` sessions; the others are given to `release`. */
export function createSessionCache(
  most: number,
  release: (session: Session) => Promise<void> = (session) => session.release(),
) {
  const sessions = new Map<string, Session>(); // the least recently used is first
  return {
    /** The session of a key; made, after one was given up for it, where there is none. */
    async get(key: string, make: () => Promise<Session>): Promise<Session> {
      const known = sessions.get(key);
      if (known !== undefined) {
        sessions.delete(key);
        sessions.set(key, known);
        return known;
      }
      for (const [oldest, session] of sessions) {
        if (sessions.size < most) break;
        sessions.delete(oldest);
        await release(session);
      }
      const made = await make();
      sessions.set(key, made);
      return made;
    },
    async release(): Promise<void> {
      for (const session of sessions.values()) await release(session);
      sessions.clear();
    },
  };
}
