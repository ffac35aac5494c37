// The registry of fact kinds, grouped by what they tell about.

import type { FactType, FactWords } from './fact-type.ts';
import { personFacts } from './facts-people.ts';
import { companyFacts, eventFacts, placeFacts } from './facts-places.ts';
import { productFacts } from './facts-products.ts';
import type { EntityKind } from './invent.ts';

const of = (kind: EntityKind, list: readonly FactWords[]): FactType[] =>
  list.map((fact) => ({ ...fact, of: kind }));

/** Every kind of fact, grouped by what it tells about. */
export const factTypes: Record<EntityKind, readonly FactType[]> = {
  person: of('person', personFacts),
  product: of('product', productFacts),
  place: of('place', placeFacts),
  company: of('company', companyFacts),
  event: of('event', eventFacts),
};
