// Layers that get an adapter, as boxes and as text: which names of a recipe are layers of the model, and what they are
// called on screen.
import type { AdaptableLayer } from '../../../main/contract/models.ts';

/** `embed_tokens, an embedding`: linear layers are the usual ones, the others are said to be what they are. */
export function layerLabel({ name, kind }: AdaptableLayer): string {
  const kinds = { linear: '', embedding: ', an embedding', output: ', the output layer' };
  return `${name}${kinds[kind]}`;
}

/** What "All linear layers" stands for, by name: the first choice of layers. */
export function linearNames(layers: readonly AdaptableLayer[]): string[] {
  return layers.filter(({ kind }) => kind === 'linear').map(({ name }) => name);
}

/** Chosen names that are layers of the model, in the order of the recipe, and the others. */
export function splitTargets(
  targets: readonly string[],
  layers: readonly AdaptableLayer[],
): { listed: string[]; others: string[] } {
  const known = new Set(layers.map(({ name }) => name));
  return {
    listed: targets.filter((name) => known.has(name)),
    others: targets.filter((name) => !known.has(name)),
  };
}
