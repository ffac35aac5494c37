// Copying and rearranging given words: repeating, spelling, the first and the last, lists, sorting out.

import { capitalised, inventCode, makeName, thingWord, type World } from '../invent.ts';
import { mostFacts } from '../passage.ts';
import { exchange, listed, type Sample } from '../sample.ts';
import { cities, colours, foods, numbersInWords } from '../words.ts';

const kindsOfItem = ['word', 'word', 'person', 'product', 'place', 'code', 'company'] as const;

function makeItem(world: World, kind = world.random.pick(kindsOfItem)): string {
  if (kind === 'word') return thingWord(world);
  return kind === 'code' ? inventCode(world) : makeName(world, kind);
}

function makeItems(world: World, count: number): string[] {
  const items = new Set<string>();
  const kind = world.random.chance(0.6) ? world.random.pick(kindsOfItem) : undefined;
  while (items.size < count) items.add(makeItem(world, kind ?? world.random.pick(kindsOfItem)));
  return [...items];
}

const repeatRequests = [
  'Repeat this: {x}',
  'Say this again: {x}',
  'Copy this: {x}',
  'Repeat: {x}',
  'Please say: {x}',
];

/** "Repeat this: Tulki Max 45" and the same back. */
export function repeat(world: World, progress: number): Sample {
  const { random } = world;
  const items = makeItems(world, random.between(1, 1 + mostFacts(progress)));
  const text = random.pick([items.join(' '), items.join(', '), items.join(' | '), listed(items)]);
  const request = random.pick(repeatRequests).replace('{x}', () => text);
  return exchange('repeat', request, text);
}

interface ListTask {
  ask: string;
  answer: (items: readonly string[], random: World['random']) => string;
}

const listTasks: readonly ListTask[] = [
  { ask: 'What is the first one?', answer: (items) => items[0] },
  { ask: 'What is the last one?', answer: (items) => items.at(-1) ?? '' },
  { ask: 'What is the second one?', answer: (items) => items[1] },
  { ask: 'How many are there?', answer: (items) => capitalised(numbersInWords[items.length]) },
  { ask: 'Write them as a list.', answer: (items) => items.map((item) => `- ${item}`).join('\n') },
  { ask: 'Number them.', answer: (items) => items.map((item, i) => `${i + 1}. ${item}`).join('\n') },
  { ask: 'Turn the order round.', answer: (items) => [...items].reverse().join(', ') },
  { ask: 'Join them with "and".', answer: (items) => items.join(' and ') },
  { ask: 'Separate them with a line |.', answer: (items) => items.join(' | ') },
  { ask: 'Leave out the first one.', answer: (items) => items.slice(1).join(', ') },
  { ask: 'Which come after the first one?', answer: (items) => listed(items.slice(1)) },
];

/** A row of names or things, and one thing done with it. */
export function lists(world: World, progress: number): Sample {
  const { random } = world;
  const items = makeItems(world, random.between(2, 2 + Math.min(3, mostFacts(progress) - 1)));
  const task = random.pick(listTasks);
  const text = random.pick([items.join(', '), listed(items), items.join('; ')]);
  return exchange('lists', `${text}\n${task.ask}`, task.answer(items, random));
}

const pickTasks = [
  { one: 'colour', of: colours },
  { one: 'city', of: cities },
  { one: 'food', of: foods },
];

/** What comes next to a word, what is missing, which of them is a colour. */
export function picking(world: World): Sample {
  const { random } = world;
  const items = makeItems(world, random.between(2, 4));
  const task = random.pick(['after', 'before', 'kind'] as const);
  if (task === 'kind') {
    const { one, of } = random.pick(pickTasks);
    const word = random.pick(of);
    const mixed = random.shuffle([...items, word]);
    return exchange('lists', `${mixed.join(', ')}\nWhich of them is a ${one}?`, word);
  }
  const at = random.between(1, items.length - 1);
  return task === 'after'
    ? exchange('lists', `${items.join(', ')}\nWhat comes after ${items[at - 1]}?`, items[at])
    : exchange('lists', `${items.join(', ')}\nWhat comes before ${items[at]}?`, items[at - 1]);
}
