// Questions about a short passage: the core of the starter's skill, and the one that the evaluation measures.

import { inventWord, type World } from '../invent.ts';
import { askAbout, type Fact, factCount, layOut, makePassage, type Passage } from '../passage.ts';
import { exchange, fill, type Message, type Sample } from '../sample.ts';

/** A passage, then one question or several in turn, each with its short answer. */
export function passageQuestions(world: World, progress: number): Sample {
  const { random } = world;
  const passage = makePassage(world, factCount(world, progress));
  const asked = random.shuffle(passage.facts).slice(0, random.pick([1, 2, 3, 3]));
  const messages: Message[] = [];
  if (random.chance(0.06)) {
    messages.push({
      role: 'system',
      content: random.pick(['Answer from the text.', 'Answer in a few words.']),
    });
  }
  for (const fact of asked) {
    const first = askAbout(world, fact, 0.25);
    const turns = [first];
    const back = askAbout(world, fact, first.answer === fact.value ? 1 : 0);
    if (back.answer !== first.answer && random.chance(0.35)) turns.push(back);
    for (const { text, answer } of turns) {
      const isFirst = messages.at(-1)?.role !== 'assistant';
      messages.push({ role: 'user', content: isFirst ? layOut(world, passage.text, text) : text });
      messages.push({ role: 'assistant', content: answer });
    }
  }
  return { kind: 'questions', messages };
}

const absentAnswers = ['The text does not say.'];

/** A question that the passage does not answer, sometimes beside one that it does. */
export function absentQuestions(world: World, progress: number): Sample {
  const { random } = world;
  const passage = makePassage(world, Math.max(1, factCount(world, progress) - 1));
  const shown = random.shuffle(passage.facts)[0];
  const missing = missingFact(world, passage, shown);
  const turns = [{ text: askAbout(world, missing, 0).text, answer: absentAnswers[0] }];
  if (random.chance(0.4)) turns.push(askAbout(world, shown, 0.2));
  const messages = random.shuffle(turns).flatMap(({ text, answer }, i): Message[] => [
    { role: 'user', content: i === 0 ? layOut(world, passage.text, text) : text },
    { role: 'assistant', content: answer },
  ]);
  return { kind: 'absent', messages };
}

/** The same question about a thing that the passage never names. */
function missingFact(world: World, passage: Passage, shown: Fact): Fact {
  for (;;) {
    const [other] = makePassage(world, 1).facts;
    if (passage.facts.some((f) => f.entity.name === other.entity.name)) continue;
    return world.random.chance(0.5) ? { ...shown, entity: other.entity } : other;
  }
}

const checks = [
  'Is it true that {s}?',
  'Is this right: {S}',
  'True or false? {S}',
  'Does the text say that {s}?',
];

/** Yes or no with the reason: the sentence of the passage that decides it. */
export function yesOrNo(world: World, progress: number): Sample {
  const { random } = world;
  const passage = makePassage(world, Math.max(1, factCount(world, progress) - 1));
  const fact = random.pick(passage.facts);
  const isTrue = random.chance(0.5);
  const claimed = isTrue ? fact.value : otherValue(world, fact);
  const template = random.pick(fact.type.say);
  const name = fact.entity.article ? `the ${fact.entity.name}` : fact.entity.name;
  const claim = template.replace('{e}', () => name).replace('{v}', () => claimed);
  const truth = fill(template, { e: name, v: fact.value });
  const check = random
    .pick(checks)
    .replace('{s}', () => claim.replace(/\.$/, ''))
    .replace('{S}', () => claim.charAt(0).toUpperCase() + claim.slice(1));
  return exchange('yes or no', layOut(world, passage.text, check), `${isTrue ? 'Yes' : 'No'}. ${truth}`);
}

function otherValue(world: World, fact: Fact): string {
  for (;;) {
    const value = fact.type.value(world);
    if (value !== fact.value) return value;
  }
}

const closings = ['I do not know.', 'I do not know that.'];

/** A question about something invented, without any passage. */
export function unknown(world: World): Sample {
  const { random } = world;
  const fact = makePassage(world, 1).facts[0];
  const { text } = random.chance(0.8)
    ? askAbout(world, fact, 0)
    : { text: `What does "${inventWord(world)}" mean?` };
  return exchange('unknown', text, random.chance(0.8) ? closings[0] : closings[1]);
}
