// Gemma 1, 2 and 3 against PyTorch's numbers, and the factor on their embeddings.
import { expect, test } from 'vitest';
import { Graph } from '../../../main/compiler/graph.ts';
import { ModelBuilder } from '../../../main/models/builder.ts';
import type { TensorInfo } from '../../../main/models/safetensors.ts';
import { wrongIn } from '../../helpers/reference-model.ts';

test.each([
  'decoders/gemma_first',
  'decoders/gemma3_bf16',
  'gemma3_text',
  'relatives/gemma3_linear',
  'relatives/gemma2',
])('%s: logits, losses and gradients are those of transformers', async (name) => {
  expect(await wrongIn(name)).toEqual([]);
});

test.each(['bfloat16', 'float32'] as const)(
  'the factor on %s embeddings is one of float32, as all that is computed',
  (dtype) => {
    const graph = new Graph();
    const bytes = dtype === 'bfloat16' ? 16 : 32;
    const info: TensorInfo = { name: 'e.weight', dtype, shape: [2, 4], file: '/x', offset: 0, bytes };
    const builder = new ModelBuilder({
      graph,
      provider: 'cpu',
      batch: 1,
      width: 1,
      ids: graph.input('ids', [1, 1], 'int32'),
      positions: graph.input('positions', [1, 1], 'int32'),
      maxPositions: 1,
      attend: (_, q) => q,
      recompute: 'off',
      tensors: new Map([['e.weight', info]]),
      locate: (file) => file,
      parameters: new Map(),
      adapters: new Map(),
    });
    const scaled = builder.embed('e', { scale: 3072 ** 0.5 });
    const factor = scaled.node?.inputs[1].source;
    expect(factor).toMatchObject({ kind: 'constant', data: Float32Array.of(3072 ** 0.5) });
  },
);
