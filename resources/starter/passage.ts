// Makes a passage: a few facts about one or several named things, as sentences; and questions about them.

import type { FactType } from './fact-type.ts';
import { factTypes } from './facts.ts';
import { type Entity, type EntityKind, makeEntity, mention, type World } from './invent.ts';
import { fill } from './sample.ts';

export interface Fact {
  entity: Entity;
  type: FactType;
  value: string;
}

export interface Passage {
  facts: Fact[];
  text: string;
}

export interface Question {
  text: string;
  answer: string;
}

const kinds: readonly EntityKind[] = [
  'person',
  'person',
  'product',
  'product',
  'product',
  'place',
  'company',
  'event',
];

/** `count` facts: all about one thing, the same about several, or mixed. No value or name occurs twice. */
export function makeFacts(world: World, count: number): Fact[] {
  const { random } = world;
  const plan = count === 1 ? 'one' : random.pick(['one', 'one', 'same', 'mixed', 'mixed'] as const);
  const kind = random.pick(kinds);
  const first = makeEntity(world, kind);
  const type = random.pick(factTypes[kind]);
  const facts: Fact[] = [];
  const used = new Set<string>([first.name]);
  for (let tries = 0; facts.length < count && tries < 60; tries++) {
    const entity =
      facts.length === 0 || plan === 'one' || (plan === 'mixed' && random.chance(0.35))
        ? first
        : makeEntity(world, plan === 'same' ? kind : random.pick(kinds));
    const factType = plan === 'same' || facts.length === 0 ? type : random.pick(factTypes[entity.kind]);
    const value = factType.value(world);
    if (used.has(value) || (entity !== first && used.has(entity.name)) || entity.name === value) continue;
    if (facts.some((f) => f.entity === entity && f.type.id === factType.id)) continue;
    facts.push({ entity, type: factType, value });
    used.add(value).add(entity.name);
  }
  return plan === 'mixed' ? random.shuffle(facts) : facts;
}

/** The facts as running sentences; a thing that was just named may go on as "it", "he" or "she". */
export function tell(world: World, facts: readonly Fact[], pronouns = 0.4): string {
  const { random } = world;
  const sentences = facts.map((fact, i) => {
    const template = random.pick(fact.type.say);
    const goesOn =
      facts[i - 1]?.entity === fact.entity && template.startsWith('{e} ') && random.chance(pronouns);
    return fill(template, { e: goesOn ? fact.entity.pronoun : mention(fact.entity), v: fact.value });
  });
  return sentences.join(' ');
}

/** The facts as short lines: "Tulki Max 45: price 89 euros" or "price of Tulki Max 45 = 89 euros". */
export function tabulate(world: World, facts: readonly Fact[]): string {
  const form = world.random.pick(['{e}: {l} {v}', '{e} - {l}: {v}', '{l} of {e}: {v}', '{e}, {l}: {v}']);
  return facts
    .map((fact) => fill(form, { e: fact.entity.name, l: fact.type.label, v: fact.value }))
    .join(world.random.pick(['\n', '. ', '; ']));
}

export function makePassage(world: World, count: number): Passage {
  const facts = makeFacts(world, count);
  return { facts, text: world.random.chance(0.08) ? tabulate(world, facts) : tell(world, facts) };
}

/** A question about `fact`: for its value, or (with probability `reverse`) for the thing that has the value. */
export function askAbout(world: World, fact: Fact, reverse: number): Question {
  const { random } = world;
  if (fact.type.whose && random.chance(reverse)) {
    return { text: fill(random.pick(fact.type.whose), { v: fact.value }), answer: fact.entity.name };
  }
  if (random.chance(0.1)) {
    const form = random.pick(['What is the {l} of {e}?', 'Tell me the {l} of {e}.', 'Name the {l} of {e}.']);
    return { text: fill(form, { l: fact.type.label, e: mention(fact.entity) }), answer: fact.value };
  }
  return { text: fill(random.pick(fact.type.ask), { e: mention(fact.entity) }), answer: fact.value };
}

const layouts = [
  '{p}\n{q}',
  '{p}\n{q}',
  '{p} {q}',
  '{p}\n\n{q}',
  'Text: {p}\nQuestion: {q}',
  '{q}\n{p}',
  'Read this: {p}\n{q}',
];

/** Passage and question in one user message, in one of several layouts. */
export function layOut(world: World, passage: string, question: string): string {
  const { random } = world;
  const layout = random.chance(0.5) ? layouts[0] : random.pick(layouts);
  return layout.replace('{p}', () => passage).replace('{q}', () => question);
}

/** How many facts a passage may have at this point of the run: 1 at the start, 5 from 60 % on. */
export const mostFacts = (progress: number): number => Math.min(5, 1 + Math.floor((progress * 4) / 0.6));

/** A number of facts between 1 and `mostFacts`, the larger ones a little more often. */
export function factCount(world: World, progress: number): number {
  const most = mostFacts(progress);
  return world.random.chance(0.25)
    ? world.random.between(1, most)
    : world.random.between(Math.ceil(most / 2), most);
}
