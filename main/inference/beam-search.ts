// Beam search: the likeliest answers as a whole instead of the likeliest next token. Keeps, scores and ends beams as
// transformers (5.x) does, so that its num_beams, length_penalty and early_stopping mean the same here. Knows no model:
// it is told the logits of the next token. Knows no text.

import { logitsNotFinite } from './sample.ts';

export interface BeamSettings {
  /** Answers that are followed at once; 1 is greedy. */
  beams: number;
  /** The sum of log-probabilities is divided by length^penalty: above 0 longer answers win, below 0 shorter ones. */
  lengthPenalty?: number;
  /**
   * When the search ends: true = as soon as there are `beams` whole answers; false = when no beam, at its length, can
   * overtake them; never = when none can at any length.
   */
  earlyStopping?: boolean | 'never';
}

export interface BeamSearch extends BeamSettings {
  eosIds: readonly number[];
  maxNewTokens: number;
  /** Ids from here on are no tokens; 0 = all are. */
  vocabularySize?: number;
}

export interface BeamAnswer {
  /** Without the id that ends it. */
  ids: number[];
  /** Natural logarithm of the model's probability of each id. */
  logprobs: number[];
  ended: boolean;
  /** Sum of log-probabilities, with that of the end, over length^penalty. */
  score: number;
}

interface Beam {
  ids: readonly number[];
  logprobs: readonly number[];
  sum: number;
  /** Of the beams before, the one that it goes on from. */
  parent: number;
}

interface Candidate {
  beam: Beam;
  /** Which of the beams that is. */
  row: number;
  id: number;
  logprob: number;
  sum: number;
}

export interface Search {
  /** Beginnings of equal length that the next logits are wanted of: up to `beams`. */
  beginnings(): readonly (readonly number[])[];
  /** Of each beginning, which of those before it goes on from. */
  parents(): readonly number[];
  /**
   * Takes the logits [beginnings, vocabulary] of the next token; false = the search is over.
   * @throws AppError `logits-not-finite`
   */
  take(logits: Float32Array): boolean;
  /** The best answer so far. */
  best(): BeamAnswer;
}

export function startSearch(search: BeamSearch): Search {
  const { beams, lengthPenalty = 1, earlyStopping = false, eosIds, maxNewTokens } = search;
  const kept = Math.max(2, 1 + eosIds.length) * beams; // so many that `beams` of them go on, whatever ends
  let running: Beam[] = [{ ids: [], logprobs: [], sum: 0, parent: 0 }];
  let whole: BeamAnswer[] = []; // best first
  let length = 0;

  const take = (logits: Float32Array): boolean => {
    length += 1;
    const candidates = best(running, logits, kept, search.vocabularySize ?? 0);
    const stops = ({ id }: Candidate) => eosIds.includes(id) || length === maxNewTokens;
    const full = whole.length === beams;
    if (!(full && earlyStopping === true)) {
      const made = candidates.slice(0, beams).filter(stops);
      const answers = made.map((one) => answerOf(one, eosIds, length, lengthPenalty));
      whole = [...whole, ...answers].sort((a, b) => b.score - a.score).slice(0, beams);
    }
    const goOn = candidates.filter((one) => !stops(one)).slice(0, beams);
    if (goOn.length === 0) return false;
    running = goOn.map(({ beam, row, id, logprob, sum }) => ({
      ids: [...beam.ids, id],
      logprobs: [...beam.logprobs, logprob],
      sum,
      parent: row,
    }));
    if (whole.length < beams) return true;
    const reached = earlyStopping === 'never' && lengthPenalty > 0 ? maxNewTokens : length;
    const canImprove = running[0].sum / reached ** lengthPenalty > whole[beams - 1].score;
    return earlyStopping !== true && canImprove;
  };

  return {
    beginnings: () => running.map(({ ids }) => ids),
    parents: () => running.map(({ parent }) => parent),
    take,
    best: () => {
      if (whole.length > 0) return whole[0];
      const { ids, logprobs, sum } = running[0];
      return { ids: [...ids], logprobs: [...logprobs], ended: false, score: sum };
    },
  };
}

/**
 * The best answer. `logitsOf` gives [beams, vocabulary] for up to `beams` beginnings of equal length; undefined ends the
 * search with the best that there is.
 * @throws AppError `logits-not-finite`
 */
export async function beamSearch(
  logitsOf: (beginnings: readonly (readonly number[])[]) => Promise<Float32Array | undefined>,
  settings: BeamSearch,
): Promise<BeamAnswer> {
  const search = startSearch(settings);
  for (let goesOn = settings.maxNewTokens > 0; goesOn; ) {
    const logits = await logitsOf(search.beginnings());
    goesOn = logits !== undefined && search.take(logits);
  }
  return search.best();
}

function answerOf(
  { beam, id, logprob, sum }: Candidate,
  eosIds: readonly number[],
  length: number,
  lengthPenalty: number,
): BeamAnswer {
  const ended = eosIds.includes(id);
  return {
    ids: ended ? [...beam.ids] : [...beam.ids, id],
    logprobs: ended ? [...beam.logprobs] : [...beam.logprobs, logprob],
    ended,
    score: sum / length ** lengthPenalty,
  };
}

/** The `count` likeliest continuations of all beams, best first; of equal ones the first beam and lowest id. */
function best(
  beams: readonly Beam[],
  logits: Float32Array,
  count: number,
  vocabularySize: number,
): Candidate[] {
  const found: Candidate[] = [];
  const width = logits.length / beams.length;
  for (const [row, beam] of beams.entries()) {
    const all = logits.subarray(row * width, (row + 1) * width);
    const own = vocabularySize > 0 ? all.subarray(0, vocabularySize) : all;
    const total = logSumExp(own);
    if (!Number.isFinite(total)) throw logitsNotFinite(own);
    for (let id = 0; id < own.length; id++) {
      const sum = beam.sum + own[id] - total;
      if (found.length === count && sum <= found[count - 1].sum) continue;
      let at = found.length;
      while (at > 0 && found[at - 1].sum < sum) at--;
      found.splice(at, 0, { beam, row, id, logprob: own[id] - total, sum });
      if (found.length > count) found.pop();
    }
  }
  return found;
}

function logSumExp(row: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const value of row) if (value > most) most = value;
  let sum = 0;
  for (const value of row) sum += Math.exp(value - most);
  return most + Math.log(sum);
}
