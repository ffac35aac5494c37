// Greedy answers to a few prompts while a run learns, from its live weights.
import type { DatasetRecord } from '../contract/datasets.ts';
import type { SamplePoint, TrainSettings } from '../contract/runs.ts';
import { answer, createSpeaker, type Speaker } from '../inference/answer.ts';
import type { Prompt } from '../inference/prompt.ts';
import { type Prompts, promptsFor } from '../inference/prompts.ts';
import type { Model } from '../models/load.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import type { Trainer, TrainerOptions } from '../training/trainer.ts';
import type { TrainInput } from './job.ts';
import type { TrainingData } from './train-data.ts';
import { answersOnTheWay } from './train-quantized.ts';

interface SampleParts {
  input: TrainInput;
  /** With the original weights. */
  model: Model;
  /** What the trainer was made with. */
  options: Pick<TrainerOptions, 'model'>;
  tokenizer: Tokenizer;
  trainer: Trainer;
  data: TrainingData;
}

const sampleTokens = 64;

/** Greedy answers to a few prompts as the model learns, from the live weights. */
export function createSamples({ input, model, options, tokenizer, trainer, data }: SampleParts) {
  let speaker: Speaker | undefined;
  let prompts: Prompt[] | undefined;
  const asks = promptsFor(model, tokenizer);
  return {
    at: async (step: number): Promise<SamplePoint[]> => {
      if (!answersOnTheWay(input, model)) return [];
      prompts ??= await samplePrompts(input.settings, asks, data.validationRecords);
      const points: SamplePoint[] = [];
      for (const { ids, text, reference } of prompts) {
        if (asks.sharesContext && ids.length >= model.shape.contextLength) continue;
        speaker ??= await createSpeaker({
          model: options.model,
          tokenizer,
          weights: trainer,
          threads: input.settings.threads,
        });
        const { text: output } = await answer(speaker, {
          promptIds: ids,
          options: { maxNewTokens: sampleTokens },
        });
        points.push({ step, prompt: text, output, reference });
      }
      return points;
    },
    release: async () => speaker?.release(),
  };
}

/** The prompts of the recipe, or those of the first validation records. */
async function samplePrompts(
  settings: TrainSettings,
  prompts: Prompts,
  validation: readonly DatasetRecord[],
): Promise<Prompt[]> {
  if (settings.samplePrompts.length > 0) {
    return Promise.all(settings.samplePrompts.map((text) => prompts.ofText(text)));
  }
  const asked = await Promise.all(validation.slice(0, 3).map(({ content }) => prompts.ofRecord(content)));
  return asked.filter((prompt) => prompt !== undefined);
}
