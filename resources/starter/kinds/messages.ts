// Short letters with a name, a product, a place and a number in them: questions about them, and fields drawn out
// into a line. Field names and separators change from text to text, so no single line format is learned.

import { inventCode, makeName, type World } from '../invent.ts';
import { exchange, fill, type Message, type Sample } from '../sample.ts';
import * as value from '../values.ts';

interface Field {
  label: string;
  make: (world: World) => string;
  /** Sentences that tell it; some letters hold two fields in one sentence. */
  say: readonly string[];
  ask: readonly string[];
}

const fields: readonly Field[] = [
  {
    label: 'name',
    make: (w) => makeName(w, 'person'),
    say: ['My name is {v}.', 'I am {v}.', 'This is {v}.', '{v} is my name.', 'You are writing with {v}.'],
    ask: ['Who wrote this?', 'What is the name?', 'Who is it from?', 'Who sent the message?'],
  },
  {
    label: 'product',
    make: (w) => makeName(w, 'product'),
    say: [
      'I bought the {v}.',
      'It is about the {v}.',
      'I have a question about the {v}.',
      'My {v} does not work.',
      'The {v} came today.',
      'I would like to order the {v}.',
      'The {v} is very good.',
      'Can you send me the {v}?',
    ],
    ask: ['Which product is it about?', 'What is the product?', 'What is it about?'],
  },
  {
    label: 'city',
    make: (w) => makeName(w, 'place'),
    say: ['I live in {v}.', 'I write from {v}.', 'Greetings from {v}.', 'Please send it to {v}.'],
    ask: ['Where does the writer live?', 'Which city is named?', 'What is the city?'],
  },
  {
    label: 'number',
    make: (w) => (w.random.chance(0.5) ? inventCode(w) : value.phone(w)),
    say: ['My number is {v}.', 'The order number is {v}.', 'It is order {v}.', 'You can see it under {v}.'],
    ask: ['What is the number?', 'Which number is given?', 'What is the order number?'],
  },
  {
    label: 'price',
    make: value.price,
    say: ['I paid {v}.', 'It cost {v}.', 'The bill was {v}.'],
    ask: ['What was the price?', 'How much was paid?'],
  },
  {
    label: 'day',
    make: value.weekday,
    say: ['It came on {v}.', 'I ordered it on {v}.', 'Please call me on {v}.'],
    ask: ['Which day is named?', 'What is the day?'],
  },
  {
    label: 'shop',
    make: (w) => makeName(w, 'company'),
    say: ['I got it from {v}.', 'The shop is {v}.'],
    ask: ['Which shop is it?', 'What is the shop called?'],
  },
];

const greetings = ['Hello.', 'Hi.', 'Good morning.', 'Dear team,', 'Hello there,', 'Good day.', ''];
const fillers = [
  'It stopped yesterday.',
  'Nobody answered the phone.',
  'I am very happy with it.',
  'The box was open.',
  'I am not sure what to do.',
  'Can you help me?',
  'Please write back soon.',
  'The colour is wrong.',
  'It is too loud.',
  'My sister likes it too.',
  'I have waited for two weeks.',
  'Everything else is fine.',
];
const closings = ['Thank you.', 'Thanks a lot.', 'Bye.', 'Best wishes', 'Kind regards', ''];

interface Letter {
  text: string;
  parts: { field: Field; value: string }[];
}

function makeLetter(world: World, count: number): Letter {
  const { random } = world;
  const parts = random
    .shuffle(fields)
    .slice(0, count)
    .map((field) => ({ field, value: field.make(world) }));
  const sentences = parts.map(({ field, value: v }) => fill(random.pick(field.say), { v }));
  for (let i = random.between(0, 2); i > 0; i--) sentences.push(random.pick(fillers));
  const signed = parts.findIndex(({ field }) => field.label === 'name');
  const signature = signed >= 0 && random.chance(0.5) ? parts[signed].value : '';
  if (signature) sentences.splice(signed, 1);
  const body = [random.pick(greetings), ...random.shuffle(sentences), random.pick(closings), signature];
  return { parts, text: body.filter(Boolean).join(random.chance(0.85) ? ' ' : '\n') };
}

const askForms = [
  'Write {f}, separated by {s}',
  'Give {f} in one line with {s} between them.',
  'Fields: {f}',
];
const separators = [' | ', ' | ', ' | ', '; ', ' / ', ', ', ' - '];

/** A letter, and some of its fields in one line, with or without their labels. */
export function extract(world: World, progress: number): Sample {
  const { random } = world;
  const letter = makeLetter(world, Math.min(4, 1 + Math.floor(progress * 6)));
  const wanted = random.shuffle(letter.parts).slice(0, random.between(1, letter.parts.length));
  const separator = random.pick(separators);
  const labels = wanted.map(({ field }) => field.label);
  const form = random.pick(askForms);
  const request = form.replace('{f}', labels.join(', ')).replace('{s}', separator.trim());
  const labelled = form.startsWith('Fields');
  const line = wanted
    .map(({ field, value: v }) => (labelled ? `${field.label}: ${v}` : v))
    .join(labelled ? (random.chance(0.5) ? '; ' : '\n') : separator);
  const content = random.chance(0.75) ? `${letter.text}\n${request}` : `${request}\n${letter.text}`;
  return exchange('extract', content, line);
}

/** A letter, and questions about it one after the other. */
export function letterQuestions(world: World, progress: number): Sample {
  const { random } = world;
  const letter = makeLetter(world, Math.min(4, 1 + Math.floor(progress * 5)));
  const messages: Message[] = [];
  for (const { field, value: v } of random.shuffle(letter.parts).slice(0, 3)) {
    const question = random.pick(field.ask);
    messages.push({ role: 'user', content: messages.length ? question : `${letter.text}\n${question}` });
    messages.push({ role: 'assistant', content: v });
  }
  return { kind: 'letters', messages };
}
