import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { listOtherPrograms, otherPlaces } from '../../../main/hub/other-programs.ts';
import { llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';

function put(file: string, content: string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

test('a model of LM Studio in Hugging Face format is worth a check; GGUF and MLX files are named with the reason', () => {
  const home = temporaryFolder();
  const models = join(home, '.lmstudio', 'models');
  cpSync(llamaFolder, join(models, 'tiny', 'llama'), { recursive: true });
  put(join(models, 'some', 'model-GGUF', 'model-Q4_K_M.gguf'), 'GGUF');
  put(join(models, 'mlx-community', 'm', 'config.json'), '{"model_type":"llama","quantization":{"bits":4}}');
  put(join(models, 'mlx-community', 'm', 'model.safetensors'), '');
  put(join(models, 'notes', 'only', 'read.txt'), '');
  const found = listOtherPrograms(otherPlaces({}, home, 'win32'));
  expect(found.map(({ name, reason }) => [name, reason?.code ?? null])).toEqual([
    ['mlx-community/m', 'weights-mlx'],
    ['some/model-GGUF', 'weights-gguf'],
    ['tiny/llama', null],
  ]);
  expect(found[2].bytes).toBeGreaterThan(100_000);
});

test('models of Ollama are named from their manifests, with their size', () => {
  const home = temporaryFolder();
  const manifest = {
    schemaVersion: 2,
    layers: [
      { mediaType: 'application/vnd.ollama.image.model', digest: 'sha256:1', size: 2_019_377_376 },
      { mediaType: 'application/vnd.ollama.image.license', digest: 'sha256:2', size: 11_000 },
    ],
  };
  const root = join(home, '.ollama', 'models', 'manifests', 'registry.ollama.ai');
  put(join(root, 'library', 'llama3.2', 'latest'), JSON.stringify(manifest));
  put(join(root, 'ida', 'own', '1b'), JSON.stringify(manifest));
  put(join(root, 'library', 'broken', 'latest'), '{');
  const found = listOtherPrograms(otherPlaces({}, home, 'win32'));
  expect(found.map(({ program, name, bytes }) => [program, name, bytes])).toEqual([
    ['Ollama', 'ida/own:1b', 2_019_377_376],
    ['Ollama', 'llama3.2:latest', 2_019_377_376],
  ]);
  expect(found[0].reason?.message).toContain('GGUF');
});

test('their folders are where their own settings say', () => {
  const home = temporaryFolder();
  writeFileSync(join(home, '.lmstudio-home-pointer'), `${resolve('/big/lms')}\n`);
  const places = otherPlaces({ OLLAMA_MODELS: '/big/ollama' }, home, 'win32');
  expect(places.ollama).toEqual([resolve('/big/ollama'), join(home, '.ollama', 'models')]);
  expect(places.lmStudio[0]).toBe(resolve('/big/lms/models'));
  expect(listOtherPrograms(otherPlaces({}, join(home, 'nobody'), 'win32'))).toEqual([]);
});

test('the folder for models that was chosen in LM Studio is looked into, and that of the Ollama service on Linux', () => {
  const home = temporaryFolder();
  const chosen = join(home, 'big disk', 'models');
  put(join(home, '.lmstudio', 'settings.json'), JSON.stringify({ downloadsFolder: chosen }));
  cpSync(llamaFolder, join(chosen, 'tiny', 'llama'), { recursive: true });
  const places = otherPlaces({}, home, 'linux');
  expect(places.lmStudio.slice(0, 2)).toEqual([chosen, join(home, '.lmstudio', 'models')]);
  expect(places.ollama).toEqual([join(home, '.ollama', 'models'), '/usr/share/ollama/.ollama/models']);
  const found = listOtherPrograms({ ...places, ollama: [] });
  expect(found.map(({ name, reason }) => [name, reason])).toEqual([['tiny/llama', null]]);
  put(join(home, '.lmstudio', 'settings.json'), '{"downloadsFolder": 7');
  expect(otherPlaces({}, home, 'linux').lmStudio[0]).toBe(join(home, '.lmstudio', 'models'));
});
