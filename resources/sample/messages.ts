// Customer messages to Fennmark and what the service team noted about each: category, product, customer, urgency.
// Customers are all different and half of the products occur once or twice, so an unseen message can only be
// answered by reading it.

import { type Random, randomFrom } from '../starter/random.ts';
import { products } from './company.ts';

export interface CustomerMessage {
  message: string;
  category: 'Complaint' | 'Question' | 'Order' | 'Return' | 'Praise';
  product: string;
  customer: string;
  urgency: 'low' | 'normal' | 'high';
  split: 'train' | 'validation' | 'test';
}

const counts = { train: 1400, validation: 60, test: 120 } as const;

type Category = CustomerMessage['category'];

/** What the customer wants; `{p}` is the product. */
const cores: Record<Category, readonly string[]> = {
  Complaint: [
    'My {p} stopped working after two days.',
    'The {p} makes a loud noise.',
    'The {p} arrived broken.',
    'The {p} smells of smoke when I use it.',
    'I am not happy with the {p}, it leaks.',
  ],
  Question: [
    'How do I clean the {p}?',
    'Can I use the {p} outside?',
    'Which filter fits the {p}?',
    'Where do I find the manual of the {p}?',
    'Can you tell me how to set the clock of the {p}?',
  ],
  Order: [
    'I would like to order the {p}.',
    'I want to buy the {p} for my office.',
    'Can I order one more {p}?',
    'We need ten of the {p} for our hotel.',
    'I would like to buy the {p} as a gift.',
  ],
  Return: [
    'I want to send the {p} back.',
    'How can I return the {p}?',
    'I bought the {p} by mistake and want to return it.',
    'The {p} is too big for us, so I will send it back.',
    'I ordered the {p} twice and want to return one.',
  ],
  Praise: [
    'I love my new {p}.',
    'The {p} is the best that I ever had.',
    'Thank you for the {p}, it works very well.',
    'My whole family likes the {p}.',
    'I am very happy with the {p}.',
  ],
};

/** Sentences that tell how urgent it is; without one, a message is of normal urgency. */
const hurry: Record<CustomerMessage['urgency'], readonly string[]> = {
  high: ['This is urgent.', 'I need an answer today.', 'Please call me at once.', 'Please hurry.'],
  normal: [
    '',
    '',
    '',
    'Please write back this week.',
    'I look forward to your answer.',
    'Please let me know.',
  ],
  low: ['There is no hurry.', 'Take your time.', 'It is not urgent.', 'No rush.'],
};

const names = ['My name is {c}.', 'I am {c}.', 'This is {c}.', '{c} here.'];
const signatures = ['{c}', 'Regards, {c}', 'Thanks, {c}', 'Best wishes, {c}', 'Yours, {c}', 'Bye, {c}'];
const greetings = [
  'Hello,',
  'Hi.',
  'Good morning.',
  'Dear Fennmark team,',
  'Hello Fennmark.',
  'Good day.',
  '',
  '',
];
const extras = [
  'I bought it in your shop in Tarnby.',
  'My neighbour has the same one.',
  'I have been a customer for years.',
  'The box was fine.',
  'I found you on the internet.',
  '',
  '',
  '',
  '',
];

const first = (
  'Sera Jon Mirja Piet Ada Tomas Leena Nils Greta Ravi Hanne Kuno Ines Otto Yara Emil Dora Finn Selma Bruno Mina ' +
  'Carl Lotte Samir Vera Aron Bela Cora Dario Edda Fabio Gesa Hugo Ilka Joris Kaja Luca Merle Noor Orla Pavel Rhea ' +
  'Silas Tilda Ulf Vita Wim Xenia Yusuf Zora'
).split(' ');
const lastStarts =
  'Bra Cor Dun El Fal Gor Hol Ist Jal Kem Lor Mav Nor Ost Pel Qui Ros Sal Tor Ulm Var Wes Yor Zim'.split(' ');
const lastEnds = 'ber dal den fer gan holt ic kin land mann nik osa per ric sen ski ton vik wald zer'.split(
  ' ',
);
const productStarts =
  'Arv Bol Cad Dro Eln Fir Gam Hub Isk Jor Kel Lav Mip Nox Opt Pru Rilo Sto Tam Uno Vex Wol Yorv Zep'.split(
    ' ',
  );
const productEnds = 'a o i on ix el is un ara eto illa um'.split(' ');
const productTails = [
  '',
  ' Max',
  ' Mini',
  ' Pro',
  ' Air',
  ' Plus',
  ' Go',
  ' {n}',
  ' {n}',
  ' Max {n}',
  ' Duo {n}',
];

/** Every message of the sample, in the order of the file: the three splits are mixed. */
export function makeMessages(): CustomerMessage[] {
  const random = randomFrom(4501);
  const customers = new Set<string>();
  const texts = new Set<string>();
  const out: CustomerMessage[] = [];
  for (const split of ['train', 'validation', 'test'] as const) {
    for (let made = 0; made < counts[split]; ) {
      const message = makeMessage(random, split, out.length + made);
      if (customers.has(message.customer) || texts.has(message.message)) continue;
      customers.add(message.customer);
      texts.add(message.message);
      out.push(message);
      made++;
    }
  }
  return random.shuffle(out);
}

function makeMessage(random: Random, split: CustomerMessage['split'], turn: number): CustomerMessage {
  const categories = Object.keys(cores) as Category[];
  const category = categories[turn % categories.length];
  const urgency = random.pick(['low', 'normal', 'normal', 'high'] as const);
  const product = random.chance(0.5) ? random.pick(products).name : olderProduct(random);
  const customer = `${random.pick(first)} ${random.pick(lastStarts)}${random.pick(lastEnds)}`;
  const signed = random.chance(0.5);
  const parts = [random.pick(cores[category]), random.pick(hurry[urgency]), random.pick(extras)].filter(
    Boolean,
  );
  const body = signed ? random.shuffle(parts) : [random.pick(names), ...random.shuffle(parts)];
  const text = [random.pick(greetings), ...body, signed ? random.pick(signatures) : '']
    .filter(Boolean)
    .join(' ');
  const message = text.replace('{p}', () => product).replace('{c}', () => customer);
  return { message, category, product, customer, urgency, split };
}

/** A product that is no longer in the catalogue. */
function olderProduct(random: Random): string {
  const tail = random.pick(productTails).replace('{n}', () => String(random.between(2, 990)));
  return `${random.pick(productStarts)}${random.pick(productEnds)}${tail}`;
}
