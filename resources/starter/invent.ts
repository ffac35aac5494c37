// Invented names and words, made anew for each text: syllables, two-part names, codes, numbered products.
// One word stem in sixteen is reserved for the held-out questions and never occurs in training text.

import type { Random } from './random.ts';
import { cities, firstNames, lastNames, materials, outdoorPlaces, things } from './words.ts';

/** What a text is made from: its random stream, which stems it may use, and how many of its names are invented. */
export interface World {
  random: Random;
  /** True draws only reserved stems, false only the others. */
  heldOut: boolean;
  /** Share of names, things and places that are invented, 0 to 1. */
  invented: number;
}

export type EntityKind = 'person' | 'product' | 'place' | 'company' | 'event';

/** Somebody or something with a name. `article` is true where a sentence says "the" before it. */
export interface Entity {
  kind: EntityKind;
  name: string;
  article: boolean;
  /** The pronoun of a second sentence: he, she or it. */
  pronoun: 'he' | 'she' | 'it';
}

const simpleOnsets = 'b c d f g h j k l m n p r s t v w z'.split(' ');
const doubleOnsets = 'br bl cl dr fl fr gr kl kr pl pr qu sk sl sm sn sp st tr vr y sh th ch'.split(' ');
const vowels = 'a a a a e e e e i i i i o o o o u u u ai ee oo ia ou ei y'.split(' ');
const codas = ['', '', '', ...'n n r r l l s s m k t d x sh nd rn st lk v p b g z ck ff ll nt rk'.split(' ')];
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

const productSuffixes =
  'Max Pro Plus Mini Lite One Duo Air Eco Prime Go X Ultra Neo Flex Home Travel Classic'.split(' ');
const productNouns =
  'Lamp Kettle Radio Drill Chair Tent Heater Mixer Pump Printer Speaker Scale Router Clock Bike Stove Fan Cup Bag'.split(
    ' ',
  );
const placeEndings = 'Bay Hill Bridge Falls Park Lake Harbour Valley Cross Point'.split(' ');
const placeStarts = 'Port New Old North South East West Saint Upper Lower'.split(' ');
const companyEndings =
  'Works Tools Foods Lab Group Systems Brothers Motors Energy Garden Books Bank Textiles Media Logistics'.split(
    ' ',
  );
const eventNouns = 'Festival Fair Race Meeting Concert Cup Party Workshop Market Camp'.split(' ');

/** True for the stems that only held-out questions use: one in sixteen, by a hash of the lower-case stem. */
export function isReserved(stem: string): boolean {
  let hash = 0x811c9dc5;
  for (const letter of stem.toLowerCase()) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  return (hash >>> 12) % 16 === 0;
}

/** An invented lower-case word of one to three syllables from the world's share of the stems. */
export function inventWord(world: World): string {
  const { random } = world;
  for (;;) {
    const syllables = random.pick([1, 2, 2, 2, 2, 3, 3]);
    let stem = '';
    for (let i = 0; i < syllables; i++) {
      stem += random.pick(random.chance(0.75) ? simpleOnsets : doubleOnsets) + random.pick(vowels);
      if (i === syllables - 1 || random.chance(0.2)) stem += random.pick(codas);
    }
    if (stem.length >= 3 && stem.length <= 11 && isReserved(stem) === world.heldOut) return stem;
  }
}

/** Three to five random capital letters, such as `ZORP`. */
export function inventLetters(world: World): string {
  const { random } = world;
  for (;;) {
    const word = random.chance(0.5) ? inventWord(world).slice(0, 4) : '';
    const stem =
      word || Array.from({ length: random.between(2, 4) }, () => random.pick([...letters])).join('');
    if (stem.length >= 2 && isReserved(stem) === world.heldOut) return stem.toUpperCase();
  }
}

/** A code of letters and digits, such as `ZORP-311`, `KX 204` or `B-7719`. */
export function inventCode(world: World): string {
  const { random } = world;
  const digits = String(random.between(10, random.pick([99, 999, 9999])));
  return `${inventLetters(world)}${random.pick(['-', '-', '-', ' ', ''])}${digits}`;
}

export const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const inventName = (world: World): string => capitalised(inventWord(world));

type Maker = (world: World) => string;

const inventedMakers: Record<EntityKind, readonly Maker[]> = {
  person: [
    inventName,
    (w) => `${inventName(w)} ${inventName(w)}`,
    (w) => `${inventName(w)} ${inventName(w)}`,
    (w) => `${w.random.pick(firstNames)} ${inventName(w)}`,
    (w) => `${w.random.pick(['Mr.', 'Mrs.', 'Ms.', 'Dr.'])} ${inventName(w)}`,
  ],
  product: [
    inventCode,
    inventName,
    (w) => `${inventName(w)} ${w.random.pick(productSuffixes)}`,
    (w) => `${inventName(w)} ${w.random.between(2, 900)}`,
    (w) => `${inventName(w)} ${w.random.pick(productSuffixes)} ${w.random.between(2, 99)}`,
    (w) => `${inventName(w)} ${w.random.pick(productNouns)}`,
    (w) => `${inventName(w)} ${inventName(w)}`,
  ],
  place: [
    inventName,
    inventName,
    (w) => `${inventName(w)} ${w.random.pick(placeEndings)}`,
    (w) => `${w.random.pick(placeStarts)} ${inventName(w)}`,
  ],
  company: [
    inventName,
    (w) => `${inventName(w)} ${w.random.pick(companyEndings)}`,
    (w) => `${inventName(w)} ${inventName(w)}`,
  ],
  event: [(w) => `${inventName(w)} ${w.random.pick(eventNouns)}`],
};

const everydayMakers: Record<EntityKind, Maker> = {
  person: (w) => w.random.pick(firstNames) + (w.random.chance(0.5) ? ` ${w.random.pick(lastNames)}` : ''),
  product: (w) => `${w.random.pick(materials)} ${w.random.pick(things)}`,
  place: (w) => w.random.pick(cities),
  company: (w) => `${w.random.pick(lastNames)} ${w.random.pick(companyEndings)}`,
  event: (w) => `${capitalised(w.random.pick(outdoorPlaces))} ${w.random.pick(eventNouns)}`,
};

/** A name of the given kind: invented with the world's probability, otherwise an everyday one. */
export function makeName(world: World, kind: EntityKind): string {
  if (!world.random.chance(world.invented)) return everydayMakers[kind](world);
  return world.random.pick(inventedMakers[kind])(world);
}

/** Somebody or something new. */
export function makeEntity(world: World, kind: EntityKind): Entity {
  const pronoun = kind === 'person' ? world.random.pick(['he', 'she'] as const) : 'it';
  return { kind, name: makeName(world, kind), article: kind === 'product' || kind === 'event', pronoun };
}

/** How a sentence names it: "the ZORP-311", "Miro Tasken". */
export const mention = (entity: Entity): string => (entity.article ? `the ${entity.name}` : entity.name);

/** An invented word, or an everyday thing. */
export function thingWord(world: World): string {
  return world.random.chance(world.invented) ? inventWord(world) : world.random.pick(things);
}
