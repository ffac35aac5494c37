// Feed-forward layers: gated (SwiGLU, GeGLU; Shazeer 2020, https://arxiv.org/abs/2002.05202) and plain
// activations, as blocks whose backward keeps nothing but the input: value and slope of an activation are
// computed from it again.
import type { Graph, Value } from '../../compiler/graph.ts';

export const activationNames = [
  'relu',
  'tanh',
  'silu',
  'swish',
  'gelu',
  'gelu_python',
  'gelu_new',
  'gelu_fast',
  'gelu_accurate',
  'gelu_python_tanh',
  'gelu_pytorch_tanh',
  'quick_gelu',
  'relu2',
  'sigmoid',
  'linear',
] as const;
export type ActivationName = (typeof activationNames)[number];

interface Activation {
  value(g: Graph, x: Value): Value;
  /** Value and derivative at x, for the backward; what is not used is dropped from the graph. */
  both(g: Graph, x: Value): { value: Value; slope: Value };
  /** slope(x) up in fewer passes, where y = value(x) up is at hand. */
  gatedSlope?(g: Graph, x: Value, up: Value, y: Value): Value;
}

const silu: Activation = {
  value: (g, x) => g.silu(x),
  // s = sigmoid x, a = x s: a' = s + a (1 - s)
  both: (g, x) => {
    const s = g.sigmoid(x);
    const value = g.mul(x, s);
    return { value, slope: g.add(s, g.sub(value, g.mul(value, s))) };
  },
  // a' up = s up + a up (1 - s) = y + s (up - y)
  gatedSlope: (g, x, up, y) => g.add(y, g.mul(g.sigmoid(x), g.sub(up, y))),
};

const root = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;
/** Of the sigmoid that stands for GELU's erf. */
const quick = 1.702;

/** tanh(sqrt(2/pi) (x + 0.044715 x^3)) */
function innerTanh(g: Graph, x: Value): Value {
  const cube = g.mul(g.mul(x, x), x);
  return g.tanh(g.mul(g.add(x, g.mul(cube, cubic)), root));
}

const geluTanh: Activation = {
  // x/2 (1 + t)
  value: (g, x) => g.mul(g.mul(x, 0.5), g.add(innerTanh(g, x), 1)),
  // (1 + t)/2 + x/2 (1 - t^2) sqrt(2/pi) (1 + 3 0.044715 x^2)
  both: (g, x) => {
    const t = innerTanh(g, x);
    const upper = g.add(t, 1);
    const inner = g.mul(g.add(g.mul(g.mul(x, x), 3 * cubic), 1), root);
    const rest = g.mul(g.mul(x, g.sub(g.scalar(1), g.mul(t, t))), inner);
    return { value: g.mul(g.mul(x, 0.5), upper), slope: g.mul(g.add(upper, rest), 0.5) };
  },
};

const gelu: Activation = {
  // x/2 (1 + erf(x / sqrt 2))
  value: (g, x) => g.mul(g.mul(x, 0.5), g.add(g.erf(g.mul(x, Math.SQRT1_2)), 1)),
  // (1 + erf(x / sqrt 2))/2 + x e^(-x^2/2) / sqrt(2 pi)
  both: (g, x) => {
    const upper = g.add(g.erf(g.mul(x, Math.SQRT1_2)), 1);
    const bell = g.mul(g.exp(g.mul(g.mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return { value: g.mul(g.mul(x, 0.5), upper), slope: g.add(g.mul(upper, 0.5), g.mul(x, bell)) };
  },
};

const activations = {
  linear: {
    value: (g, x) => g.mul(x, 1),
    both: (g, x) => ({ value: g.mul(x, 1), slope: g.expand(g.scalar(1), x.shape) }),
  },
  relu: {
    value: (g, x) => g.relu(x),
    both: (g, x) => ({ value: g.relu(x), slope: g.where(g.less(g.scalar(0), x), 1, 0) }),
  },
  tanh: {
    value: (g, x) => g.tanh(x),
    // 1 - y^2
    both: (g, x) => {
      const value = g.tanh(x);
      return { value, slope: g.sub(g.scalar(1), g.mul(value, value)) };
    },
  },
  silu,
  swish: silu,
  // s (1 - s)
  sigmoid: {
    value: (g, x) => g.sigmoid(x),
    both: (g, x) => {
      const value = g.sigmoid(x);
      return { value, slope: g.mul(value, g.sub(g.scalar(1), value)) };
    },
  },
  // relu(x)^2, 2 relu(x)
  relu2: {
    value: (g, x) => g.mul(g.relu(x), g.relu(x)),
    both: (g, x) => {
      const positive = g.relu(x);
      return { value: g.mul(positive, positive), slope: g.mul(positive, 2) };
    },
  },
  // x s with s = sigmoid(1.702 x): s + 1.702 x s (1 - s)
  quick_gelu: {
    value: (g, x) => g.mul(x, g.sigmoid(g.mul(x, quick))),
    both: (g, x) => {
      const s = g.sigmoid(g.mul(x, quick));
      const value = g.mul(x, s);
      const rest = g.mul(g.sub(value, g.mul(value, s)), quick);
      return { value, slope: g.add(s, rest) };
    },
  },
  gelu,
  gelu_python: gelu,
  gelu_new: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu_python_tanh: geluTanh,
  gelu_pytorch_tanh: geluTanh,
} satisfies Record<ActivationName, Activation>;

/** Marks all that was built since `from` as cheap to compute again. */
function cheapSince(g: Graph, from: number): void {
  for (const node of g.nodes.slice(from)) for (const value of node.outputs) g.cheap(value);
}

/** An activation by its name in config.json: dx = dy slope(x). */
export function activation(g: Graph, name: ActivationName, x: Value): Value {
  const { value, both } = activations[name];
  const forward = () => {
    const start = g.nodes.length;
    const y = value(g, x);
    cheapSince(g, start);
    return [y];
  };
  return g.block([x], forward, (_, [gradient]) => [g.mul(gradient as Value, both(g, x).slope)])[0];
}

/** activation(gate) * up: with a = activation(gate), d up = d a, d gate = d up slope(gate). */
export function gated(g: Graph, name: ActivationName, gate: Value, up: Value): Value {
  const { value, both, gatedSlope }: Activation = activations[name];
  let a: Value;
  let y: Value;
  const forward = () => {
    const start = g.nodes.length;
    a = value(g, gate);
    y = g.mul(a, up);
    cheapSince(g, start);
    return [y];
  };
  return g.block([gate, up], forward, (_, [gradient]) => {
    const d = gradient as Value;
    if (gatedSlope !== undefined) return [g.mul(d, gatedSlope(g, gate, up, y)), g.mul(d, a)];
    const { value: again, slope } = both(g, gate);
    return [g.mul(g.mul(d, up), slope), g.mul(d, again)];
  })[0];
}
