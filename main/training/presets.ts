// Settings that are good without touching anything: four presets that follow from the size of the model and
// of the data, and from whether the model ever learned anything. Plain data in and out; what they cost is in plan.ts.

import type { z } from 'zod';
import { type Preset, TrainSettings } from '../contract/runs.ts';
import type { Model } from '../models/load.ts';

/** What is known to train a dataset well; wins over the rules here. */
export type StatedSettings = Pick<
  TrainSettings,
  'learningRate' | 'batchSize' | 'epochs' | 'warmupSteps' | 'maxGradNorm' | 'weightDecay' | 'seed'
> & { rank: number; alpha: number };

export interface PresetFacts {
  model: Pick<Model, 'parameters' | 'untrained'>;
  /** Modules with rows of new tokens that are to be learned, such as `embed_tokens`; an adapter trains them whole. */
  newRows?: readonly string[];
  /** Training records. */
  records: number;
  /** Whether validation can tell when to stop. */
  validation: boolean;
  stated?: StatedSettings;
  /** Whether the balanced preset fits into memory. */
  fits: boolean;
}

/** Below this, models learn with a rate ten times higher (trials with 4.7 M: 2e-3 learns, 1e-2 diverges). */
const tinyParameters = 50e6;

/** Updates of a balanced run that a small dataset is repeated for: a tiny model needs to see it often. */
const wantedUpdates = 400;

/**
 * Highest learning rates of training from random weights, by the least number of parameters: of about the sizes that GPT-3
 * was trained in (Brown et al. 2020, table 2.1: 6e-4 for 125 M, 3e-4 for 350 M, 2e-4 for 1.3 B), and higher for what is
 * smaller (trials with 0.9 M: 1e-3 learns, 3e-3 does not; with 38 K: 1e-3 hardly learns, 3e-3 to 3e-2 do).
 */
const firstRates: readonly [parameters: number, rate: number][] = [
  [1e9, 2e-4],
  [300e6, 3e-4],
  [tinyParameters, 6e-4],
  [500e3, 1e-3],
  [0, 5e-3],
];

/** Why a model of random weights is trained whole; one sentence, also of the check before a run. */
export const wholeWhenUntrained =
  'The weights of this model were drawn at random, so all of them are trained: an adapter would only bend noise.';

export function baseSettings(facts: PresetFacts): TrainSettings {
  return facts.model.untrained === true ? firstSettings(facts) : tuningSettings(facts);
}

/**
 * For random weights: every weight, with the decay and the shorter memory of squares that models are pretrained with
 * (Brown et al. 2020, appendix B), on a cosine. What is known to tune a dataset says nothing here.
 */
function firstSettings(facts: PresetFacts): TrainSettings {
  const { stated: _, ...rest } = facts;
  const usual = tuningSettings(rest);
  const updates = Math.ceil(facts.records / usual.batchSize) * usual.epochs;
  return {
    ...usual,
    method: 'full',
    learningRate: firstRates.find(([least]) => facts.model.parameters >= least)?.[1] ?? 5e-3,
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.95, eps: 1e-8 },
    weightDecay: 0.1,
    schedule: 'cosine',
    warmupSteps: Math.min(200, Math.ceil(updates / 20)),
  };
}

function tuningSettings({ model, records, stated, newRows = [] }: PresetFacts): TrainSettings {
  const tiny = model.parameters < tinyParameters;
  const batchSize = Math.max(1, Math.min(stated?.batchSize ?? 16, records));
  const updates = Math.ceil(records / batchSize);
  const epochs =
    stated?.epochs ?? (tiny ? Math.min(20, Math.max(3, Math.round(wantedUpdates / updates))) : 3);
  return TrainSettings.parse({
    version: 1,
    method: 'lora',
    lora: {
      rank: stated?.rank ?? 16,
      alpha: stated?.alpha ?? 32,
      dropout: 0,
      targets: 'all-linear',
      rslora: false,
      modulesToSave: [...newRows],
    },
    optimizer: { kind: 'adamw', beta1: 0.9, beta2: 0.999, eps: 1e-8 },
    learningRate: stated?.learningRate ?? (tiny ? 2e-3 : 2e-4),
    weightDecay: stated?.weightDecay ?? 0,
    maxGradNorm: stated?.maxGradNorm ?? 1,
    schedule: 'linear',
    warmupSteps: stated?.warmupSteps ?? Math.min(20, Math.ceil((updates * epochs) / 20)),
    epochs,
    batchSize,
    microBatchTokens: 0,
    maxLength: 0,
    packing: true,
    recompute: 'off',
    evalEvery: 0,
    patience: 0,
    checkpointEvery: 0,
    samplePrompts: [],
    threads: 0,
    provider: 'cpu',
    seed: stated?.seed ?? 42,
  } satisfies z.input<typeof TrainSettings>);
}

export function presetsFor(facts: PresetFacts): Preset[] {
  const base = baseSettings(facts);
  const untrained = facts.model.untrained === true;
  const patience = facts.validation && (facts.stated === undefined || untrained) ? 3 : 0;
  const epochsOf = (factor: number) => Math.max(1, Math.round(base.epochs * factor));
  const whole = (description: string) => (untrained ? `${description} ${wholeWhenUntrained}` : description);
  return [
    {
      id: 'quick',
      label: 'Quick look',
      description: 'A fraction of the passes: shows whether the data teaches what you want.',
      suggested: false,
      settings: { ...base, epochs: epochsOf(0.25), warmupSteps: Math.ceil(base.warmupSteps / 2) },
    },
    {
      id: 'balanced',
      label: 'Balanced',
      description: whole('A good result in a sensible time. It stops early when it no longer gets better.'),
      suggested: facts.fits,
      settings: { ...base, patience },
    },
    {
      id: 'thorough',
      label: 'Thorough',
      description: untrained
        ? 'More passes, for the last bit of quality.'
        : 'More passes and a wider adapter, for the last bit of quality.',
      suggested: false,
      settings: {
        ...base,
        epochs: epochsOf(1.75),
        patience: patience === 0 ? 0 : 4,
        lora: { ...base.lora, rank: base.lora.rank * 2, alpha: base.lora.alpha * 2 },
      },
    },
    {
      id: 'least-memory',
      label: 'Least memory',
      description:
        'The same result with small passes that are computed again: slower, and fits where others do not.',
      suggested: !facts.fits,
      settings: { ...base, patience, microBatchTokens: 256, recompute: 'layer' },
    },
  ];
}
