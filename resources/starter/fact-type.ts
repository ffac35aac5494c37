// The shape of one kind of fact: how a sentence says it, and how questions ask for it.

import type { EntityKind } from './invent.ts';
import type { Value } from './values.ts';

/** `{e}` is the thing with its article, `{v}` the value. */
export interface FactType {
  id: string;
  of: EntityKind;
  value: Value;
  /** Statements; those that begin with `{e}` may continue a passage with a pronoun. */
  say: readonly string[];
  ask: readonly string[];
  /** Questions whose answer is the thing's name. */
  whose?: readonly string[];
  /** The label in forms and lists, such as `price`. */
  label: string;
}

/** A fact type before it is filed under the kind of thing that it tells about. */
export type FactWords = Omit<FactType, 'of'>;
