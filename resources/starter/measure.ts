// Measures a finished starter model by generating, and writes its model card: exact match on passages of invented words,
// held-out perplexity, and unedited samples. `npm run starter -- --measure` prints the same figures again.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createGenerator, type Generator } from '../../main/inference/generate.ts';
import { openModel } from '../../main/models/load.ts';
import { renderConversation } from '../../main/tokens/render.ts';
import { loadTokenizer, type Tokenizer } from '../../main/tokens/tokenizer.ts';
import { createTrainer } from '../../main/training/trainer.ts';
import { encodeSamples, packRows } from './batches.ts';
import { heldOutQuestions, type Message, sampleAt } from './generate.ts';
import { pretraining } from './recipe.ts';

export interface StarterFigures {
  oneFact: number;
  threeFacts: number;
  questions: number;
  perplexity: number;
  perplexityTokens: number;
  samples: { prompt: string; answer: string }[];
}

const questions = 400;
/** A stream that pretraining never draws from. */
const heldOutSeed = 900_001;

/** Prompts of the card: a passage of made-up words, small tasks, and free writing. Chosen before any model existed. */
const prompts: readonly string[] = [
  'Marda Velk keeps a parrot. The Oskin 40 costs 31 euros.\nHow much does the Oskin 40 cost?',
  'The town of Brill is famous for its bell tower. Pem Tarro lives in Brill. Pem Tarro sells lamps.\nWhere does Pem Tarro live?',
  'Tell a short story about a fox.',
  'Describe a small town.',
  'Say this again: Zuvi, plom, QX-318, Mr. Harn',
];

export async function measure(folder: string): Promise<StarterFigures> {
  const model = openModel(folder);
  const tokenizer = await loadTokenizer(folder);
  const generator = createGenerator({ model, threads: 2 });
  const oneFact = await exact(generator, tokenizer, 1);
  const threeFacts = await exact(generator, tokenizer, 3);
  const samples: StarterFigures['samples'] = [];
  for (const prompt of prompts) {
    const [answer] = await answers(generator, tokenizer, [[{ role: 'user', content: prompt }]], 120);
    samples.push({ prompt, answer });
  }
  await generator.release();
  return { oneFact, threeFacts, questions, samples, ...(await perplexity(folder, tokenizer)) };
}

async function exact(generator: Generator, tokenizer: Tokenizer, facts: 1 | 3): Promise<number> {
  const asked = heldOutQuestions(11, facts, questions);
  const given = await answers(
    generator,
    tokenizer,
    asked.map(({ messages }) => messages),
    48,
  );
  return given.filter((answer, i) => answer.trim() === asked[i].answer.trim()).length / questions;
}

async function answers(
  generator: Generator,
  tokenizer: Tokenizer,
  conversations: readonly (readonly Message[])[],
  maxNewTokens: number,
): Promise<string[]> {
  const ids: number[][] = [];
  for (const messages of conversations) {
    const rendered = await renderConversation(
      tokenizer,
      { messages: messages.map((message) => ({ ...message })) },
      { train: 'none', addGenerationPrompt: true },
    );
    ids.push(rendered.ids);
  }
  const done = await generator.generateBatch(ids, { eosIds: generator.model.eosIds, maxNewTokens });
  return done.map((answer) => tokenizer.decode(answer.ids, { skipSpecial: true }));
}

/** Perplexity of stories and descriptions that pretraining never saw. */
async function perplexity(
  folder: string,
  tokenizer: Tokenizer,
): Promise<{ perplexity: number; perplexityTokens: number }> {
  const model = openModel(folder);
  const trainer = await createTrainer({
    model,
    optimizer: { kind: 'sgd', momentum: 0 },
    weightDecay: 0,
    maxGradNorm: 0,
    threads: 2,
    frozen: () => true,
  });
  const samples = Array.from({ length: 3000 }, (_, i) => sampleAt(heldOutSeed, i, 1)).filter(
    (sample) => 'text' in sample,
  );
  const encoded = await encodeSamples(tokenizer, samples);
  const { rows, width } = pretraining.short;
  let sum = 0;
  let tokens = 0;
  for (let start = 0; start + rows <= encoded.length; start += rows) {
    const batch = packRows(
      encoded.slice(start, start + rows).map((sample) => [sample]),
      width,
    );
    const losses = await trainer.losses(batch);
    batch.weights.forEach((weight, i) => {
      if (weight === 0) return;
      sum += losses[i];
      tokens += 1;
    });
  }
  await trainer.release();
  return { perplexity: Math.exp(sum / tokens), perplexityTokens: tokens };
}

export function writeCard(folder: string, figures: StarterFigures, parameters: number, steps: number): void {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const samples = figures.samples
    .map(({ prompt, answer }) => `**Prompt**\n\n${quoted(prompt)}\n\n**Answer**\n\n${quoted(answer)}`)
    .join('\n\n');
  writeFileSync(
    join(folder, 'README.md'),
    `---
license: apache-2.0
language: en
library_name: transformers
tags: [llama, tunesmith, starter]
---

# Tunesmith starter

A language model of ${(parameters / 1e6).toFixed(2)} million parameters, made to be tuned: small enough to train in minutes on a
processor, and able to use words that it never saw. It was made from nothing by this project: the text by a seeded
generator, the tokenizer and the weights by Tunesmith's own engine. It knows no facts of the world.

| measure | value | on | command |
| --- | --- | --- | --- |
| exact match, passages of one fact | ${percent(figures.oneFact)} | ${figures.questions} questions about invented words | \`npm run starter -- --measure\` |
| exact match, passages of three facts | ${percent(figures.threeFacts)} | ${figures.questions} questions about invented words | \`npm run starter -- --measure\` |
| perplexity of held-out stories and descriptions | ${figures.perplexity.toFixed(2)} | ${figures.perplexityTokens.toLocaleString('en')} tokens | \`npm run starter -- --measure\` |

Answers are greedy; names, things and codes in the questions are drawn from stems that no training text contains. The
weights come from ${steps.toLocaleString('en')} steps of pretraining; \`npm run starter -- --fresh\` makes them again.

## Unedited samples (greedy)

${samples}

## Limits

English only, short texts, no knowledge, no safety training. Context ${openModel(folder).shape.contextLength} tokens; most training texts are
shorter than 180. Licence: Apache-2.0.
`,
  );
}

function quoted(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
}
