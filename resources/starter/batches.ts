// The stream of pretraining batches: generated samples, encoded, weighted and packed into rows, several samples a row.
// Pure in the step: seeking to a step gives what an uninterrupted stream would have given.
import type { Tokenizer } from '../../main/tokens/tokenizer.ts';
import type { BatchArrays } from '../../main/training/trainer.ts';
import { type Sample, sampleAt } from './generate.ts';
import { lossWeights, pretraining, specialTokens } from './recipe.ts';

export interface Weighted {
  ids: number[];
  /** Loss weight of each id as a label. */
  weights: number[];
}

const [, begin, end, system, user, assistant] = specialTokens.map((_, id) => id);

/** Samples as the chat template renders them; plain texts between the begin and end tokens. */
export async function encodeSamples(tokenizer: Tokenizer, samples: readonly Sample[]): Promise<Weighted[]> {
  const texts = samples.flatMap((sample) =>
    'text' in sample ? [sample.text] : sample.messages.map(({ content }) => content),
  );
  const encoded = await tokenizer.encodePlainBatch(texts);
  let next = 0;
  return samples.map((sample) => {
    const ids: number[] = [begin];
    const weights: number[] = [0];
    const push = (list: readonly number[], weight: number) => {
      for (const id of list) {
        ids.push(id);
        weights.push(weight);
      }
    };
    if ('text' in sample) {
      push([...encoded[next++].ids, end], lossWeights.text);
      return { ids, weights };
    }
    for (const { role } of sample.messages) {
      const content = encoded[next++].ids;
      push([role === 'assistant' ? assistant : role === 'user' ? user : system], lossWeights.control);
      if (role === 'assistant') push([...content, end], lossWeights.answer);
      else push(content, lossWeights.prompt);
    }
    return { ids, weights };
  });
}

/** Rows of `width` ids. Each sample is one segment and starts at position 0; all places are label rows. */
export function packRows(rows: readonly Weighted[][], width: number): BatchArrays {
  const size = rows.length * width;
  const batch = {
    rows: rows.length,
    width,
    inputIds: new Int32Array(size),
    positionIds: new Int32Array(size),
    segmentIds: new Int32Array(size).fill(-1),
    labelRows: Int32Array.from({ length: size }, (_, i) => i),
    labels: new Int32Array(size),
    weights: new Float32Array(size),
  };
  rows.forEach((samples, row) => {
    let at = row * width;
    samples.forEach(({ ids, weights }, segment) => {
      ids.forEach((id, i) => {
        batch.inputIds[at + i] = id;
        batch.positionIds[at + i] = i;
        batch.segmentIds[at + i] = segment;
        if (i === 0) return;
        batch.labels[at + i - 1] = id;
        batch.weights[at + i - 1] = weights[i];
      });
      at += ids.length;
    });
  });
  return batch;
}

/** Several samples as one: a conversation of many turns. */
function joined(samples: readonly Weighted[]): Weighted {
  return { ids: samples.flatMap(({ ids }) => ids), weights: samples.flatMap(({ weights }) => weights) };
}

/** Rows filled with samples up to a few places; `draw` gives more samples when they run out. */
async function fillRows(
  draw: () => Promise<Weighted[]>,
  wanted: number,
  width: number,
): Promise<Weighted[][]> {
  const full: Weighted[][] = [];
  let open: { samples: Weighted[]; free: number }[] = [];
  while (full.length < wanted) {
    for (const weighted of await draw()) {
      const length = weighted.ids.length;
      if (length > width) continue;
      const bin = open.find(({ free }) => free >= length);
      if (bin === undefined) {
        open.push({ samples: [weighted], free: width - length });
        continue;
      }
      bin.samples.push(weighted);
      bin.free -= length;
      if (bin.free < 12) {
        full.push(bin.samples);
        open = open.filter((candidate) => candidate !== bin);
      }
    }
  }
  return full.slice(0, wanted);
}

export interface Stream {
  /** Batches given so far. */
  position: number;
  next(): Promise<BatchArrays>;
}

/** One group of steps is generated and packed together; a group depends on its number alone. */
export function createStream(tokenizer: Tokenizer, totalSteps: number): Stream {
  const { short, long, groupSteps, seed } = pretraining;
  let group = -1;
  let batches: BatchArrays[] = [];

  const load = async (number: number): Promise<void> => {
    group = number;
    const progress = Math.min(1, (number * groupSteps) / totalSteps);
    let index = number * 1_000_000; // more than a group draws
    const draw = () =>
      encodeSamples(
        tokenizer,
        Array.from({ length: 200 }, () => sampleAt(seed, index++, progress)),
      );
    batches = [];
    for (let step = 0; step < groupSteps; step++) {
      if (progress >= long.fromProgress && step % long.everyNth === 0) {
        const rows = await fillRows(draw, long.rows, long.width);
        batches.push(
          packRows(
            rows.map((samples) => [joined(samples)]),
            long.width,
          ),
        );
      } else {
        batches.push(packRows(await fillRows(draw, short.rows, short.width), short.width));
      }
    }
  };

  const stream: Stream = {
    position: 0,
    next: async () => {
      const number = Math.floor(stream.position / groupSteps);
      if (number !== group) await load(number);
      return batches[stream.position++ % groupSteps];
    },
  };
  return stream;
}
