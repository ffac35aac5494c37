// Exact match of greedy answers to questions about passages of invented words. Greedy decoding gives the reference
// exactly when each of its tokens is the most probable one after the true beginning, so one pass per batch decides it.
import type { Model } from '../../main/models/load.ts';
import type { Tokenizer } from '../../main/tokens/tokenizer.ts';
import { compileLogits } from '../../main/training/programs.ts';
import { createSession, type Session } from '../../main/training/session.ts';
import type { Trainer } from '../../main/training/trainer.ts';
import { encodeSamples, packRows } from './batches.ts';
import { heldOutQuestions } from './generate.ts';
import { pretraining } from './recipe.ts';

let session: Session | undefined;

/** Share of `count` questions about passages of 1 or 3 facts that are answered exactly, 0 to 1. */
export async function exactMatch(
  trainer: Trainer,
  model: Model,
  tokenizer: Tokenizer,
  facts: 1 | 3,
  count: number,
): Promise<number> {
  const { rows, width } = pretraining.short;
  session ??= await createSession(
    compileLogits(
      { rows, width, labels: 1, segments: true },
      {
        model,
        pages: trainer.pages,
        sites: [],
        provider: 'cpu',
        recompute: 'off',
        dropout: 0,
        labelSmoothing: 0,
      },
    ),
    { threads: 2, weightsFolder: model.weightsFolder },
  );
  const questions = heldOutQuestions(7, facts, count);
  const samples = questions.map(({ messages, answer }) => ({
    kind: 'held-out',
    messages: [...messages, { role: 'assistant' as const, content: answer }],
  }));
  const encoded = await encodeSamples(tokenizer, samples);
  let right = 0;
  for (let start = 0; start < encoded.length; start += rows) {
    const part = encoded.slice(start, start + rows);
    while (part.length < rows) part.push({ ids: [0], weights: [0] });
    const batch = packRows(
      part.map((sample) => [sample]),
      width,
    );
    const { logits } = await session.run({
      ids: batch.inputIds,
      positions: batch.positionIds,
      segments: batch.segmentIds as Int32Array,
      ...trainer.parameters.named('p'),
    });
    const vocabulary = logits.length / (rows * width);
    part.forEach(({ ids, weights }, row) => {
      if (ids.length === 1) return;
      const exact = ids.every((id, i) => {
        if (weights[i] < 1) return true;
        const at = (row * width + i - 1) * vocabulary;
        return argmax(logits.subarray(at, at + vocabulary) as Float32Array) === id;
      });
      if (exact) right++;
    });
  }
  return right / count;
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
