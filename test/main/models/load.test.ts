// Opening model folders: weights wherever they lie, under any name, read where they are, and refusals
// that say why.
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModel, openTrainable } from '../../../main/models/load.ts';
import {
  readBytes,
  readHeader,
  type TensorInfo,
  writeSafetensors,
} from '../../../main/models/safetensors.ts';
import { readStored, type StoredModel, toBatch } from '../../conformance/reference.ts';
import { logitsOf } from '../../conformance/training.ts';
import { referenceFolder } from '../../helpers/reference-model.ts';
import { temporaryFolder } from '../../helpers/tiny-model.ts';

const original = referenceFolder('llama');
const batch = toBatch(readStored<StoredModel>(original).batches[2]);
const expected = await logitsOf(openModel(original), 'cpu', batch);

/** A copy of the tiny llama: config and weights. */
function copied(folder = temporaryFolder()): string {
  mkdirSync(folder, { recursive: true });
  for (const file of ['config.json', 'model.safetensors'])
    copyFileSync(join(original, file), join(folder, file));
  return folder;
}

/** Splits the weights of a folder into `count` shards with an index. */
function shard(folder: string, count: number): void {
  const tensors = [...readHeader(join(folder, 'model.safetensors')).values()];
  const fileOf = (i: number) => `model-0000${(i % count) + 1}-of-0000${count}.safetensors`;
  for (let part = 0; part < count; part++) {
    const mine = tensors.filter((_, i) => i % count === part);
    writeSafetensors(
      join(folder, fileOf(part)),
      mine.map((info: TensorInfo) => ({
        name: info.name,
        dtype: info.dtype,
        shape: info.shape,
        bytes: () => readBytes(info),
      })),
    );
  }
  rmSync(join(folder, 'model.safetensors'));
  const weight_map = Object.fromEntries(tensors.map(({ name }, i) => [name, fileOf(i)]));
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map }));
}

/** Turns a folder into a snapshot of a Hugging Face cache: links into a folder of blobs named by hash. */
function asCache(root: string, folder: string): string {
  const repository = join(root, 'hub', 'models--someone--tiny');
  const [blobs, snapshot] = [join(repository, 'blobs'), join(repository, 'snapshots', '0123abcd')];
  mkdirSync(blobs, { recursive: true });
  mkdirSync(snapshot, { recursive: true });
  const names = ['config.json', 'model.safetensors', 'model.safetensors.index.json'];
  for (let part = 1; part < 4; part++) names.push(`model-0000${part}-of-00003.safetensors`);
  let next = 0;
  for (const name of names) {
    try {
      copyFileSync(join(folder, name), join(blobs, `${'f00d'.repeat(15)}${String(next).padStart(4, '0')}`));
    } catch {
      continue; // not among the files of this folder
    }
    symlinkSync(
      join('../../blobs', `${'f00d'.repeat(15)}${String(next++).padStart(4, '0')}`),
      join(snapshot, name),
    );
  }
  return snapshot;
}

async function sameLogits(folder: string): Promise<void> {
  expect(await logitsOf(openModel(folder), 'cpu', batch)).toEqual(expected);
}

describe('weights are read where they lie (F03)', () => {
  const names = [
    'ø Ä 語 🦊',
    'a b',
    'C# code',
    '100%20',
    "it's",
    'e\u0301 decomposed',
    'dot.',
    `${'n'.repeat(240)}`,
  ];

  test.each(names)('in a folder named "%s"', async (name) => {
    await sameLogits(copied(join(temporaryFolder(), name)));
  });

  test.each(names)('through the links of a cache below "%s"', async (name) => {
    const root = join(temporaryFolder(), name);
    await sameLogits(asCache(root, copied()));
  });

  test('in shards, also through links', async () => {
    const folder = copied();
    shard(folder, 3);
    expect(new Set([...openModel(folder).tensors.values()].map(({ file }) => basename(file))).size).toBe(3);
    await sameLogits(folder);
    await sameLogits(asCache(temporaryFolder(), folder));
  });

  test('in shards that lie in different folders', async () => {
    const folder = copied();
    shard(folder, 2);
    const elsewhere = join(temporaryFolder(), 'other place');
    mkdirSync(elsewhere);
    const [first] = [...openModel(folder).tensors.values()].map(({ file }) => file);
    cpSync(first, join(elsewhere, 'moved.safetensors'));
    rmSync(first);
    symlinkSync(join(elsewhere, 'moved.safetensors'), first);
    await sameLogits(folder);
  });

  test('nothing is copied: the session gets the folder of the real file, and a path within it', () => {
    const snapshot = asCache(temporaryFolder(), copied());
    const model = openModel(snapshot);
    const [info] = model.tensors.values();
    expect(basename(model.weightsFolder)).toBe('blobs');
    expect(model.locate(info.file)).toBe(basename(info.file));
    expect(dirname(info.file)).toBe(model.weightsFolder);
  });
});

describe('what an opened model tells', () => {
  test('parameters, bytes, dtype and end tokens', () => {
    const folder = copied();
    writeFileSync(join(folder, 'generation_config.json'), JSON.stringify({ eos_token_id: [2, 7] }));
    const model = openModel(folder);
    const values = [...readHeader(join(folder, 'model.safetensors')).values()];
    expect(model.parameters).toBe(
      values.reduce((sum, { shape }) => sum + shape.reduce((size, dim) => size * dim, 1), 0),
    );
    expect(model.dtype).toBe('float32');
    expect(model.eosIds).toEqual(expect.arrayContaining([2, 7]));
    expect(model.warnings).toEqual([]);
  });

  test('16-bit weights are told as such', () => {
    expect(openModel(referenceFolder('llama3_bf16')).dtype).toBe('bfloat16');
  });

  test('the rows of the embedding count, and the difference to config.json is told (D01)', () => {
    const folder = copied();
    changeConfig(folder, { vocab_size: 500 });
    const model = openModel(folder);
    expect(model.shape.vocabularySize).toBe(512);
    expect(model.warnings[0]).toMatch(/config\.json says 500 tokens, but the embedding has 512 rows/);
  });
});

test('tensors that config.json says nothing of are told', () => {
  const folder = copied();
  changeConfig(folder, { num_hidden_layers: 1 });
  const unread = [...readHeader(join(folder, 'model.safetensors')).keys()].filter((name) =>
    name.includes('.1.'),
  );
  expect(openModel(folder).warnings).toEqual([
    `${unread.length} tensors are not read, since config.json says nothing of them; the first is "${unread[0]}".`,
  ]);
});

test('weights that were saved without the output layer are found by their shorter names', async () => {
  const folder = copied();
  const file = join(folder, 'model.safetensors');
  const tensors = [...readHeader(file).values()].map((info) => ({
    name: info.name.replace(/^model\./, ''),
    dtype: info.dtype,
    shape: info.shape,
    bytes: () => readBytes({ ...info, file: join(original, 'model.safetensors') }),
  }));
  rmSync(file);
  writeSafetensors(file, tensors);
  expect(await logitsOf(openModel(folder), 'cpu', batch)).toEqual(expected);
});

function changeConfig(folder: string, changes: Record<string, unknown>): void {
  const file = join(folder, 'config.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...changes }));
}

describe('refusals', () => {
  const cases: [string, (folder: string) => void, string, RegExp][] = [
    [
      'no config.json',
      (folder) => rmSync(join(folder, 'config.json')),
      'model-incomplete',
      /has no config\.json/,
    ],
    [
      'a config.json that is no JSON',
      (folder) => writeFileSync(join(folder, 'config.json'), '{'),
      'config-damaged',
      /is not JSON/,
    ],
    [
      'no weights',
      (folder) => rmSync(join(folder, 'model.safetensors')),
      'weights-missing',
      /has no model\.safetensors/,
    ],
    [
      'weights as a pickle',
      (folder) => {
        rmSync(join(folder, 'model.safetensors'));
        writeFileSync(join(folder, 'pytorch_model.bin'), 'x');
      },
      'weights-pickle',
      /pytorch_model\.bin, a format that can run code/,
    ],
    [
      'other sizes than config.json says',
      (folder) => changeConfig(folder, { intermediate_size: 8 }),
      'weights-shape',
      /but config\.json says \[8, /,
    ],
    [
      'more layers than weights',
      (folder) => changeConfig(folder, { num_hidden_layers: 9 }),
      'weights-missing',
      /lacks \d+ of \d+ tensors/,
    ],
    [
      'a file that was cut',
      (folder) => truncateSync(join(folder, 'model.safetensors'), 100_000),
      'weights-damaged',
      /it is \d+ % complete/,
    ],
    [
      'a login page instead of weights',
      (folder) =>
        writeFileSync(
          join(folder, 'model.safetensors'),
          '<!DOCTYPE html><html><body>Please sign in</body></html>',
        ),
      'weights-damaged',
      /header does not fit/,
    ],
    [
      'a missing shard',
      (folder) => {
        shard(folder, 3);
        rmSync(join(folder, 'model-00002-of-00003.safetensors'));
      },
      'weights-missing',
      /lacks the file model-00002-of-00003/,
    ],
    [
      'an index that points out of the folder',
      (folder) => {
        rmSync(join(folder, 'model.safetensors'));
        const weight_map = { 'model.embed_tokens.weight': '../../secret.safetensors' };
        writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map }));
      },
      'weights-missing',
      /lacks the file/,
    ],
  ];

  test.each(cases)('%s', (_, change, code, message) => {
    const folder = copied();
    change(folder);
    expect(() => openModel(folder)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(/\w/),
      }),
    );
  });
});

describe('models for the jobs', () => {
  test.each(['llama', 'bert_mlm', 'bert_classifier', 'distilbert', 't5'])('%s can be trained', (name) => {
    expect(openTrainable(referenceFolder(name)).folder).toBe(referenceFolder(name));
  });

  test('a decoder with an output layer for another task is refused by name', () => {
    expect(() => openTrainable(referenceFolder('llama_reward'))).toThrow(
      expect.objectContaining({
        code: 'objective-unsupported',
        message: '"llama_reward" is a Llama model with an output layer for another task (classification).',
      }),
    );
  });
});
