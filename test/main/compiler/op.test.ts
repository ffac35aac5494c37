// Every op, forward against plain TypeScript in float64 and backward against finite differences, as it
// is lowered for the processor and for graphics cards. An op without a row in the table does not
// compile.
import { describe, expect, test } from 'vitest';
import { gradientRules } from '../../../main/compiler/gradient.ts';
import { type Op, opNames } from '../../../main/compiler/op.ts';
import { differencesOf } from '../../helpers/gradients.ts';
import type { OpCase } from './op-cases/case.ts';
import { elementwiseCases } from './op-cases/elementwise.ts';
import { layoutCases } from './op-cases/layout.ts';
import { quantizedCases } from './op-cases/quantized.ts';
import { rowCases } from './op-cases/rows.ts';

const cases = {
  ...elementwiseCases,
  ...layoutCases,
  ...rowCases,
  ...quantizedCases,
} satisfies Record<Op, OpCase[]>;

/** float32 keeps 7 digits; sums of a few products lose one. */
const forwardTolerance = 1e-5;
const gradientTolerance = 2e-5;

describe.each(opNames)('%s', (op) => {
  test.each(cases[op] as OpCase[])('$name', async ({ inputs, build, forward, gradient }) => {
    const worst = await differencesOf(build, inputs);
    expect(worst.forward).toBeLessThan(forward ?? forwardTolerance);
    expect(worst.gradient).toBeLessThan(gradient ?? gradientTolerance);
  });

  test('is trained through in at least one case, or says why it has no gradient', () => {
    const trained = (cases[op] as OpCase[]).some(({ inputs }) =>
      inputs.some(({ dtype = 'float32', trained = true }) => dtype === 'float32' && trained),
    );
    const rule = gradientRules[op];
    if (op === 'cast') return; // rounding has no slope: its own test is in gradient.test.ts
    expect(trained).toBe(typeof rule === 'function');
  });
});
