// Families of new models and what a design would be, for the fake backend.
import type { DesignPlan, ModelDesign, ModelFamily } from '../../../main/contract/models.ts';

const start: ModelDesign = {
  family: 'llama',
  layers: 6,
  width: 256,
  heads: 8,
  kvHeads: 4,
  context: 512,
  vocabulary: 'bpe',
  vocabularySize: 4096,
  specialTokens: [],
};

export const families: ModelFamily[] = [
  {
    id: 'llama',
    label: 'Llama',
    description: 'Decoder with RMS norms, rotary positions and SwiGLU.',
    task: 'causal',
    sharesKeys: true,
    vocabularies: ['bpe', 'unigram'],
    start,
  },
  {
    id: 'bert',
    label: 'BERT',
    description: 'Encoder that reads to both sides.',
    task: 'encoder',
    sharesKeys: false,
    vocabularies: ['wordpiece', 'bpe', 'unigram'],
    start: { ...start, family: 'bert', kvHeads: 8, vocabulary: 'wordpiece' },
  },
];

export function planOf(design: ModelDesign): DesignPlan {
  const reserved = ['<|pad|>', '<|begin|>', '<|end|>'];
  if (design.width % design.heads !== 0) {
    const message = `A width of ${design.width} cannot be shared by ${design.heads} heads.`;
    const problems = [{ field: 'width' as const, message, remedy: 'Choose 256.' }];
    return { problems, reserved, parameters: null, vocabularyShare: null, bytes: null, training: null };
  }
  const parameters = design.vocabularySize * design.width + design.layers * 12 * design.width ** 2;
  return {
    problems: [],
    reserved,
    parameters,
    vocabularyShare: (design.vocabularySize * design.width) / parameters,
    bytes: 4 * parameters,
    training: {
      recordTokens: 512,
      peakBytes: 20 * parameters + 4.8e8,
      availableBytes: 7.8e9,
      verdict: 'fits',
      secondsPerThousandTokens: parameters / 4e6,
      tokensPerStep: 8192,
      secondsPerStep: parameters / 5e5,
    },
  };
}
