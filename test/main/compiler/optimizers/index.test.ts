// What must hold for every optimizer: its results may be written over their inputs, its states have the sizes
// that it says, and it goes downhill. That the numbers are PyTorch's is held by test/conformance/optim.ts.
import { describe, expect, test } from 'vitest';
import {
  type OptimizerChoice,
  optimizers,
  stateElements,
} from '../../../../main/compiler/optimizers/index.ts';
import { verify, verifyInPlace } from '../../../../main/compiler/verify.ts';
import { layoutPages, PagedArrays, stateArrays } from '../../../../main/training/parameters.ts';
import { compileUpdate, updateGraph } from '../../../../main/training/programs.ts';
import { createSession, type Numbers } from '../../../../main/training/session.ts';

const adam = { beta1: 0.9, beta2: 0.99, eps: 1e-8 };

/** Each kind, and the options that change which states there are. */
const choices: OptimizerChoice[] = [
  { kind: 'sgd', momentum: 0 },
  { kind: 'sgd', momentum: 0.9, nesterov: true },
  { kind: 'lion', beta1: 0.9, beta2: 0.99 },
  { kind: 'adagrad', eps: 1e-10 },
  { kind: 'rmsprop', alpha: 0.99, eps: 1e-8 },
  { kind: 'rmsprop', alpha: 0.99, eps: 1e-8, momentum: 0.9, centered: true },
  { kind: 'adam', ...adam },
  { kind: 'adamw', ...adam },
  { kind: 'adamw8bit', ...adam },
  { kind: 'amsgrad', ...adam },
  { kind: 'adafactor' },
  { kind: 'adafactor', beta1: 0.9, scaleParameter: true, relativeStep: true, warmupInit: true },
  { kind: 'muon', momentum: 0.95, ...adam },
];

const specs = [
  { name: 'matrix', shape: [6, 4], decay: true, matrix: true },
  { name: 'table', shape: [5, 4], decay: true, matrix: false },
  { name: 'vector', shape: [7], decay: false, matrix: false },
];

const pagesOf = (choice: OptimizerChoice) => layoutPages(specs, optimizers[choice.kind].alone);

test('every kind is among the choices', () => {
  expect(new Set(choices.map(({ kind }) => kind))).toEqual(new Set(Object.keys(optimizers)));
});

describe.each(choices)('$kind %#', (choice) => {
  test('parameters and states may be written over themselves, whatever order the runtime chooses', () => {
    const graph = updateGraph(pagesOf(choice), choice, 0.1, 1);
    verify(graph);
    const pairs = graph.outputs.flatMap(({ name, value: output }) => {
      const input = graph.inputs.find(
        ({ source }) => source?.kind === 'input' && `${source.name}.next` === name,
      );
      return input === undefined ? [] : [{ input, output }];
    });
    const states = [...stateArrays(choice, pagesOf(choice)).values()].flatMap(({ arrays }) => arrays);
    expect(pairs).toHaveLength(pagesOf(choice).length + states.filter(({ length }) => length > 0).length);
    verifyInPlace(graph, pairs);
  });

  test('a quadratic bowl is descended', async () => {
    const pages = pagesOf(choice);
    const parameters = new PagedArrays(pages);
    const gradients = new PagedArrays(pages);
    const states = stateArrays(choice, pages);
    for (const array of parameters.arrays) array.set(array.map((_, i) => Math.sin(3 * i + 1)));
    const loss = () => parameters.arrays.flatMap((array) => [...array]).reduce((sum, x) => sum + x * x, 0);
    const session = await createSession(compileUpdate(pages, choice, 0, 0, 'cpu'));
    const start = loss();
    for (let step = 1; step <= 20; step++) {
      for (const [page, array] of gradients.arrays.entries())
        array.set(parameters.arrays[page].map((x) => 2 * x));
      const scalars = { ...optimizers[choice.kind].scalars(choice as never, step), lr: 0.02, scale: 1 };
      const feeds: Record<string, Numbers> = { ...parameters.named('p'), ...gradients.named('g') };
      const fetches: Record<string, Numbers> = parameters.named('p', '.next');
      for (const [name, value] of Object.entries(scalars)) feeds[name] = Float32Array.of(value);
      for (const [state, arrays] of states) {
        Object.assign(feeds, arrays.named(`${state}.`));
        Object.assign(fetches, arrays.named(`${state}.`, '.next'));
      }
      await session.run(feeds, fetches);
    }
    await session.release();
    expect(loss()).toBeLessThan(start);
    expect(loss()).toBeGreaterThan(0);
  });
});

test('Adafactor keeps rows and columns of a matrix instead of all of it', () => {
  const choice: OptimizerChoice = { kind: 'adafactor' };
  expect(stateElements(choice, pagesOf(choice))).toBe(6 + 4 + (5 + 4) + 7);
  const withMomentum: OptimizerChoice = { kind: 'adafactor', beta1: 0.9 };
  expect(stateElements(withMomentum, pagesOf(choice))).toBe(26 + 24 + 20 + 7);
  const states = stateArrays(choice, pagesOf(choice));
  expect(states.get('exp_avg_sq_row')?.view('matrix')).toHaveLength(6);
  expect(states.get('exp_avg_sq')?.view('vector')).toHaveLength(7);
});

test('Muon keeps one moment of a matrix, and both of anything else', () => {
  const choice: OptimizerChoice = { kind: 'muon', momentum: 0.95, ...adam };
  expect(stateElements(choice, pagesOf(choice))).toBe(24 + 2 * (20 + 7));
});
