// The starter's training text: one sample for each (seed, index), and held-out questions about names that no
// training text contains. Pure: the same arguments give the same sample on every machine, in any order.

import type { World } from './invent.ts';
import { lists, picking, repeat } from './kinds/copying.ts';
import { extract, letterQuestions } from './kinds/messages.ts';
import { absentQuestions, passageQuestions, unknown, yesOrNo } from './kinds/questions.ts';
import { join, passOn, rewrite } from './kinds/rewriting.ts';
import { describe, stories, storyQuestion } from './kinds/stories.ts';
import { dialogue, everyday } from './kinds/talking.ts';
import { askAbout, layOut, makePassage } from './passage.ts';
import { randomFrom } from './random.ts';
import type { Maker, Message, Sample } from './sample.ts';

export type { Message, Sample } from './sample.ts';

/** A maker with its share of the samples at the start and at the end of the run; in between it moves evenly. */
interface Share {
  make: Maker;
  start: number;
  end: number;
}

const shares: readonly Share[] = [
  { make: passageQuestions, start: 50, end: 36 },
  { make: repeat, start: 18, end: 6 },
  { make: letterQuestions, start: 8, end: 8 },
  { make: extract, start: 6, end: 11 },
  { make: lists, start: 4, end: 5 },
  { make: picking, start: 4, end: 4 },
  { make: stories, start: 4, end: 8 },
  { make: storyQuestion, start: 2, end: 4 },
  { make: describe, start: 2, end: 4 },
  { make: yesOrNo, start: 1, end: 4 },
  { make: absentQuestions, start: 1, end: 4 },
  { make: rewrite, start: 2, end: 4 },
  { make: join, start: 1, end: 1.5 },
  { make: passOn, start: 1, end: 1 },
  { make: dialogue, start: 2, end: 3 },
  { make: everyday, start: 1, end: 2 },
  { make: unknown, start: 0.3, end: 0.7 },
];

/** Streams that never meet: training text and held-out questions. */
const domain = { training: 1, heldOut: 2 } as const;

/** Share of invented names in a text; most texts are full of them, some have none. */
const inventedShares = [1, 1, 1, 0.85, 0.85, 0.7, 0.5, 0];

/**
 * Training sample number `index` of the stream `seed`. `progress`, 0 to 1, is the share of the run that lies
 * behind: passages grow from one fact to five, and kinds other than copying take more room.
 */
export function sampleAt(seed: number, index: number, progress: number): Sample {
  const random = randomFrom(domain.training, seed, index);
  const world: World = { random, heldOut: false, invented: random.pick(inventedShares) };
  return pickMaker(random.next(), progress)(world, progress);
}

function pickMaker(at: number, progress: number): Maker {
  const weights = shares.map(({ start, end }) => start + (end - start) * progress);
  let rest = at * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return shares[i].make;
  }
  return shares[0].make;
}

export interface HeldOutQuestion {
  passage: string;
  question: string;
  answer: string;
  /** The request alone, ready for the chat template with a generation prompt. */
  messages: Message[];
}

/**
 * `n` questions about passages of `facts` facts whose invented stems are reserved: none of them is in any
 * training text. One question in seven goes from the value back to the name.
 */
export function heldOutQuestions(seed: number, facts: 1 | 3, n: number): HeldOutQuestion[] {
  return Array.from({ length: n }, (_, index) => {
    const random = randomFrom(domain.heldOut, seed, facts, index);
    const world: World = { random, heldOut: true, invented: 1 };
    const passage = makePassage(world, facts);
    const { text, answer } = askAbout(world, random.pick(passage.facts), 0.15);
    const content = layOut(world, passage.text, text);
    return { passage: passage.text, question: text, answer, messages: [{ role: 'user', content }] };
  });
}
