// Inputs that break other trainers, each through the train job with a tiny model and onnxruntime: what can be trained is,
// and what cannot ends in one sentence with the last good checkpoint in place.
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import type { JobContext, TrainInput } from '../../../main/jobs/job.ts';
import { train } from '../../../main/jobs/train.ts';
import { openLog } from '../../../main/log.ts';
import { openModel } from '../../../main/models/load.ts';
import {
  fromFloat32,
  readBytes,
  readHeader,
  readTensor,
  type TensorInfo,
  type TensorToWrite,
  writeSafetensors,
} from '../../../main/models/safetensors.ts';
import { newestCheckpoint } from '../../../main/training/checkpoint.ts';
import { crashSettings, prepareScenario } from '../../crash/scenario.ts';

let folder = '';
let scenario: ReturnType<typeof prepareScenario>;
let records: DatasetRecord[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith hard ø # %20-'));
  openLog(join(folder, 'log.txt'));
  scenario = prepareScenario(folder);
  records = readFileSync(scenario.recordsFile, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Changes {
  settings?: Partial<TrainSettings>;
  records?: readonly DatasetRecord[];
  modelFolder?: string;
  startFrom?: TrainInput['startFrom'];
  onCheckpoint?(step: number): void;
}

interface Outcome {
  result?: Awaited<ReturnType<typeof train.run>>;
  error?: { code: string; message: string; remedy: string };
  /** Sentences of the run. */
  said: string[];
  checkpoints: string[];
}

/** Runs the job in this process. */
async function run(name: string, changes: Changes = {}): Promise<Outcome> {
  const runFolder = join(folder, name);
  mkdirSync(runFolder, { recursive: true });
  const recordsFile = join(runFolder, 'records.jsonl');
  const lines = (changes.records ?? records).map((record) => `${JSON.stringify(record)}\n`);
  writeFileSync(recordsFile, lines.join(''));
  const input: TrainInput = {
    runFolder,
    modelFolder: changes.modelFolder ?? scenario.modelFolder,
    recordsFile,
    settings: { ...crashSettings, epochs: 1, threads: 1, samplePrompts: [], ...changes.settings },
    lineage: {},
    memoryBytes: 4e9,
    startFrom: changes.startFrom,
    resume: false,
  };
  const said: string[] = [];
  const context: JobContext<'train'> = {
    progress: () => {},
    emit: (event, payload) => {
      if (event === 'message') said.push((payload as { sentence: string }).sentence);
      if (event === 'checkpoint') changes.onCheckpoint?.((payload as { step: number }).step);
    },
    signal: new AbortController().signal,
    unlessPaused: async () => {},
    answer: async () => {},
  };
  const outcome: Partial<Outcome> = {};
  try {
    outcome.result = await train.run(input, context);
  } catch (thrown) {
    const { code, message, remedy } = thrown as NonNullable<Outcome['error']>;
    outcome.error = { code, message, remedy };
  }
  const checkpoints = join(runFolder, 'checkpoints');
  return {
    ...outcome,
    said,
    checkpoints: readdirSync(runFolder).includes('checkpoints') ? readdirSync(checkpoints).sort() : [],
  };
}

/** A copy of the model in a folder of its own. */
function copyModel(name: string): string {
  const copy = join(folder, name);
  mkdirSync(copy);
  for (const file of readdirSync(scenario.modelFolder)) {
    copyFileSync(join(scenario.modelFolder, file), join(copy, file));
  }
  return copy;
}

/** Changes the numbers of tensors, or their shapes, in place. */
function changeWeights(
  model: string,
  change: (info: TensorInfo, numbers: Float32Array) => { shape: readonly number[]; numbers: Float32Array },
): void {
  const file = join(model, 'model.safetensors');
  const changed = [...readHeader(file).values()].map((info): TensorToWrite => {
    const { shape, numbers } = change(info, readTensor(info));
    return { name: info.name, dtype: info.dtype, shape, bytes: () => fromFloat32(numbers, info.dtype) };
  });
  writeSafetensors(file, changed);
}

const completion = (id: string, prompt: string, answer: string): DatasetRecord => ({
  id,
  split: 'train',
  content: { type: 'completion', prompt, completion: answer },
  provenance: [],
  group: id,
});
const long = 'Once upon a time there was a cat. '.repeat(400);
const few = (count: number) => records.filter(({ split }) => split === 'train').slice(0, count);
const unsaved: Partial<TrainSettings> = { checkpointEvery: 100, evalEvery: 100 };

describe('records', () => {
  it('whose answers are all masked end the run before it starts, with their number and the length', async () => {
    const masked = Array.from({ length: 5 }, (_, i) => completion(`m${i}`, `${long} ${i}`, ' yes'));
    const { error, checkpoints } = await run('masked', { records: masked });
    expect(error).toMatchObject({
      code: 'nothing-to-learn',
      message: '5 of 5 records have no trained token at length 64.',
    });
    expect(error?.remedy).toMatch(/^Raise the maximum length/);
    expect(checkpoints).toEqual([]);
  });

  it('whose answers are masked are left out, said, and the others are trained', async () => {
    const masked = completion('masked', long, ' yes');
    const { result, said } = await run('some-masked', { records: [...few(8), masked], settings: unsaved });
    expect(result).toMatchObject({ step: 1 });
    expect(said).toContain('1 records have no trained token at length 64 and are left out.');
  });

  it('whose prompts may lose their beginning are all trained, and said (C04)', async () => {
    const tooLong = completion('long', long, ' yes');
    const settings = { ...unsaved, cut: 'prompt-start' as const };
    const { result, said } = await run('cut-prompt', { records: [...few(7), tooLong], settings });
    expect(result).toMatchObject({ step: 1 });
    expect(said).toContain('1 of 8 records are cut at 64 tokens, from the beginning of the prompt.');
  });

  it('that are longer than the context of the model are cut there, and said', async () => {
    const whole: DatasetRecord = {
      ...completion('long', '', ''),
      content: { type: 'text', text: long, complete: true },
    };
    const settings = { ...unsaved, maxLength: 0, microBatchTokens: 256 };
    const { result, said } = await run('long', { records: [...few(7), whole], settings });
    expect(result).toMatchObject({ step: 1 });
    expect(result?.trainLoss).toBeGreaterThan(0);
    expect(said).toContain('1 of 8 records are cut at 256 tokens.');
  });

  it('without a validation split train to the end, and the last step counts', async () => {
    const settings = { patience: 2, evalEvery: 1, epochs: 2 };
    const { result, checkpoints } = await run('no-validation', { records: few(16), settings });
    expect(result).toMatchObject({ step: 4, stopped: false, bestStep: null, validationLoss: null });
    expect(checkpoints).toEqual(['00000004']);
  });

  it('that are fewer than a batch make one update of all of them an epoch', async () => {
    const { result } = await run('small', { records: few(5), settings: { batchSize: 1000, epochs: 3 } });
    expect(result).toMatchObject({ step: 3, stopped: false });
  });
});

describe('weights', () => {
  it('with NaN are refused with the name of the tensor and their number', async () => {
    const model = copyModel('nan');
    changeWeights(model, ({ name, shape }, numbers) => {
      if (name === 'model.layers.1.mlp.up_proj.weight') numbers.fill(Number.NaN, 7, 9);
      return { shape, numbers };
    });
    const { error, checkpoints } = await run('nan-run', { modelFolder: model });
    expect(error).toEqual({
      code: 'weights-not-finite',
      message:
        '"model.layers.1.mlp.up_proj.weight" of "nan" holds NaN or infinity: 2 of 7,168 values, so nothing can be learned from it.',
      remedy: 'Copy or download the model again.',
    });
    expect(checkpoints).toEqual([]);
  });

  it('with infinity in half precision are refused too', async () => {
    const model = copyModel('infinite');
    const file = join(model, 'model.safetensors');
    writeSafetensors(
      file,
      [...readHeader(file).values()].map((info) => {
        const numbers = readTensor(info);
        if (info.name === 'model.norm.weight') numbers[3] = Number.NEGATIVE_INFINITY;
        const dtype = 'bfloat16' as const;
        return { name: info.name, dtype, shape: info.shape, bytes: () => fromFloat32(numbers, dtype) };
      }),
    );
    const { error } = await run('infinite-run', { modelFolder: model });
    expect(error).toMatchObject({ code: 'weights-not-finite' });
    expect(error?.message).toContain(
      '"model.norm.weight" of "infinite" holds NaN or infinity: 1 of 64 values',
    );
  });

  it('that lack a shard are refused with the name of the file', async () => {
    const model = copyModel('sharded');
    const file = join(model, 'model.safetensors');
    const tensors = [...readHeader(file).values()];
    const half = tensors.length >> 1;
    const shards = { 'model-00001-of-00002.safetensors': tensors.slice(0, half) };
    const map: Record<string, string> = {};
    for (const { name } of tensors) map[name] = 'model-00002-of-00002.safetensors';
    for (const [shard, part] of Object.entries(shards)) {
      const parts = part.map((info) => ({ ...info, bytes: () => readBytes(info) }));
      writeSafetensors(join(model, shard), parts);
      for (const { name } of part) map[name] = shard;
    }
    rmSync(file);
    writeFileSync(join(model, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
    const { error } = await run('shard-run', { modelFolder: model });
    expect(error).toMatchObject({
      code: 'weights-missing',
      message: '"sharded" lacks the file model-00002-of-00002.safetensors.',
    });
  });

  it('that contradict config.json are refused with both shapes', async () => {
    const model = copyModel('contradicting');
    const config = JSON.parse(readFileSync(join(model, 'config.json'), 'utf8'));
    writeFileSync(join(model, 'config.json'), JSON.stringify({ ...config, num_key_value_heads: 4 }));
    const { error } = await run('contradicting-run', { modelFolder: model });
    expect(error).toMatchObject({
      code: 'weights-shape',
      message:
        '"model.layers.0.self_attn.k_proj.weight" of "contradicting" is [32, 64], but config.json says [64, 64].',
    });
  });
});

describe('a tokenizer', () => {
  /** Adds a token with this id, which the model has no row for. */
  function addToken(model: string, content: string, id: number): void {
    const file = join(model, 'tokenizer.json');
    const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
    tokenizer.added_tokens.push({ id, content, ...flags });
    writeFileSync(file, JSON.stringify(tokenizer));
  }

  function changeTokenizer(model: string, changes: Record<string, string>): void {
    const file = join(model, 'tokenizer_config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...config, ...changes }));
  }

  it('with more tokens than rows is refused when one of them occurs, with token, id and rows', async () => {
    const model = copyModel('more-tokens');
    addToken(model, '[turn]', 512);
    changeTokenizer(model, {
      chat_template:
        "{% for message in messages %}{{ '[turn]' + message['content'] + eos_token }}{% endfor %}",
    });
    const chat: DatasetRecord = {
      ...completion('chat', '', ''),
      content: {
        type: 'chat',
        messages: [
          { role: 'user', content: 'Who are you?' },
          { role: 'assistant', content: 'A cat.' },
        ],
      },
    };
    const { error } = await run('turn-run', { modelFolder: model, records: [...few(3), chat] });
    expect(error).toMatchObject({
      code: 'tokenizer-rows',
      message:
        'The token "[turn]" (id 512) occurs in 1 of 4 records, but the embedding of "more-tokens" has only 512 rows, so it cannot be learned.',
    });
    expect(error?.remedy).toMatch(/^Choose the tokenizer/);
  });

  it('with more tokens than rows trains where none of them occurs, even when padding is one of them', async () => {
    const model = copyModel('more-padding');
    addToken(model, '[filler]', 512);
    changeTokenizer(model, { pad_token: '[filler]' });
    const settings = { ...unsaved, packing: false };
    const [same, usual] = [
      await run('filler-run', { modelFolder: model, records: few(6), settings }),
      await run('usual-run', { records: few(6), settings }),
    ];
    expect(same.error).toBeUndefined();
    expect(same.result?.trainLoss).toBe(usual.result?.trainLoss); // padding goes by position
  });

  it('with fewer tokens than rows trains, and the rows count', async () => {
    const model = copyModel('fewer-tokens');
    changeWeights(model, ({ name, shape }, numbers) => {
      if (name !== 'model.embed_tokens.weight') return { shape, numbers };
      const grown = new Float32Array(520 * shape[1]);
      grown.set(numbers);
      return { shape: [520, shape[1]], numbers: grown };
    });
    expect(openModel(model).warnings).toEqual([
      'config.json says 512 tokens, but the embedding has 520 rows; the rows count.',
    ]);
    const { result } = await run('fewer-run', { modelFolder: model, records: few(8), settings: unsaved });
    expect(result).toMatchObject({ step: 1, stopped: false });
  });
});

describe('a learning rate of 1e6', () => {
  const wild = {
    learningRate: 1e6,
    warmupSteps: 6,
    schedule: 'linear' as const,
    checkpointEvery: 1,
    epochs: 3,
  };

  it.each(['lora', 'full'] as const)(
    'with %s ends the run with a sentence and the last checkpoint that is sound',
    async (method) => {
      const name = `wild-${method}`;
      const { error, said, checkpoints } = await run(name, {
        settings: { ...wild, method, evalEvery: 100 },
      });
      expect(error).toMatchObject({ code: 'diverged' });
      expect(error?.message).toMatch(
        /^Since step \d+ the loss is .*The learning rate .* is probably too high\.$/,
      );
      expect(error?.remedy).toContain('lower learning rate');
      const left = Number(checkpoints.at(-1));
      expect(said.at(-1)).toBe(
        `The checkpoint of step ${left} is the last one with a good loss; later ones were removed.`,
      );
      expect(newestCheckpoint(join(folder, name))).toMatchObject({ found: { step: left }, damaged: [] });
      // it is good: a run that starts from it has a usual loss
      const good = join(folder, name, 'checkpoints', checkpoints.at(-1) as string);
      const calm = await run(`calm-${method}`, {
        settings: { method, evalEvery: 100 },
        startFrom: { kind: method === 'lora' ? 'adapter' : 'full', folder: good, run: 1, step: left },
        modelFolder: method === 'lora' ? undefined : good,
      });
      expect(calm.error).toBeUndefined();
      expect(calm.result?.validationLoss).toBeLessThan(8);
    },
  );
});
