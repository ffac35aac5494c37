// A sentence written again: in the past, denied, about somebody else, as a question, shortened, in other words.

import { capitalised, makeName, thingWord, type World } from '../invent.ts';
import { exchange, fill, type Sample, withArticle } from '../sample.ts';
import { colours, moods, outdoorPlaces, relatives, weathers } from '../words.ts';

/** A verb in its base form, third person, past and -ing form, with what may follow it. */
interface Deed {
  base: string;
  now: string;
  past: string;
  ing: string;
  rest: string;
}

const deed = (forms: string, rest: string): Deed => {
  const [base, now, past, ing] = forms.split(' ');
  return { base, now, past, ing, rest };
};

const deeds: readonly Deed[] = [
  deed('walk walks walked walking', 'to the {place}'),
  deed('run runs ran running', 'to the {place}'),
  deed('see sees saw seeing', '{a_thing} in the {place}'),
  deed('buy buys bought buying', '{a_thing}'),
  deed('find finds found finding', '{a_thing} near the {place}'),
  deed('carry carries carried carrying', 'the {thing} to the {place}'),
  deed('open opens opened opening', 'the {thing}'),
  deed('sell sells sold selling', 'the {thing} to {other}'),
  deed('give gives gave giving', 'the {thing} to {other}'),
  deed('meet meets met meeting', '{other} at the {place}'),
  deed('call calls called calling', '{other} in the evening'),
  deed('visit visits visited visiting', '{other} in {town}'),
  deed('clean cleans cleaned cleaning', 'the {thing}'),
  deed('repair repairs repaired repairing', 'the {thing} of {other}'),
  deed('draw draws drew drawing', '{a_thing}'),
  deed('help helps helped helping', '{other} with the {thing}'),
  deed('send sends sent sending', 'the {thing} to {town}'),
  deed('need needs needed needing', '{a_thing} for the {place}'),
  deed('like likes liked liking', 'the {colour} {thing}'),
  deed('lose loses lost losing', 'the {thing} at the {place}'),
];

interface Scene {
  who: string;
  other: string;
  deed: Deed;
  rest: string;
}

function makeScene(world: World): Scene {
  const { random } = world;
  const thing = thingWord(world);
  const who = makeName(world, 'person');
  const other = makeName(world, 'person');
  const chosen = random.pick(deeds);
  const values = { thing, other, a_thing: withArticle(thing), town: makeName(world, 'place') };
  const rest = chosen.rest.replace(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'place') return random.pick(outdoorPlaces);
    if (name === 'colour') return random.pick(colours);
    return values[name as keyof typeof values];
  });
  return { who, other, deed: chosen, rest };
}

interface Rewriting {
  asks: readonly string[];
  from: (scene: Scene) => string;
  to: (scene: Scene, extra: string) => string;
}

const present = (s: Scene, who = s.who): string => `${who} ${s.deed.now} ${s.rest}.`;

const rewritings: readonly Rewriting[] = [
  {
    asks: ['Write this in the past: {s}', 'Put this in the past: {s}'],
    from: present,
    to: (s) => `${s.who} ${s.deed.past} ${s.rest}.`,
  },
  {
    asks: ['Say that it is not so: {s}', 'Make this negative: {s}'],
    from: present,
    to: (s) => `${s.who} does not ${s.deed.base} ${s.rest}.`,
  },
  {
    asks: ['Make a question of this: {s}', 'Ask if it is so: {s}'],
    from: present,
    to: (s) => `Does ${s.who} ${s.deed.base} ${s.rest}?`,
  },
  {
    asks: ['Write that it will happen tomorrow: {s}', 'Put this in the future: {s}'],
    from: present,
    to: (s) => `${s.who} will ${s.deed.base} ${s.rest}.`,
  },
  {
    asks: ['Write this with {x} in place of the name: {s}', 'Tell this about {x}: {s}'],
    from: present,
    to: (s, x) => present(s, x),
  },
  {
    asks: ['Say who did it and nothing else: {s}', 'Who is it about? {s}'],
    from: (s) => `${s.who} ${s.deed.past} ${s.rest}.`,
    to: (s) => s.who,
  },
  {
    asks: ['Write that it happens right now: {s}'],
    from: present,
    to: (s) => `${s.who} is ${s.deed.ing} ${s.rest}.`,
  },
  {
    asks: ['Write this politely: {s}', 'Say this in a friendly way: {s}'],
    from: (s) => `${capitalised(s.deed.base)} ${s.rest}!`,
    to: (s) => `Could you please ${s.deed.base} ${s.rest}?`,
  },
];

/** One sentence and how to change it. */
export function rewrite(world: World): Sample {
  const { random } = world;
  const scene = makeScene(world);
  const task = random.pick(rewritings);
  const extra = makeName(world, 'person');
  const request = random
    .pick(task.asks)
    .replace('{x}', () => extra)
    .replace('{s}', () => task.from(scene));
  return exchange('rewriting', request, task.to(scene, extra));
}

const joinForms = ['Make one sentence of this: {s}', 'Say this in one sentence: {s}'];

/** Two sentences made one, or one made two. */
export function join(world: World): Sample {
  const { random } = world;
  const a = makeScene(world);
  const b = makeScene(world);
  const first = `${a.who} ${a.deed.past} ${a.rest}`;
  const pattern = random.pick([
    {
      two: `${first}. ${b.who} ${b.deed.past} ${b.rest}.`,
      one: `${first}, and ${b.who} ${b.deed.past} ${b.rest}.`,
    },
    {
      two: `${first}. The weather was ${random.pick(weathers)}.`,
      one: '',
    },
    {
      two: `${first}. Then ${a.who} was ${random.pick(moods)}.`,
      one: '',
    },
  ]);
  const one =
    pattern.one || pattern.two.replace(/\. (The|Then)/, (_, word: string) => ` and ${word.toLowerCase()}`);
  return exchange(
    'rewriting',
    random.pick(joinForms).replace('{s}', () => pattern.two),
    one,
  );
}

/** Somebody's words told to somebody else: "Tell my brother that ..." */
export function passOn(world: World): Sample {
  const { random } = world;
  const scene = makeScene(world);
  const to = random.chance(0.5) ? makeName(world, 'person') : random.pick(relatives);
  const whom = /^[a-z]/.test(to) ? `my ${to}` : to;
  const hail = /^[a-z]/.test(to) ? `Dear ${to}` : `Dear ${to}`;
  const said = `${scene.who} ${scene.deed.past} ${scene.rest}.`;
  return exchange(
    'rewriting',
    fill('Write to {whom}: {said}', { whom, said }),
    `${hail}, ${said} ${random.pick(['Best wishes', 'See you soon', 'Kind regards'])}`,
  );
}
