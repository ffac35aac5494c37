// The job that makes a model of one's own: trains a vocabulary on the given text, draws the first weights, writes the
// folder as transformers reads it, and opens it once before it gets its name. Knows no list of models.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ModelDesign } from '../contract/models.ts';
import { AppError } from '../errors.ts';
import { architectureOf, configOf, designProblems, familyOf } from '../models/families.ts';
import { writeScratchModel } from '../models/scratch.ts';
import { loadTokenizer } from '../tokens/tokenizer.ts';
import type { TrainProgress } from '../tokens/train/steps.ts';
import { trainVocabulary, type Vocabulary } from '../tokens/train/vocabulary.ts';
import { modelFacts } from './inspect-model.ts';
import type { JobContext, JobRunner, JobTypes } from './job.ts';
import { fertilityOf, type VocabularyText, vocabularyText } from './vocabulary-text.ts';

type Input = JobTypes['create-model']['input'];
type Context = JobContext<'create-model'>;

/** Shares of the bar: reading, finding pieces, the rest. */
const readShare = 0.3;
const trainedShare = 0.8;
/** Text beyond this adds next to nothing to a vocabulary, and Unigram counts every string of every word. */
const mostBytes: Record<ModelDesign['vocabulary'], number> = { bpe: 500e6, wordpiece: 500e6, unigram: 60e6 };

export const createModel: JobRunner<'create-model'> = {
  kind: 'create-model',
  async run(input, context) {
    const { design, folder, base } = input;
    const [problem] = designProblems(design);
    if (problem) throw new AppError('model-design', problem.message, problem.remedy);
    const text = vocabularyText(input.text, input.seed, mostBytes[design.vocabulary]);
    const notes: string[] = [];
    const vocabulary = await vocabularyOf(input, text, context, notes);
    context.signal.throwIfAborted();
    const staging = `${folder}.part`;
    const say = (progress: number, position: string) =>
      context.progress({ progress, position, rate: '', secondsLeft: null });
    try {
      say(trainedShare, 'drawing weights');
      await nextTurn();
      rmSync(staging, { recursive: true, force: true });
      mkdirSync(staging, { recursive: true });
      writeFolder(staging, input, vocabulary);
      await nextTurn();
      context.signal.throwIfAborted();
      say(0.95, 'checking the folder');
      await modelFacts(staging);
      const { texts, heldOut } = text.passages();
      const { words, ...own } = await fertilityOf('', await loadTokenizer(staging), texts);
      const theirs = base && (await fertilityOf(base.name, await loadTokenizer(base.folder), texts));
      mkdirSync(dirname(folder), { recursive: true });
      renameSync(staging, folder);
      const { words: _, ...compared } = theirs ?? { words: 0 };
      return {
        folder,
        own,
        base: theirs === null ? null : (compared as typeof own),
        words,
        heldOut,
        wantedSize: design.vocabularySize,
        textShare: text.share,
        notes,
      };
    } catch (thrown) {
      rmSync(staging, { recursive: true, force: true });
      throw thrown;
    }
  },
};

/** `notes` gets the sentences of the trainer. */
async function vocabularyOf(
  { design }: Input,
  text: VocabularyText,
  context: Context,
  notes: string[],
): Promise<Vocabulary> {
  const family = familyOf(design.family)!;
  let share = 0;
  let empty = true;
  const report = ({ phase, done, total }: TrainProgress) => {
    const reading = share < 1;
    const within = reading
      ? share * readShare
      : readShare + (total > 0 ? done / total : 0.5) * (trainedShare - readShare);
    const position = reading ? 'reading the text' : total > 0 ? `${phase}, ${done} of ${total}` : phase;
    context.progress({ progress: Math.min(trainedShare, within), position, rate: '', secondsLeft: null });
  };
  const texts = function* () {
    for (const piece of text.read((read) => {
      share = read;
    })) {
      empty = false;
      yield piece;
    }
    share = 1;
    if (empty)
      throw new AppError(
        'no-text',
        'The chosen documents hold no text that a vocabulary could be made of.',
        'Choose other documents, or a dataset version with training records.',
      );
  };
  return trainVocabulary(texts(), {
    kind: design.vocabulary,
    task: architectureOf(family).task,
    vocabularySize: design.vocabularySize,
    specialTokens: design.specialTokens,
    contextLength: design.context,
    tokenTypes: family.tokenTypes,
    rule: family.ownRule,
    onProgress: report,
    onNote: (sentence) => notes.push(sentence),
    signal: context.signal,
  });
}

function writeFolder(folder: string, { design, seed }: Input, vocabulary: Vocabulary): void {
  const { size, ids, file, settings } = vocabulary;
  const family = familyOf(design.family)!;
  const config = configOf(design, { vocabularySize: size, ids });
  writeScratchModel(folder, config, { seed });
  const json = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
  json('tokenizer.json', file);
  json('tokenizer_config.json', settings);
  if (architectureOf(family).task === 'encoder') return; // writes no text
  const start = config.decoder_start_token_id;
  json('generation_config.json', {
    ...ids,
    ...(start === undefined ? {} : { decoder_start_token_id: start }),
  });
}
