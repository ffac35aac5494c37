// Gradient rules, one row per op, with the formula beside each. `d` is the gradient of the output; `g` builds the ops.
// A rule is asked only for inputs that need a gradient. Ops that cannot have one say why.
import type { Graph, Node, Value } from './graph.ts';
import type { Op } from './op.ts';

export interface GradientCall {
  g: Graph;
  node: Node;
  inputs: readonly Value[];
  /** Gradient of each output; undefined where nothing depends on it. */
  gradients: readonly (Value | undefined)[];
  needs: readonly boolean[];
}
type GradientRule = ((call: GradientCall) => (Value | undefined)[]) | { none: string };

const none = (why: string): GradientRule => ({ none: why });

/** A rule of one output and inputs of the same shape: dx_i = rule_i(d). */
function each(
  ...rules: ((g: Graph, d: Value, inputs: readonly Value[], output: Value) => Value)[]
): GradientRule {
  return ({ g, node, inputs, gradients, needs }) => {
    const d = gradients[0] as Value;
    return rules.map((rule, i) =>
      needs[i] ? g.sumTo(rule(g, d, inputs, node.outputs[0]), inputs[i].shape) : undefined,
    );
  };
}

/** Puts reduced axes back as 1, so that the gradient can be broadcast. */
function restore(g: Graph, d: Value, node: Node, x: Value): Value {
  const reduced = new Set(node.attributes.axes ?? x.shape.map((_, i) => i));
  return g.reshape(
    d,
    x.shape.map((dim, i) => (reduced.has(i) ? 1 : dim)),
  );
}

/** Where the larger (or smaller) input won; ties go to the first, as in PyTorch's scalar clamp. */
function winner(larger: boolean): GradientRule {
  return ({ g, inputs: [a, b], gradients, needs }) => {
    const d = gradients[0] as Value;
    const second = larger ? g.less(a, b) : g.less(b, a);
    return [
      needs[0] ? g.sumTo(g.where(second, 0, d), a.shape) : undefined,
      needs[1] ? g.sumTo(g.where(second, d, 0), b.shape) : undefined,
    ];
  };
}

export const gradientRules = {
  // d(-x) = -d
  neg: each((g, d) => g.neg(d)),
  // d|x| = d sign(x)
  abs: each((g, d, [x]) => g.mul(d, g.sign(x))),
  sign: none('it is constant almost everywhere'),
  // d(e^x) = d y
  exp: each((g, d, _, y) => g.mul(d, y)),
  // d(ln x) = d / x
  log: each((g, d, [x]) => g.div(d, x)),
  // d(sqrt x) = d / (2 y)
  sqrt: each((g, d, _, y) => g.div(g.mul(d, 0.5), y)),
  // d(1/x) = -d y^2
  reciprocal: each((g, d, _, y) => g.neg(g.mul(d, g.mul(y, y)))),
  // d(sigmoid x) = d y (1 - y)
  sigmoid: each((g, d, _, y) => g.mul(d, g.sub(y, g.mul(y, y)))),
  // d(tanh x) = d (1 - y^2)
  tanh: each((g, d, _, y) => g.sub(d, g.mul(d, g.mul(y, y)))),
  // d(erf x) = d 2/sqrt(pi) e^(-x^2)
  erf: each((g, d, [x]) => g.mul(d, g.mul(g.exp(g.neg(g.mul(x, x))), 2 / Math.sqrt(Math.PI)))),
  // d(relu x) = d where x > 0
  relu: each((g, d, [x]) => g.where(g.less(g.scalar(0), x), d, 0)),
  // y = x s, s = sigmoid x: d (s + y (1 - s))
  silu: each((g, d, [x], y) => {
    const s = g.sigmoid(x);
    return g.mul(d, g.add(s, g.sub(y, g.mul(y, s))));
  }),
  cast: each((g, d, [x]) => g.cast(d, x.dtype)),
  add: each(
    (_g, d) => d,
    (_g, d) => d,
  ),
  sub: each(
    (_g, d) => d,
    (g, d) => g.neg(d),
  ),
  // d(ab): d b, d a
  mul: each(
    (g, d, [, b]) => g.mul(d, b),
    (g, d, [a]) => g.mul(d, a),
  ),
  // d(a/b): d / b, -d y / b
  div: each(
    (g, d, [, b]) => g.div(d, b),
    (g, d, [, b], y) => g.neg(g.div(g.mul(d, y), b)),
  ),
  maximum: winner(true),
  minimum: winner(false),
  equal: none('a comparison is constant almost everywhere'),
  less: none('a comparison is constant almost everywhere'),
  and: none('it takes truth values'),
  where: ({ g, inputs: [condition, a, b], gradients, needs }) => {
    const d = gradients[0] as Value;
    return [
      undefined,
      needs[1] ? g.sumTo(g.where(condition, d, 0), a.shape) : undefined,
      needs[2] ? g.sumTo(g.where(condition, 0, d), b.shape) : undefined,
    ];
  },
  reshape: ({ g, inputs: [x], gradients }) => [g.reshape(gradients[0] as Value, x.shape)],
  transpose: ({ g, node, gradients }) => {
    const perm = node.attributes.perm as readonly number[];
    return [
      g.transpose(
        gradients[0] as Value,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  expand: ({ g, inputs: [x], gradients }) => [g.sumTo(gradients[0] as Value, x.shape)],
  slice: ({ g, node, inputs: [x], gradients }) => {
    const { axis = 0, start = 0, end = 0 } = node.attributes;
    const zeros = (size: number) =>
      g.expand(
        g.scalar(0),
        x.shape.map((dim, i) => (i === axis ? size : dim)),
      );
    const after = x.shape[axis] - end;
    const parts = [
      ...(start > 0 ? [zeros(start)] : []),
      gradients[0] as Value,
      ...(after > 0 ? [zeros(after)] : []),
    ];
    return [g.concat(parts, axis)];
  },
  concat: ({ g, node, inputs, gradients }) => {
    const axis = node.attributes.axis as number;
    return g.split(
      gradients[0] as Value,
      axis,
      inputs.map((x) => x.shape[axis]),
    );
  },
  split: ({ g, node, gradients }) => {
    const parts = node.outputs.map((output, i) => gradients[i] ?? g.expand(g.scalar(0), output.shape));
    return [g.concat(parts, node.attributes.axis as number)];
  },
  // d(sum) = d at each element
  reduceSum: ({ g, node, inputs: [x], gradients }) => [
    g.expand(restore(g, gradients[0] as Value, node, x), x.shape),
  ],
  // d(mean) = d / n at each element
  reduceMean: ({ g, node, inputs: [x], gradients }) => {
    const reduced = node.attributes.axes ?? x.shape.map((_, i) => i);
    const count = reduced.reduce((product, axis) => product * x.shape[axis], 1);
    return [g.expand(g.mul(restore(g, gradients[0] as Value, node, x), 1 / count), x.shape)];
  },
  // d(max) = d where x is the maximum (ties share nothing: each gets the whole gradient)
  reduceMax: ({ g, node, inputs: [x], gradients }) => [
    g.where(g.equal(x, restore(g, node.outputs[0], node, x)), restore(g, gradients[0] as Value, node, x), 0),
  ],
  // d(sum x^2) = 2 d x
  reduceSumSquare: ({ g, node, inputs: [x], gradients }) => [
    g.mul(g.mul(x, 2), restore(g, gradients[0] as Value, node, x)),
  ],
  // dx = y (d - sum(d y))
  softmax: each((g, d, [x], y) => {
    const dy = g.mul(d, y);
    return g.sub(dy, g.mul(y, g.reduceSum(dy, [x.shape.length - 1], true)));
  }),
  // d(table) = rows of d added at their indices
  gather: ({ g, inputs: [table, indices], gradients, needs }) => {
    if (!needs[0]) return [undefined, undefined];
    const width = table.shape.slice(1);
    const updates = g.reshape(gradients[0] as Value, [-1, ...width]);
    return [g.scatterAdd(g.reshape(indices, [-1]), updates, table.shape[0]), undefined];
  },
  // d(updates) = rows of d at the indices
  scatterAdd: ({ g, inputs: [indices], gradients }) => [undefined, g.gather(gradients[0] as Value, indices)],
  // y = alpha op(a) op(b): da = alpha d op(b)ᵀ, db = alpha op(a)ᵀ d, each transposed when its input was
  matmul: ({ g, node, inputs: [a, b], gradients, needs }) => {
    const d = gradients[0] as Value;
    const { transA = false, transB = false, alpha = 1 } = node.attributes;
    const da = !needs[0]
      ? undefined
      : transA
        ? g.matmul(b, d, { transA: transB, transB: true, alpha })
        : g.matmul(d, b, { transB: !transB, alpha });
    const db = !needs[1]
      ? undefined
      : transB
        ? g.matmul(d, a, { transA: true, transB: transA, alpha })
        : g.matmul(a, d, { transA: !transA, alpha });
    return [da && g.sumTo(da, a.shape), db && g.sumTo(db, b.shape)];
  },
  // as matmul; dc = beta d
  gemm: ({ g, node, inputs: [a, b, c], gradients, needs }) => {
    const d = gradients[0] as Value;
    const { transA = false, transB = false, alpha = 1, beta = 1 } = node.attributes;
    const da = !needs[0]
      ? undefined
      : transA
        ? g.gemm(b, d, { transA: transB, transB: true, alpha })
        : g.gemm(d, b, { transB: !transB, alpha });
    const db = !needs[1]
      ? undefined
      : transB
        ? g.gemm(d, a, { transA: true, transB: transA, alpha })
        : g.gemm(a, d, { transA: !transA, alpha });
    if (c === undefined) return [da, db];
    return [da, db, needs[2] ? g.sumTo(beta === 1 ? d : g.mul(d, beta), c.shape) : undefined];
  },
  dequantize: none('quantized weights stay as they are'),
  dequantizeNf4: none('quantized weights stay as they are'),
  // y = x r w, r = (mean x^2 + eps)^-1/2; e = d w: dx = r (e - x r^2 mean(e x)), dw = sum(d x r)
  rmsNorm: ({ g, node, inputs: [x, weight], gradients, needs }) => {
    const d = gradients[0] as Value;
    const inverse = node.outputs[1];
    const last = x.shape.length - 1;
    const scaled = needs[0] ? g.mul(d, weight) : d;
    const dx = needs[0]
      ? g.mul(
          inverse,
          g.sub(
            scaled,
            g.mul(x, g.mul(g.mul(inverse, inverse), g.reduceMean(g.mul(scaled, x), [last], true))),
          ),
        )
      : undefined;
    return [dx, needs[1] ? g.sumTo(g.mul(g.mul(d, x), inverse), weight.shape) : undefined];
  },
  // n = (x - mean) r, y = n w + b; e = d w: dx = r (e - mean(e) - n mean(e n)), dw = sum(d n), db = sum(d)
  layerNorm: ({ g, node, inputs: [x, weight, bias], gradients, needs }) => {
    const d = gradients[0] as Value;
    const [, mean, inverse] = node.outputs;
    const last = x.shape.length - 1;
    const normal = g.mul(g.sub(x, mean), inverse);
    const scaled = g.mul(d, weight);
    const centred = () =>
      g.sub(
        g.sub(scaled, g.reduceMean(scaled, [last], true)),
        g.mul(normal, g.reduceMean(g.mul(scaled, normal), [last], true)),
      );
    return [
      needs[0] ? g.mul(inverse, centred()) : undefined,
      needs[1] ? g.sumTo(g.mul(d, normal), weight.shape) : undefined,
      needs[2] ? g.sumTo(d, bias.shape) : undefined,
    ];
  },
  // a rotation: its transpose turns back, so the same op with -sin
  rotary: ({ g, inputs: [, positions, cos, sin], gradients }) => [
    g.rotary(gradients[0] as Value, positions, cos, g.neg(sin)),
    undefined,
    undefined,
    undefined,
  ],
} satisfies Record<Op, GradientRule>;
