// Linear layers with adapters: the block and its own backward against finite differences and against the
// same layers written with plain products.
import { describe, expect, test } from 'vitest';
import type { Graph, Value } from '../../../../main/compiler/graph.ts';
import { type LinearSite, linears } from '../../../../main/models/blocks/linear.ts';
import { type Build, differencesBetween, differencesOf, type Input } from '../../../helpers/gradients.ts';

interface SiteShape {
  out: number;
  bias?: boolean;
  conv1d?: boolean;
  rank?: number;
  scale?: number;
  dora?: boolean;
  /** A frozen weight gets no gradient. */
  frozen?: boolean;
}

interface Variant {
  name: string;
  sites: SiteShape[];
  dropout?: boolean;
  /** Outputs that something reads; all unless given. */
  used?: number[];
  frozenInput?: boolean;
}

const rows = 5;
const width = 4;
const adapted = { rank: 2, scale: 1.7 };

const variants: Variant[] = [
  { name: 'one layer', sites: [{ out: 3 }] },
  { name: 'with a bias', sites: [{ out: 3, bias: true }] },
  { name: 'stored as [in, out]', sites: [{ out: 3, conv1d: true, bias: true }] },
  { name: 'an adapter', sites: [{ out: 3, ...adapted }] },
  {
    name: 'an adapter on a frozen layer with a bias',
    sites: [{ out: 3, bias: true, frozen: true, ...adapted }],
  },
  { name: 'an adapter on [in, out]', sites: [{ out: 3, conv1d: true, bias: true, ...adapted }] },
  {
    name: 'three layers of unequal width and rank, one without an adapter',
    sites: [
      { out: 3, ...adapted },
      { out: 2, bias: true },
      { out: 5, rank: 3, scale: -0.4 },
    ],
  },
  {
    name: 'adapters behind dropout',
    sites: [
      { out: 3, ...adapted },
      { out: 2, rank: 1, scale: 2 },
    ],
    dropout: true,
  },
  {
    name: 'only the second output is read',
    sites: [
      { out: 3, ...adapted },
      { out: 2, ...adapted },
    ],
    used: [1],
  },
  {
    name: 'the lowest trained layer, whose input needs no gradient',
    sites: [{ out: 3, frozen: true, ...adapted }],
    frozenInput: true,
  },
];

/** x, then weight, bias, a, b and magnitude of each site, then dropout. */
function inputsOf({ sites, dropout, frozenInput }: Variant): Input[] {
  const list: Input[] = [{ shape: [rows, width], trained: !frozenInput }];
  for (const { out, bias, conv1d, rank, dora, frozen } of sites) {
    list.push({ shape: conv1d ? [width, out] : [out, width], trained: !frozen });
    if (bias) list.push({ shape: [out], trained: !frozen });
    if (rank !== undefined) list.push({ shape: [rank, width] }, { shape: [out, rank] });
    if (dora) list.push({ shape: [out] });
  }
  if (dropout) {
    const values = Array.from({ length: rows * width }, (_, i) => (i % 3 === 0 ? 0 : 1.5));
    list.push({ shape: [rows, width], values, trained: false });
  }
  return list;
}

function sitesOf({ sites }: Variant, values: Value[]): LinearSite[] {
  let next = 1;
  return sites.map(({ bias, conv1d, rank, scale, dora }) => ({
    weight: values[next++],
    transposed: conv1d ?? false,
    bias: bias ? values[next++] : undefined,
    adapter:
      rank === undefined
        ? undefined
        : {
            a: values[next++],
            b: values[next++],
            scale: scale ?? 1,
            ...(dora ? { magnitude: values[next++] } : {}),
          },
  }));
}

const maskOf = (variant: Variant, values: Value[]) => (variant.dropout ? values.at(-1) : undefined);

const block = (variant: Variant): Build => {
  return (g, values) => {
    const outputs = linears(g, values[0], sitesOf(variant, values), maskOf(variant, values));
    return variant.used === undefined ? outputs : variant.used.map((i) => outputs[i]);
  };
};

/** y = x Wᵀ + s ((x m) Aᵀ) Bᵀ + b, each op on its own. */
const composition = (variant: Variant): Build => {
  return (g, values) => {
    const x = values[0];
    const mask = maskOf(variant, values);
    const outputs = sitesOf(variant, values).map((site) => layer(g, x, mask, site));
    return variant.used === undefined ? outputs : variant.used.map((i) => outputs[i]);
  };
};

function layer(
  g: Graph,
  x: Value,
  mask: Value | undefined,
  { weight, transposed, bias, adapter }: LinearSite,
): Value {
  let y = g.matmul(x, transposed ? weight : g.transpose(weight, [1, 0]));
  if (adapter !== undefined) {
    const { a, b, scale, magnitude } = adapter;
    const read = mask === undefined ? x : g.mul(x, mask);
    const low = g.matmul(read, g.transpose(a, [1, 0]));
    const change = g.mul(g.matmul(low, g.transpose(b, [1, 0])), scale);
    if (magnitude === undefined) y = g.add(y, change);
    else {
      // y = m / |W + s B A| (x W + change), over the dropped input, and x W over what was dropped
      const full = g.add(transposed ? g.transpose(weight, [1, 0]) : weight, g.mul(g.matmul(b, a), scale));
      const norm = constant(g, () => g.sqrt(g.reduceSum(g.mul(full, full), [1])));
      const base = g.matmul(read, transposed ? weight : g.transpose(weight, [1, 0]));
      y = g.add(g.sub(y, base), g.mul(g.add(base, change), g.div(magnitude, norm)));
    }
  }
  return bias === undefined ? y : g.add(y, bias);
}

/** A value that counts as constant in the gradient. */
const constant = (g: Graph, build: () => Value): Value =>
  g.block(
    [],
    () => [build()],
    () => [],
  )[0];

describe('linear layers', () => {
  test.each(variants)('$name: equal to finite differences', async (variant) => {
    const worst = await differencesOf(block(variant), inputsOf(variant));
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(3e-6);
  });

  test.each(variants)('$name: equal to plain products', async (variant) => {
    const worst = await differencesBetween(block(variant), composition(variant), inputsOf(variant));
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(1e-6);
  });

  const dora: Variant[] = [
    { name: 'one layer', sites: [{ out: 3, frozen: true, dora: true, ...adapted }] },
    {
      name: '[in, out] and a bias',
      sites: [{ out: 3, conv1d: true, bias: true, frozen: true, dora: true, ...adapted }],
    },
    {
      name: 'two layers behind dropout',
      sites: [
        { out: 3, frozen: true, dora: true, ...adapted },
        { out: 2, frozen: true, dora: true, ...adapted },
      ],
      dropout: true,
    },
  ];
  test.each(dora)('DoRA, whose norm counts as constant: $name', async (variant) => {
    const worst = await differencesBetween(block(variant), composition(variant), inputsOf(variant));
    expect(worst.forward).toBeLessThan(1e-6);
    expect(worst.gradient).toBeLessThan(2e-6);
  });
});
