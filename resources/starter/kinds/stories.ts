// Short stories and descriptions in simple English: plain text, or the answer to a request for one.

import { capitalised, makeName, thingWord, type World } from '../invent.ts';
import { exchange, fill, listed, type Sample, withArticle } from '../sample.ts';
import * as words from '../words.ts';

interface Cast {
  who: string;
  he: string;
  his: string;
  him: string;
  [name: string]: string;
}

const pronouns = [
  { he: 'he', his: 'his', him: 'him' },
  { he: 'she', his: 'her', him: 'her' },
] as const;

function makeCast(world: World): Cast {
  const { random } = world;
  const isAnimal = random.chance(0.35);
  const first = makeName(world, 'person').split(' ').at(-1) ?? '';
  const animal = random.pick(words.animals);
  const friend = makeName(world, 'person').split(' ').at(-1) ?? '';
  const thing = thingWord(world);
  const gift = thingWord(world);
  return {
    ...random.pick(pronouns),
    who: first,
    intro: isAnimal
      ? `${withArticle(animal)} named ${first}`
      : `${withArticle(random.pick(words.jobs))} named ${first}`,
    friend,
    thing,
    a_thing: withArticle(thing),
    gift,
    a_gift: withArticle(gift),
    colour: random.pick(words.colours),
    place: random.pick(words.outdoorPlaces),
    other_place: random.pick(words.outdoorPlaces),
    town: makeName(world, 'place'),
    mood: random.pick(words.moods),
    other_mood: random.pick(words.moods),
    food: random.pick(words.foods),
    weather: random.pick(words.weathers),
    size: random.pick(words.sizes),
    quality: random.pick(words.qualities),
    day: random.pick(words.weekdays),
    relative: random.pick(words.relatives),
    room: random.pick(words.roomWords),
    hobby: random.pick(words.hobbies),
  };
}

const openings = [
  'Once there was {intro}. {who} lived near the {place} in {town}.',
  'There was once {intro}, who lived in {town}.',
  'On a {weather} {day}, {who} went to the {place}.',
  'It was a {weather} morning in {town}. {who} was {mood}.',
  '{who} had a {size} {colour} {thing}. {he} liked it very much.',
  'One day {who} and {friend} walked to the {place}.',
  'In {town} lived {intro}. Everybody knew {him}.',
];

const problems = [
  'One day the {thing} was gone. {who} looked in the {room}, but it was not there.',
  'But the {thing} was broken, and {who} did not know how to repair it.',
  '{who} wanted {a_thing}, but {he} had no money.',
  'Then {he} heard a noise behind the {place}. It was {friend}, and {friend} was {mood}.',
  'On the way {he} lost {his} {thing}. {he} was very {other_mood}.',
  '{friend} came and asked for the {thing}. "I need it today," said {friend}.',
  'It began to rain, and the road to the {other_place} was under water.',
  '{his} {relative} was ill and could not leave the house.',
];

const turns = [
  '{who} asked {friend} for help. "Let us look at the {other_place}," said {friend}.',
  'So {he} went to the {other_place} and asked everybody there.',
  '"Do not worry," said {friend}. "I have {a_gift} for you."',
  '{who} thought about it for a long time. Then {he} had an idea.',
  'They worked together until the evening.',
  '{friend} gave {him} some {food} and they sat down to think.',
  '{he} took {a_gift} from the {room} and ran back.',
  'A man from {town} saw {him} and stopped. "Can I help you?" he asked.',
];

const endings = [
  'In the end they found the {thing} under a tree. {who} was happy.',
  'At last everything was good again, and they ate {food} together.',
  'From that day on {who} and {friend} were friends.',
  '{who} said thank you and went home. It was a good day.',
  '{friend} laughed, and {who} laughed too.',
  'That night {who} slept well.',
  '{who} gave {friend} the {gift}, and both were glad.',
  'Now {who} knows that it is good to ask for help.',
];

/** Fills a template sentence by sentence, so that "{he}" at the start of one gets its capital letter. */
function tellPart(template: string, cast: Cast): string {
  return template
    .split(/(?<=[.!?]"?) /)
    .map((sentence) => fill(sentence, cast))
    .join(' ');
}

function story(world: World, cast: Cast, parts: number): string {
  const { random } = world;
  const picked = [random.pick(openings)];
  if (parts > 1) picked.push(random.pick(problems));
  if (parts > 2) picked.push(random.pick(turns));
  picked.push(random.pick(endings));
  return picked.map((part) => tellPart(part, cast)).join(' ');
}

const storyRequests = [
  'Tell me a story about {who}.',
  'Write a short story about {intro}.',
  'Tell me a short story with {who} and {friend}.',
  'Write a story about {who} and {a_thing}.',
  'Tell me a story that happens in {town}. It is about {who}.',
];

/** A story, half of them as plain text, half as the answer to a request. */
export function stories(world: World, progress: number): Sample {
  const cast = makeCast(world);
  const text = story(world, cast, progress < 0.15 ? 1 : world.random.between(1, 3));
  if (world.random.chance(0.5)) return { kind: 'stories', text };
  return exchange('stories', fill(world.random.pick(storyRequests), cast), text);
}

const storyQuestions = [
  { ask: 'Who is the story about?', key: 'who' },
  { ask: 'Where does it happen?', key: 'town' },
  { ask: 'Who is the friend?', key: 'friend' },
  { ask: 'Which thing is in the story?', key: 'thing' },
];

/** A story and a question about it. */
export function storyQuestion(world: World, progress: number): Sample {
  const cast = makeCast(world);
  const text = story(world, cast, progress < 0.3 ? 1 : 2);
  const possible = storyQuestions.filter(({ key }) => text.includes(cast[key]));
  const question = world.random.pick(possible.length ? possible : storyQuestions.slice(0, 1));
  return exchange('stories', `${text}\n${question.ask}`, cast[question.key]);
}

const descriptions = [
  'The {thing} is {size} and {colour}. It is made of {material}. It stands in the {room}.',
  'This is {a_thing}. It is {quality} and {colour}. You can find it in the {room}.',
  '{town} is a {size} town near the {place}. The people there like {food}. In winter it is often {weather}.',
  '{who} is {mood} today. {he} has {colour} shoes and a {quality} coat. {his} {relative} lives in {town}.',
  'The {place} near {town} is {quality} and {weather}. Many people go there for {hobby}.',
  '{who} is a {job}. {he} has a {size} {animal} and likes {food}. On {day} {he} goes {hobby}.',
  'A {animal} is an animal. This one is {size} and {colour}. It likes {food} and lives near the {place}.',
  '{a_thing} is useful in the {room}. It should be {quality} and not too {size}.',
];

const descriptionRequests = [
  'Describe {x}.',
  'Tell me about {x}.',
  'What is {x} like?',
  'Write a few words about {x}.',
];

/** A thing, place or person described in a few sentences. */
export function describe(world: World): Sample {
  const { random } = world;
  const cast: Cast = {
    ...makeCast(world),
    material: random.pick(words.materials),
    job: random.pick(words.jobs),
    animal: random.pick(words.animals),
  };
  const template = random.pick(descriptions);
  const text = capitalised(tellPart(template, cast));
  const subject = (template.match(/\{(thing|a_thing|town|who|place|animal)\}/) ?? ['', 'who'])[1];
  const named: Record<string, string> = {
    thing: `the ${cast.thing}`,
    a_thing: cast.a_thing,
    town: cast.town,
    who: cast.who,
    place: `the ${cast.place} near ${cast.town}`,
    animal: withArticle(cast.animal),
  };
  if (random.chance(0.3)) return { kind: 'descriptions', text };
  const given = listed([cast.colour, cast.quality]);
  const request = fill(random.pick(descriptionRequests), { x: named[subject] });
  return exchange('descriptions', random.chance(0.15) ? `${request} Use the words ${given}.` : request, text);
}
