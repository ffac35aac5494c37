import { expect, test } from 'vitest';
import {
  isSafePath,
  neededFiles,
  parseRepository,
  refuseHostileNames,
} from '../../../main/hub/repository.ts';

test.each([
  ['HuggingFaceTB/SmolLM2-135M', 'HuggingFaceTB/SmolLM2-135M', 'main'],
  [' gpt2 ', 'gpt2', 'main'],
  ['owner/name@v1.0', 'owner/name', 'v1.0'],
  ['https://huggingface.co/owner/name', 'owner/name', 'main'],
  ['huggingface.co/owner/name', 'owner/name', 'main'],
  ['https://hf.co/owner/name/', 'owner/name', 'main'],
  ['https://huggingface.co/owner/name/tree/dev', 'owner/name', 'dev'],
  ['https://huggingface.co/owner/name/blob/main/config.json', 'owner/name', 'main'],
  ['https://huggingface.co/owner/name/tree/refs%2Fpr%2F3', 'owner/name', 'refs/pr/3'],
  ['https://mirror.test/owner/name?library=x#y', 'owner/name', 'main'],
])('"%s" is read as a repository and a revision', (text, repository, revision) => {
  expect(parseRepository(text)).toEqual({ repository, revision });
});

test('a revision that is typed counts more than one in the address', () => {
  expect(parseRepository('https://huggingface.co/o/n/tree/dev', 'v2').revision).toBe('v2');
});

test.each(['', 'a/b/c', '../etc', 'owner/..', 'o wner/name', 'owner/na--me', '-x/y', 'https://'])(
  '"%s" is refused as a name',
  (text) => {
    expect(() => parseRepository(text)).toThrow(expect.objectContaining({ code: 'repository-name' }));
  },
);

test('datasets and spaces are named for what they are, and a revision cannot leave its folder', () => {
  expect(() => parseRepository('https://huggingface.co/datasets/o/n')).toThrow(
    expect.objectContaining({ code: 'repository-kind' }),
  );
  for (const revision of ['../../x', '/etc', 'a//b', 'a b'])
    expect(() => parseRepository('o/n', revision)).toThrow(
      expect.objectContaining({ code: 'revision-name' }),
    );
});

test.each([
  '../x',
  '/etc/passwd',
  'a/../b',
  'a\\..\\b',
  'C:x',
  'a//b',
  './x',
  'nul',
  'a\u0000b',
  'x.',
  `${'é'.repeat(128)}`,
])('the listed name %j is refused', (path) => {
  expect(isSafePath(path)).toBe(false);
  expect(() => refuseHostileNames('o/n', ['config.json', path])).toThrow(
    expect.objectContaining({ code: 'hub-hostile-name' }),
  );
});

const listed = (...paths: string[]) => paths.map((path) => ({ path }));
const small = ['config.json', 'tokenizer.json'];

test('only what a training needs is fetched', () => {
  const all = listed(...small, 'model.safetensors', 'pytorch_model.bin', 'tf_model.h5', 'onnx/model.onnx');
  const more = listed(
    'LICENSE',
    'README.md',
    '.gitattributes',
    'chat_template.jinja',
    'tokenizer.model',
    'a.gguf',
  );
  expect(neededFiles('o/n', [...all, ...more]).map(({ path }) => path)).toEqual([
    ...small,
    'model.safetensors',
    'LICENSE',
    'README.md',
    'chat_template.jinja',
    'tokenizer.model',
  ]);
});

test('shards come with their index, and one that is missing is told', () => {
  const index = 'model.safetensors.index.json';
  const shards = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  expect(neededFiles('o/n', listed(...small, index, ...shards))).toHaveLength(5);
  expect(() => neededFiles('o/n', listed(...small, index, shards[1]))).toThrow(/1 of 2 weight files/);
});

test.each([
  ['weights-pickle', [...small, 'pytorch_model.bin'], /can run code/],
  ['weights-missing', [...small, 'model-q8.gguf'], /GGUF/],
  ['weights-missing', small, /no model.safetensors/],
  ['tokenizer-missing', ['config.json', 'model.safetensors'], /no tokenizer.json/],
  ['model-adapter', ['adapter_config.json', 'adapter_model.safetensors'], /adapter/],
  ['model-incomplete', ['README.md'], /no config.json/],
])('%s: a repository that cannot be trained is refused before anything is fetched', (code, paths, words) => {
  expect(() => neededFiles('o/n', listed(...paths))).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(words) }),
  );
});
