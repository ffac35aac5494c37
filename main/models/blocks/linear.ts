// Linear layers that share one input, each with an optional LoRA adapter (Hu et al. 2021,
// https://arxiv.org/abs/2106.09685) or DoRA adapter (Liu et al. 2024, https://arxiv.org/abs/2402.09353), as one block:
// all adapters read the input in one product, and the backward accumulates dx in one buffer.
//   u = s x [A1; A2; ..]ᵀ     t_i = x W_iᵀ + u_i B_iᵀ     y_i = t_i + b_i
//   with DoRA               y_i = m_i / |W_i + s_i B_i A_i| t_i + b_i
import type { Graph, Value } from '../../compiler/graph.ts';

export interface LinearAdapter {
  /** [rank, in] */
  a: Value;
  /** [out, rank] */
  b: Value;
  scale: number;
  /** DoRA's magnitudes [out]. */
  magnitude?: Value;
}

export interface LinearSite {
  /** [out, in], or [in, out] when `transposed` (GPT-2's Conv1D). float32. */
  weight: Value;
  transposed: boolean;
  bias: Value | undefined;
  adapter: LinearAdapter | undefined;
}

/**
 * Norms of the rows of W + s B A [out], without that sum: |w|^2 + 2 s rowsum(W Aᵀ B) + s^2 rowsum(B (A Aᵀ)
 * B). They count as constant in the gradient (DoRA, section 4.3).
 */
export function adaptedNorm(
  g: Graph,
  weight: Value,
  transposed: boolean,
  { a, b, scale }: LinearAdapter,
): Value {
  const squares = g.apply('reduceSumSquare', [weight], { axes: [transposed ? 0 : 1] })[0];
  const wa = g.gemm(weight, a, { transA: transposed, transB: true, exact: true });
  const aa = g.gemm(a, a, { transB: true, exact: true });
  const mixed = g.gemm(b, aa, { alpha: scale * scale, c: g.mul(wa, 2 * scale), exact: true }); // [out, rank]
  const product = g.reduceSum(g.mul(mixed, b), [1]);
  return g.sqrt(g.add(squares, product));
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
    magnitude: site.adapter?.magnitude && indexOf(site.adapter.magnitude),
  }));

  let us: Value[] = [];
  let stacked: Value | undefined;
  let dropped = x;
  /** Of a DoRA site: what its factor multiplies [rows, out], the norms and the factor [out]. */
  const magnified: ({ product: Value; norm: Value; factor: Value } | undefined)[] = [];

  const forward = (): Value[] => {
    if (adapters.length > 0) {
      dropped = dropout === undefined ? x : g.cheap(g.mul(x, dropout));
      stacked = g.cheap(
        g.concat(
          adapters.map((adapter) => adapter.a),
          0,
        ),
      );
      us = g.split(scaledInputs(g, dropped, stacked, adapters), 1, ranks);
    }
    let next = 0;
    return sites.map(({ weight, transposed, bias, adapter }, i) => {
      if (adapter === undefined) return g.gemm(x, weight, { transB: !transposed, c: bias });
      const u = us[next++];
      const adapted = (y: Value) => g.gemm(u, adapter.b, { transB: true, c: y });
      if (adapter.magnitude === undefined)
        return adapted(g.gemm(x, weight, { transB: !transposed, c: bias }));
      const norm = adaptedNorm(g, weight, transposed, adapter);
      const factor = g.div(adapter.magnitude, norm);
      const product = adapted(g.gemm(dropped, weight, { transB: !transposed }));
      magnified[i] = { product, norm, factor };
      let y = g.cheap(g.mul(product, factor));
      if (dropout !== undefined) {
        // as PEFT does: the factor reads the dropped input, the base layer the whole one
        const lost = g.cheap(g.mul(x, g.cheap(g.sub(g.scalar(1), dropout))));
        y = g.add(y, g.gemm(lost, weight, { transB: !transposed }));
      }
      return bias === undefined ? y : g.cheap(g.add(y, bias));
    });
  };

  return g.block(inputs, forward, (_, dys, needs) => {
    const gradients: (Value | undefined)[] = inputs.map(() => undefined);
    const dus: Value[] = [];
    let dx: Value | undefined;
    let dDropped: Value | undefined;
    let next = 0;
    sites.forEach(({ weight, transposed, adapter }, i) => {
      const slot = slots[i];
      const u = adapter === undefined ? undefined : us[next++];
      const dy = dys[i] ?? g.expand(g.scalar(0), [x.shape[0], weight.shape[transposed ? 1 : 0]]);
      const magnitude = magnified[i];
      // dm = sum(dy t) / |W + s B A|, dt = dy m / |W + s B A|
      if (magnitude !== undefined && slot.magnitude !== undefined && needs[slot.magnitude]) {
        gradients[slot.magnitude] = g.div(g.reduceSum(g.mul(dy, magnitude.product), [0]), magnitude.norm);
      }
      const dt = magnitude === undefined ? dy : g.mul(dy, magnitude.factor);
      // dW = dtᵀ x, db = sum dy
      if (needs[slot.weight]) {
        gradients[slot.weight] = transposed
          ? g.gemm(x, dt, { transA: true })
          : g.gemm(dt, x, { transA: true });
      }
      if (slot.bias !== undefined && needs[slot.bias]) gradients[slot.bias] = g.reduceSum(dy, [0]);
      // dB = dtᵀ u, where u is scaled already; d(x Aᵀ) = s dt B
      if (adapter !== undefined && u !== undefined && slot.b !== undefined) {
        if (needs[slot.b]) gradients[slot.b] = g.gemm(dt, u, { transA: true });
        dus.push(g.gemm(dt, adapter.b, { alpha: adapter.scale }));
      }
      // dx = sum dt_i W_i; with DoRA and dropout d(dropped x) = dt W, and dx = dy W for what was lost
      if (!needs[0]) return;
      if (magnitude === undefined || dropout === undefined) {
        dx = g.gemm(dt, weight, { transB: transposed, c: dx });
      } else {
        dDropped = g.gemm(dt, weight, { transB: transposed, c: dDropped });
        const dLost = g.mul(g.gemm(dy, weight, { transB: transposed }), g.sub(g.scalar(1), dropout));
        dx = dx === undefined ? dLost : g.add(dx, dLost);
      }
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
            : g.add(dx as Value, g.mul(g.gemm(du, stacked, { c: dDropped }), dropout));
      }
    }
    gradients[0] = dx;
    return gradients;
  });
}

/** x [A1; A2; ..]ᵀ with each adapter's columns times its scale: [rows, sum of ranks]. */
function scaledInputs(g: Graph, x: Value, stacked: Value, adapters: readonly LinearAdapter[]): Value {
  const [{ scale }] = adapters;
  if (adapters.every((adapter) => adapter.scale === scale))
    return g.gemm(x, stacked, { transB: true, alpha: scale });
  const scales = Float32Array.from(adapters.flatMap(({ a, scale }) => Array(a.shape[0]).fill(scale)));
  return g.mul(g.gemm(x, stacked, { transB: true }), g.constant(scales, [1, scales.length]));
}
