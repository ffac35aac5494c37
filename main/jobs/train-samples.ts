// Greedy answers to a few prompts while a run learns, from its live weights.
import type { DatasetRecord } from '../contract/datasets.ts';
import type { SamplePoint, TrainSettings } from '../contract/runs.ts';
import { answerBatch, createSpeaker, type Speaker } from '../inference/answer.ts';
import type { Prompt } from '../inference/prompt.ts';
import { type Prompts, promptsFor } from '../inference/prompts.ts';
import type { Model } from '../models/load.ts';
import type { Tokenizer } from '../tokens/tokenizer.ts';
import { packedAnswerGraphs, usualAnswers } from '../training/memory.ts';
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

/** Greedy answers to a few prompts as the model learns, from the live weights. */
export function createSamples({ input, model, options, tokenizer, trainer, data }: SampleParts) {
  let speaker: Speaker | undefined;
  let prompts: Prompt[] | undefined;
  const asks = promptsFor(model, tokenizer);
  return {
    /** Aborting leaves answers out. */
    at: async (step: number, signal?: AbortSignal): Promise<SamplePoint[]> => {
      if (!answersOnTheWay(input, model)) return [];
      prompts ??= (await samplePrompts(input.settings, asks, data.validationRecords)).filter(
        ({ ids }) => !asks.sharesContext || ids.length < model.shape.contextLength,
      );
      if (prompts.length === 0) return [];
      speaker ??= await createSpeaker({
        model: options.model,
        tokenizer,
        weights: trainer,
        threads: input.settings.threads,
        maxSessions: options.model.quantized === undefined ? undefined : packedAnswerGraphs,
        lean: true, // beside a training that needs the memory; answers of all prompts at once make up for it
      });
      const answers = await answerBatch(
        speaker,
        prompts.map(({ ids }) => ids),
        { maxNewTokens: usualAnswers.tokens, signal },
      );
      if (signal?.aborted) return [];
      return prompts.map(({ text, reference }, i) => ({
        step,
        prompt: text,
        output: answers[i].text,
        reference,
      }));
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
  const first = validation.slice(0, usualAnswers.prompts);
  const asked = await Promise.all(first.map(({ content }) => prompts.ofRecord(content)));
  return asked.filter((prompt) => prompt !== undefined);
}
