// Linear layers that share one input, each with an optional LoRA adapter (Hu et al. 2021, https://arxiv.org/abs/2106.09685),
// as one block: all adapters read the input in one product, and the backward accumulates dx in one buffer.
//   u = x [A1; A2; ..]ᵀ     y_i = x W_iᵀ + b_i + s_i u_i B_iᵀ
import type { Graph, Value } from '../../compiler/graph.ts';

export interface LinearSite {
  /** [out, in], or [in, out] when `transposed` (GPT-2's Conv1D). float32. */
  weight: Value;
  transposed: boolean;
  bias: Value | undefined;
  /** a [rank, in], b [out, rank]. */
  adapter: { a: Value; b: Value; scale: number } | undefined;
}

/**
 * x [rows, in] -> one [rows, out] per site. `dropout` [rows, in] is multiplied into what the adapters read.
 */
export function linears(g: Graph, x: Value, sites: readonly LinearSite[], dropout?: Value): Value[] {
  const adapters = sites.flatMap((site) => site.adapter ?? []);
  const ranks = adapters.map((adapter) => adapter.a.shape[0]);
  const inputs: Value[] = [x];
  const indexOf = (value: Value): number => inputs.push(value) - 1;
  const slots = sites.map((site) => ({
    weight: indexOf(site.weight),
    bias: site.bias && indexOf(site.bias),
    a: site.adapter && indexOf(site.adapter.a),
    b: site.adapter && indexOf(site.adapter.b),
  }));

  let us: Value[] = [];
  let stacked: Value | undefined;
  let dropped = x;

  const forward = (): Value[] => {
    if (adapters.length > 0) {
      dropped = dropout === undefined ? x : g.cheap(g.mul(x, dropout));
      stacked = g.cheap(g.concat(adapters.map((adapter) => adapter.a), 0));
      us = g.split(g.gemm(dropped, stacked, { transB: true }), 1, ranks);
    }
    let next = 0;
    return sites.map(({ weight, transposed, bias, adapter }) => {
      const y = g.gemm(x, weight, { transB: !transposed, c: bias });
      if (adapter === undefined) return y;
      return g.gemm(us[next++], adapter.b, { transB: true, alpha: adapter.scale, c: y });
    });
  };

  return g.block(inputs, forward, (_, dys, needs) => {
    const gradients: (Value | undefined)[] = inputs.map(() => undefined);
    const dus: Value[] = [];
    let dx: Value | undefined;
    let next = 0;
    sites.forEach(({ weight, transposed, adapter }, i) => {
      const slot = slots[i];
      const u = adapter === undefined ? undefined : us[next++];
      const dy = dys[i] ?? g.expand(g.scalar(0), [x.shape[0], weight.shape[transposed ? 1 : 0]]);
      // dW = dyᵀ x, db = sum dy
      if (needs[slot.weight]) {
        gradients[slot.weight] = transposed ? g.gemm(x, dy, { transA: true }) : g.gemm(dy, x, { transA: true });
      }
      if (slot.bias !== undefined && needs[slot.bias]) gradients[slot.bias] = g.reduceSum(dy, [0]);
      // dB = s dyᵀ u, du = s dy B
      if (adapter !== undefined && u !== undefined && slot.b !== undefined) {
        if (needs[slot.b]) gradients[slot.b] = g.gemm(dy, u, { transA: true, alpha: adapter.scale });
        dus.push(g.gemm(dy, adapter.b, { alpha: adapter.scale }));
      }
      // dx = sum dy_i W_i
      if (needs[0]) dx = g.gemm(dy, weight, { transB: transposed, c: dx });
    });
    if (stacked !== undefined) {
      const du = g.concat(dus, 1);
      // dA = duᵀ x
      if (slots.some((slot) => slot.a !== undefined && needs[slot.a])) {
        const das = g.split(g.gemm(du, dropped, { transA: true }), 0, ranks);
        let which = 0;
        for (const slot of slots) if (slot.a !== undefined) gradients[slot.a] = das[which++];
      }
      // dx += du A, through the dropout mask
      if (needs[0]) {
        dx =
          dropout === undefined
            ? g.gemm(du, stacked, { c: dx })
            : g.add(dx as Value, g.mul(g.gemm(du, stacked), dropout));
      }
    }
    gradients[0] = dx;
    return gradients;
  });
}
