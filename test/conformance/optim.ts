// Conformance of optimizers and of gradient clipping: parameters after each update and the state after the
// last one, against `optimizers.json`, and clipped gradients against `clipping.json`.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import {
  type OptimizerChoice,
  type OptimizerKind,
  optimizerOf,
  optimizers,
} from '../../main/compiler/optimizers/index.ts';
import { layoutPages, type PageArray, PagedArrays, stateArrays } from '../../main/training/parameters.ts';
import { type ClipNorm, compileUpdate } from '../../main/training/programs.ts';
import { createSession, type Numbers } from '../../main/training/session.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import { readStored, worse } from './reference.ts';

/** Numbers of a tensor; `nan` and `inf` are strings in JSON. */
type Nested = number | string | Nested[];
type Tensors = Record<string, Nested>;

interface StoredOptimizers {
  initial: Tensors;
  gradients: Tensors[];
  cases: Record<
    string,
    {
      class: string;
      options: Record<string, unknown>;
      parameters_after_step: Tensors[];
      final_state: Record<string, Record<string, Nested>>;
    }
  >;
}

interface StoredClipping {
  cases: {
    what: string;
    max_norm: number;
    norm_type: number | string;
    gradients: Nested[];
    total_norm: Nested;
    clipped: Nested[];
  }[];
}

/** Relative to the largest value that the tensor has had. */
const tolerance = 1e-6;

export const optimCheck: Check = {
  id: 'optimizers',
  matches: (_, files) => files.includes('optimizers.json') || files.includes('clipping.json'),
  async *run(folder, options): AsyncIterable<Row> {
    if (existsSync(join(folder, 'optimizers.json'))) yield* optimizerRows(folder, options);
    if (existsSync(join(folder, 'clipping.json'))) yield* clippingRows(folder, options);
  },
};

async function* optimizerRows(folder: string, { provider }: CheckOptions): AsyncIterable<Row> {
  const stored = readStored<StoredOptimizers>(folder, 'optimizers.json');
  for (const [name, one] of Object.entries(stored.cases)) {
    const label = `${basename(folder)} ${name}`;
    const choice = choiceOf(one.class, { ...defaults[one.class], ...one.options });
    if ('skip' in choice) {
      yield skipped(label, 'parameters', choice.skip);
      continue;
    }
    const { lr, weight_decay: decay = 0 } = {
      ...defaults[one.class],
      ...one.options,
    } as { lr: number; weight_decay?: number };
    const update = await updaterOf(stored.initial, choice, decay, 0, provider as Provider);
    let worst = 0;
    let step = 0;
    const most = new Map(
      Object.entries(stored.initial).map(([tensor, values]) => [tensor, peakOf(flat(values))]),
    );
    for (const [s, gradients] of stored.gradients.entries()) {
      await update.run(gradients, lr);
      for (const [tensor, values] of Object.entries(one.parameters_after_step[s])) {
        const expected = flat(values);
        const peak = Math.max(most.get(tensor) ?? 0, peakOf(expected));
        most.set(tensor, peak);
        const difference = relative(update.parameters.view(tensor), expected, peak);
        if (!worse(difference, worst)) continue;
        worst = difference;
        step = s;
      }
    }
    yield compared(
      label,
      'parameters',
      worst,
      tolerance,
      `${stored.gradients.length} steps, worst ${step}, relative`,
    );
    let ofStates = 0;
    for (const [tensor, states] of Object.entries(one.final_state)) {
      for (const [state, expected] of Object.entries(states)) {
        if (state === 'RMS') continue; // of the parameter, computed again at each step
        const difference = relative(update.states.get(state)?.view(tensor) ?? [], flat(expected));
        if (worse(difference, ofStates)) ofStates = difference;
      }
    }
    yield compared(label, 'final state', ofStates, tolerance, 'relative');
    await update.release();
  }
}

/** What a class of torch and transformers takes where a case does not say it. */
const defaults: Record<string, Record<string, unknown>> = {
  SGD: { lr: 1e-3 },
  Lion: { betas: [0.9, 0.99] },
  Adagrad: { lr: 1e-2, eps: 1e-10 },
  RMSprop: { lr: 1e-2, alpha: 0.99, eps: 1e-8 },
  Adam: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8 },
  AdamW: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0.01 },
  Adafactor: { lr: 0, scale_parameter: true, relative_step: true },
};

/** Options of torch and transformers that ours have too, by the same name in our spelling. */
const optionsOf = {
  sgd: ['momentum', 'dampening', 'nesterov'],
  lion: ['beta1', 'beta2'],
  adagrad: ['eps', 'lrDecay'],
  rmsprop: ['alpha', 'eps', 'momentum', 'centered'],
  adam: ['beta1', 'beta2', 'eps'],
  adamw: ['beta1', 'beta2', 'eps'],
  adamw8bit: [],
  amsgrad: ['beta1', 'beta2', 'eps', 'coupled'],
  adafactor: [
    'eps1',
    'eps2',
    'clipThreshold',
    'decayRate',
    'beta1',
    'scaleParameter',
    'relativeStep',
    'warmupInit',
  ],
  muon: [],
} satisfies Record<OptimizerKind, string[]>;

/** Our settings for a class of torch.optim with its options, or why it has none yet. */
function choiceOf(className: string, options: Record<string, unknown>): OptimizerChoice | { skip: string } {
  const { lr: _, weight_decay: __, betas, eps, amsgrad, ...rest } = options;
  const kind = amsgrad === true ? 'amsgrad' : className.toLowerCase();
  if (!Object.hasOwn(optimizers, kind)) return { skip: `${className} is not supported yet` };
  const pair = (name: string, list: unknown) => {
    if (!Array.isArray(list)) return list === undefined ? {} : { [name]: list };
    return { [`${name}1`]: list[0], [`${name}2`]: list[1] };
  };
  const known = (option: string) => (optionsOf[kind as OptimizerKind] as string[]).includes(option);
  // what is off says nothing, also where there is no such option here
  const given = Object.entries(rest).filter(
    ([name, value]) => value !== null && (Boolean(value) || known(camelCase(name))),
  );
  const named = {
    ...(kind === 'sgd' ? { momentum: 0 } : {}),
    ...(kind === 'amsgrad' && className === 'Adam' ? { coupled: true } : {}),
    ...pair('beta', betas),
    ...pair('eps', eps),
    ...Object.fromEntries(given.map(([name, value]) => [camelCase(name), value])),
  };
  const unknown = Object.keys(named).find((option) => !known(option));
  if (unknown !== undefined) return { skip: `the option ${unknown} of ${className} is not supported yet` };
  return { kind, ...named } as OptimizerChoice;
}

const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

interface Updater {
  parameters: PagedArrays;
  states: ReadonlyMap<string, PagedArrays<PageArray>>;
  run(gradients: Tensors, lr: number): Promise<{ norm: number }>;
  release(): Promise<void>;
}

/** The update graph over `initial`, with weight decay on everything. */
async function updaterOf(
  initial: Tensors,
  choice: OptimizerChoice,
  weightDecay: number,
  maxNorm: number,
  provider: Provider,
  clipNorm: ClipNorm = 2,
): Promise<Updater> {
  const optimizer = optimizerOf(choice);
  const specs = Object.entries(initial).map(([name, values]) => ({
    name,
    shape: shapeOf(values),
    decay: true,
    matrix: shapeOf(values).length === 2,
  }));
  const pages = layoutPages(specs, optimizer.alone);
  const parameters = new PagedArrays(pages);
  const gradients = new PagedArrays(pages);
  const states = stateArrays(choice, pages);
  for (const [name, values] of Object.entries(initial)) parameters.view(name).set(flat(values));
  const session = await createSession(compileUpdate(pages, choice, weightDecay, maxNorm, provider, clipNorm));
  let step = 0;
  return {
    parameters,
    states,
    run: async (given, lr) => {
      for (const [name, values] of Object.entries(given)) gradients.view(name).set(flat(values));
      const scalars = { ...optimizer.scalars(choice, ++step), lr, scale: 1 };
      const feeds: Record<string, Numbers> = { ...parameters.named('p'), ...gradients.named('g') };
      const fetches: Record<string, Numbers> = parameters.named('p', '.next');
      for (const [name, value] of Object.entries(scalars)) feeds[name] = Float32Array.of(value);
      for (const [state, arrays] of states) {
        Object.assign(feeds, arrays.named(`${state}.`));
        Object.assign(fetches, arrays.named(`${state}.`, '.next'));
      }
      const { norm } = await session.run(feeds, fetches);
      return { norm: norm[0] as number };
    },
    release: () => session.release(),
  };
}

async function* clippingRows(folder: string, { provider }: CheckOptions): AsyncIterable<Row> {
  const stored = readStored<StoredClipping>(folder, 'clipping.json');
  for (const one of stored.cases) {
    const label = `${basename(folder)} clipping: ${one.what}`;
    const type =
      Number(one.norm_type) === Number.POSITIVE_INFINITY || one.norm_type === 'inf'
        ? 'infinity'
        : Number(one.norm_type);
    if (type !== 'infinity' && type !== 1 && type !== 2) {
      yield skipped(label, 'clipped gradients', `clipping by the norm ${one.norm_type} is not supported`);
      continue;
    }
    const named = (list: readonly Nested[]): Tensors =>
      Object.fromEntries(list.map((tensor, i) => [`t${i}`, tensor]));
    const zeros = named(one.gradients.map((tensor) => zerosLike(tensor)));
    // one step of plain SGD from 0 with rate 1 leaves the clipped gradient, negated
    const update = await updaterOf(
      zeros,
      { kind: 'sgd', momentum: 0 },
      0,
      one.max_norm,
      provider as Provider,
      type,
    );
    const { norm } = await update.run(named(one.gradients), 1);
    yield compared(label, 'total norm', relative([norm], flat(one.total_norm)), tolerance, 'relative');
    let worst = 0;
    for (const [name, expected] of Object.entries(named(one.clipped))) {
      const difference = relative(
        update.parameters.view(name).map((value) => -value),
        flat(expected),
      );
      if (worse(difference, worst)) worst = difference;
    }
    yield compared(label, 'clipped gradients', worst, tolerance, 'relative');
    await update.release();
  }
}

/** Number('nan') is NaN. */
const flat = (values: Nested): number[] => (Array.isArray(values) ? values.flatMap(flat) : [Number(values)]);

function shapeOf(values: Nested): number[] {
  return Array.isArray(values) ? [values.length, ...shapeOf(values[0])] : [];
}

const zerosLike = (values: Nested): Nested => (Array.isArray(values) ? values.map(zerosLike) : 0);

const peakOf = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);

/**
 * Largest difference as a share of the largest expected value, or of `peak`: what a parameter was rounded to stays in it
 * when it comes near 0. Two NaN are equal.
 */
function relative(
  found: ArrayLike<number>,
  expected: readonly number[],
  peak: number = peakOf(expected),
): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = peak || 1;
  let worst = 0;
  expected.forEach((value, i) => {
    const difference = Object.is(found[i], value) ? 0 : Math.abs(found[i] - value) / scale;
    if (worse(difference, worst)) worst = difference;
  });
  return worst;
}
