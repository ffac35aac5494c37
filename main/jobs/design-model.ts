// What a model of one's own would be, worked out from its sizes alone: parameters, size, memory and time of training it
// here. Makes nothing; answers the inspect job's questions while someone types.
import type { DesignPlan, ModelDesign, ModelFamily } from '../contract/models.ts';
import {
  architectureOf,
  configOf,
  designProblems,
  families,
  familyOf,
  startDesign,
  vocabulariesOf,
} from '../models/families.ts';
import { modelWithoutWeights } from '../models/scratch.ts';
import { reservedTokens } from '../tokens/train/vocabulary.ts';
import { makePlan } from '../training/plan.ts';
import { baseSettings } from '../training/presets.ts';
import { measureGflops } from '../training/speed.ts';
import type { SurveyedRecord } from '../training/survey.ts';
import type { InspectAsks } from './job.ts';

/** Records of a plan: enough that making the programs hardly counts in the time of a step. */
const plannedRecords = 2000;
const usualTokens = 512;
/** Beyond this, memory is not worked out: no computer that this runs on holds it. */
const plannedParameters = 50e9;

export function modelFamilies(): ModelFamily[] {
  return families.map((family) => {
    const { label, description, task } = architectureOf(family);
    return {
      id: family.modelType,
      label,
      description,
      task,
      sharesKeys: family.sharesKeys,
      vocabularies: vocabulariesOf(family),
      start: startDesign(family),
    };
  });
}

export async function designPlan({
  design,
  memoryBytes,
  threads,
}: InspectAsks['designPlan']['request']): Promise<DesignPlan> {
  const family = familyOf(design.family);
  const problems = designProblems(design);
  const reserved = family ? reservedTokens(design.vocabulary, architectureOf(family).task) : [];
  const empty = { parameters: null, vocabularyShare: null, bytes: null, training: null };
  if (problems.length > 0) return { problems, reserved, ...empty };
  const model = plannedModel(design);
  const { parameters, bytes } = model;
  const ofVocabulary = model.specs
    .filter(({ shape }) => shape[0] === design.vocabularySize)
    .reduce((sum, { shape }) => sum + shape.reduce((size, dim) => size * dim, 1), 0);
  const found = { problems, reserved, parameters, bytes, vocabularyShare: ofVocabulary / parameters };
  if (parameters > plannedParameters) return { ...found, training: null };
  const recordTokens = Math.min(design.context, usualTokens);
  const settings = baseSettings({ model, records: plannedRecords, validation: false, fits: true });
  const plan = makePlan({
    model,
    records: evenRecords(recordTokens),
    settings: { ...settings, method: 'full', epochs: 1 },
    endIds: [],
    memoryBytes,
    diskBytes: Number.MAX_SAFE_INTEGER,
    gflops: await measureGflops(2 ** Math.round(Math.log2(design.width)), threads),
  });
  return {
    ...found,
    training: {
      recordTokens,
      peakBytes: plan.peakBytes,
      availableBytes: memoryBytes,
      verdict: plan.verdict,
      secondsPerThousandTokens: (plan.seconds / plan.tokens) * 1000,
      tokensPerStep: Math.round(plan.tokens / plan.steps),
      secondsPerStep: plan.seconds / plan.steps,
    },
  };
}

/** The model of a design, with the vocabulary that was asked for. */
function plannedModel(design: ModelDesign) {
  const ids = { pad_token_id: 0, eos_token_id: 1 };
  return modelWithoutWeights('', configOf(design, { vocabularySize: design.vocabularySize, ids }));
}

function evenRecords(length: number): SurveyedRecord[] {
  const trained = new Uint8Array(length).fill(1);
  return Array.from({ length: plannedRecords }, (_, i) => ({
    id: String(i),
    split: 'train',
    hash: String(i),
    length,
    trained,
    end: { id: -1, expected: false },
    refused: null,
  }));
}
