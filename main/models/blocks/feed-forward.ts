// Feed-forward layers: gated (SwiGLU, GeGLU; Shazeer 2020, https://arxiv.org/abs/2002.05202) and plain activations.
import type { Graph, Value } from '../../compiler/graph.ts';

export const activationNames = ['silu', 'swish', 'gelu', 'gelu_new', 'gelu_pytorch_tanh', 'gelu_fast', 'relu', 'tanh'] as const;
export type ActivationName = (typeof activationNames)[number];

/** An activation by its name in config.json. */
export function activation(g: Graph, name: ActivationName, x: Value): Value {
  switch (name) {
    case 'silu':
    case 'swish':
      return g.silu(x);
    case 'relu':
      return g.relu(x);
    case 'tanh':
      return g.tanh(x);
    case 'gelu':
      // x/2 (1 + erf(x / sqrt 2))
      return g.mul(g.mul(x, 0.5), g.add(g.erf(g.mul(x, Math.SQRT1_2)), 1));
    default: {
      // x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
      const cube = g.mul(g.mul(x, x), x);
      const inner = g.mul(g.add(x, g.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
      return g.mul(g.mul(x, 0.5), g.add(g.tanh(inner), 1));
    }
  }
}

/**
 * silu(gate) * up, with its own backward: s = sigmoid(gate), a = gate s,
 *   d up = d a,   d gate = d up (s + a (1 - s))
 */
export function swiglu(g: Graph, gate: Value, up: Value, recompute: boolean): Value {
  const forward = () => [g.cheap(g.mul(g.cheap(g.silu(gate)), up), recompute)];
  const [y] = g.block([gate, up], forward, (_, [gradient]) => {
    const d = gradient as Value;
    const s = g.sigmoid(gate);
    const a = g.mul(gate, s);
    const slope = g.add(s, g.sub(a, g.mul(a, s)));
    return [g.mul(g.mul(d, up), slope), g.mul(d, a)];
  });
  return y;
}

/** activation(gate) * up for any activation. */
export function gated(g: Graph, name: ActivationName, gate: Value, up: Value, recompute: boolean): Value {
  if (name === 'silu' || name === 'swish') return swiglu(g, gate, up, recompute);
  return g.cheap(g.mul(g.cheap(activation(g, name, gate), recompute), up), recompute);
}
