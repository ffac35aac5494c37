// Conformance of optimizers and of gradient clipping: parameters after each update and the state after the last one,
// against `optimizers.json`, and clipped gradients against `clipping.json`.
import { basename } from 'node:path';
import type { Provider } from '../../main/compiler/lowering.ts';
import { type OptimizerChoice, optimizerOf, optimizers } from '../../main/compiler/optimizers/index.ts';
import { layoutPages, PagedArrays } from '../../main/training/parameters.ts';
import { compileUpdate } from '../../main/training/programs.ts';
import { createSession, type Numbers } from '../../main/training/session.ts';
import { type Check, type CheckOptions, compared, type Row, skipped } from './check.ts';
import { readStored, worse } from './reference.ts';

type Nested = number | Nested[];
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
  cases: { what: string; max_norm: number; norm_type: number | string; gradients: Nested[]; total_norm: number; clipped: Nested[] }[];
}

/** Relative to the largest value of the tensor. */
const tolerance = 1e-6;

export const optimCheck: Check = {
  id: 'optimizers',
  matches: (_, files) => files.includes('optimizers.json') || files.includes('clipping.json'),
  async *run(folder, options): AsyncIterable<Row> {
    const has = (file: string) => matchesFile(folder, file);
    if (has('optimizers.json')) yield* optimizerRows(folder, options);
    if (has('clipping.json')) yield* clippingRows(folder, options);
  },
};

async function* optimizerRows(folder: string, { provider }: CheckOptions): AsyncIterable<Row> {
  const stored = readStored<StoredOptimizers>(folder, 'optimizers.json');
  for (const [name, one] of Object.entries(stored.cases)) {
    const label = `${basename(folder)} ${name}`;
    const choice = choiceOf(one.class, one.options);
    if ('skip' in choice) {
      yield skipped(label, 'parameters', choice.skip);
      continue;
    }
    const { lr, weight_decay: decay = 0 } = one.options as { lr: number; weight_decay?: number };
    const update = await updaterOf(stored.initial, choice, decay, 0, provider as Provider);
    let worst = 0;
    let step = 0;
    for (const [s, gradients] of stored.gradients.entries()) {
      await update.run(gradients, lr);
      for (const [tensor, expected] of Object.entries(one.parameters_after_step[s])) {
        const difference = relative(update.parameters.view(tensor), flat(expected));
        if (!worse(difference, worst)) continue;
        worst = difference;
        step = s;
      }
    }
    yield compared(label, 'parameters', worst, tolerance, `${stored.gradients.length} steps, worst ${step}, relative`);
    let ofStates = 0;
    for (const [tensor, states] of Object.entries(one.final_state)) {
      for (const [state, expected] of Object.entries(states)) {
        const difference = relative(update.states.get(state)?.view(tensor) ?? [], flat(expected));
        if (worse(difference, ofStates)) ofStates = difference;
      }
    }
    yield compared(label, 'final state', ofStates, tolerance, 'relative');
    await update.release();
  }
}

/** Our settings for a class of torch.optim with its options, or why it has none yet. */
function choiceOf(className: string, options: Record<string, unknown>): OptimizerChoice | { skip: string } {
  const kind = className.toLowerCase();
  if (!Object.hasOwn(optimizers, kind)) return { skip: `${className} is not supported yet` };
  const { lr: _, weight_decay: __, betas, ...rest } = options as { betas?: number[] };
  const named = { ...(betas === undefined ? {} : { beta1: betas[0], beta2: betas[1] }), ...rest };
  const known = kind === 'sgd' ? ['momentum', 'dampening', 'nesterov'] : ['beta1', 'beta2', 'eps'];
  const unknown = Object.keys(named).find((option) => !known.includes(option));
  if (unknown !== undefined) return { skip: `the option ${unknown} of ${className} is not supported yet` };
  return { kind, ...(kind === 'sgd' ? { momentum: 0 } : {}), ...named } as OptimizerChoice;
}

interface Updater {
  parameters: PagedArrays;
  states: ReadonlyMap<string, PagedArrays>;
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
): Promise<Updater> {
  const optimizer = optimizerOf(choice);
  const specs = Object.entries(initial).map(([name, values]) => ({
    name,
    shape: shapeOf(values),
    decay: true,
    matrix: shapeOf(values).length === 2,
  }));
  const pages = layoutPages(specs, optimizer.wholeMatrices);
  const parameters = new PagedArrays(pages);
  const gradients = new PagedArrays(pages);
  const states = new Map(optimizer.states.map((state) => [state, new PagedArrays(pages)]));
  for (const [name, values] of Object.entries(initial)) parameters.view(name).set(flat(values));
  const session = await createSession(compileUpdate(pages, choice, weightDecay, maxNorm, provider));
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
    if (Number(one.norm_type) !== 2) {
      yield skipped(label, 'clipped gradients', `clipping by the norm ${one.norm_type} is not supported`);
      continue;
    }
    const named = (list: readonly Nested[]): Tensors => Object.fromEntries(list.map((tensor, i) => [`t${i}`, tensor]));
    const zeros = named(one.gradients.map((tensor) => zerosLike(tensor)));
    // one step of plain SGD from 0 with rate 1 leaves the clipped gradient, negated
    const update = await updaterOf(zeros, { kind: 'sgd', momentum: 0 }, 0, one.max_norm, provider as Provider);
    const { norm } = await update.run(named(one.gradients), 1);
    const difference = Math.abs(norm - one.total_norm) / Math.max(one.total_norm, 1e-30);
    yield compared(label, 'total norm', one.total_norm === 0 ? norm : difference, tolerance, 'relative');
    let worst = 0;
    for (const [name, expected] of Object.entries(named(one.clipped))) {
      const found = update.parameters.view(name).map((value) => -value);
      const found_ = relative(found, flat(expected));
      if (worse(found_, worst)) worst = found_;
    }
    yield compared(label, 'clipped gradients', worst, tolerance, 'relative');
    await update.release();
  }
}
