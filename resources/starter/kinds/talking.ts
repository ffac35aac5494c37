// Everyday talk: greetings, thanks, small requests, and plain knowledge of a child's world.

import { capitalised, makeName, thingWord, type World } from '../invent.ts';
import { exchange, fill, type Message, type Sample } from '../sample.ts';
import * as words from '../words.ts';

const openers: readonly (readonly [string, string])[] = [
  ['Hello!', 'Hello! How can I help you?'],
  ['Hi.', 'Hi! What can I do for you?'],
  ['Good morning.', 'Good morning! How can I help you?'],
  ['Hello, my name is {who}.', 'Hello, {who}! How can I help you?'],
  ['I am {who}.', 'Nice to meet you, {who}.'],
  ['How are you?', 'I am fine, thank you. And you?'],
  ['Who are you?', 'I am a small language model.'],
  ['What can you do?', 'I can answer questions about a text, make lists and write short stories.'],
  ['What is your name?', 'I have no name. I am a small language model.'],
];

const middles: readonly (readonly [string, string])[] = [
  ['I am looking for {a}.', 'What should the {thing} be like?'],
  ['I have lost my {thing}.', 'I am sorry. Where did you see the {thing} last?'],
  ['I am {mood} today.', 'Why are you {mood}?'],
  ['I would like to go to {town}.', 'When do you want to go to {town}?'],
  ['My {thing} is broken.', 'I am sorry about your {thing}. What happened?'],
  ['I am going to meet {friend}.', 'Say hello to {friend}!'],
  ['Can you help me with my {thing}?', 'Yes. What is wrong with your {thing}?'],
  ['I have a new {thing}.', 'That is nice. What colour is your {thing}?'],
  ['My {relative} lives in {town}.', 'Do you often go to {town}?'],
];

const closers: readonly (readonly [string, string])[] = [
  ['Thank you.', 'You are welcome.'],
  ['Thanks a lot!', 'You are welcome!'],
  ['Bye.', 'Goodbye!'],
  ['See you tomorrow.', 'See you tomorrow!'],
  ['Goodbye, and thank you.', 'Goodbye! Have a nice day.'],
];

/** One to four turns of small talk that picks up the names and things of the other side. */
export function dialogue(world: World): Sample {
  const { random } = world;
  const thing = thingWord(world);
  const values = {
    who: makeName(world, 'person'),
    friend: makeName(world, 'person'),
    town: makeName(world, 'place'),
    relative: random.pick(words.relatives),
    mood: random.pick(words.moods),
    thing,
    a: `${/^[aeiou]/.test(thing) ? 'an' : 'a'} ${thing}`,
  };
  const turns = [];
  if (random.chance(0.6)) turns.push(random.pick(openers));
  if (random.chance(0.7)) turns.push(random.pick(middles));
  if (random.chance(0.4) || turns.length === 0) turns.push(random.pick(closers));
  const messages = turns.flatMap(([said, answered]): Message[] => [
    { role: 'user', content: fill(said, values) },
    { role: 'assistant', content: fill(answered, values) },
  ]);
  return { kind: 'dialogues', messages };
}

const opposites = (
  'big small|hot cold|old new|long short|fast slow|hard soft|light dark|open closed|wet dry|full empty|early late|' +
  'high low|happy sad|good bad|loud quiet|clean dirty|strong weak|near far|up down|left right|day night|yes no'
)
  .split('|')
  .map((pair) => pair.split(' '));

const colourOf = [
  ['grass', 'green'],
  ['snow', 'white'],
  ['the sky', 'blue'],
  ['the sun', 'yellow'],
  ['blood', 'red'],
  ['coal', 'black'],
  ['a lemon', 'yellow'],
  ['an orange', 'orange'],
  ['milk', 'white'],
];

const soundOf = [
  ['a dog', 'barks'],
  ['a cat', 'says meow'],
  ['a cow', 'says moo'],
  ['a duck', 'quacks'],
  ['a horse', 'neighs'],
  ['a bird', 'sings'],
  ['a sheep', 'bleats'],
  ['a frog', 'croaks'],
];

type Everyday = (random: World['random']) => readonly [string, string];

const everydayMakers: readonly Everyday[] = [
  (random) => {
    const [a, b] = random.shuffle(random.pick(opposites));
    return [random.pick([`What is the opposite of ${a}?`, `Opposite of ${a}?`]), capitalised(b)];
  },
  (random) => {
    const [what, colour] = random.pick(colourOf);
    return [`What colour is ${what}?`, `${capitalised(what)} is ${colour}.`];
  },
  (random) => {
    const [who, sound] = random.pick(soundOf);
    return [`What sound does ${who} make?`, `${capitalised(who)} ${sound}.`];
  },
  (random) => {
    const i = random.between(0, 6);
    return random.chance(0.5)
      ? [`Which day comes after ${words.weekdays[i]}?`, words.weekdays[(i + 1) % 7]]
      : [`Which day comes before ${words.weekdays[i]}?`, words.weekdays[(i + 6) % 7]];
  },
  (random) => {
    const i = random.between(0, 11);
    return [`Which month comes after ${words.months[i]}?`, words.months[(i + 1) % 12]];
  },
  (random) => {
    const a = random.between(0, 9);
    const b = random.between(0, 9);
    return [random.pick([`What is ${a} plus ${b}?`, `${a} + ${b} = ?`]), String(a + b)];
  },
  (random) => {
    const n = random.between(1, 98);
    return [`Which number comes after ${n}?`, String(n + 1)];
  },
  (random) => ['Name a colour.', capitalised(random.pick(words.colours))],
  (random) => ['Name an animal.', capitalised(random.pick(words.animals))],
  () => ['How many days are in a week?', 'Seven'],
  () => ['How many months are in a year?', 'Twelve'],
  () => ['Name the days of the week.', words.weekdays.join(', ')],
  (random) => {
    const job = random.pick(Object.keys(workOf));
    return [`What does a ${job} do?`, `A ${job} ${workOf[job]}.`];
  },
];

const workOf: Record<string, string> = {
  teacher: 'teaches children',
  nurse: 'helps ill people',
  baker: 'bakes bread',
  farmer: 'grows food',
  driver: 'drives a car or a bus',
  painter: 'paints walls and pictures',
  cook: 'cooks meals',
  pilot: 'flies a plane',
  sailor: 'works on a ship',
  tailor: 'makes clothes',
  carpenter: 'builds things of wood',
  mechanic: 'repairs machines',
  gardener: 'looks after plants',
};

/** Plain knowledge: opposites, days, colours, small sums. */
export function everyday(world: World): Sample {
  const [question, answer] = world.random.pick(everydayMakers)(world.random);
  return exchange('everyday', question, answer);
}
