// The values that facts hold: prices, dates, sizes, numbers and the names of other things.

import { inventCode, inventWord, makeName, type World } from './invent.ts';
import { animals, colours, foods, hobbies, jobs, materials, months, roomWords, weekdays } from './words.ts';

export type Value = (world: World) => string;

const oneOf =
  (list: readonly string[]): Value =>
  (world) =>
    world.random.pick(list);

/** An everyday word, or in part of the texts an invented one in its place. */
const wordOf =
  (list: readonly string[]): Value =>
  (world) =>
    world.random.chance(world.invented * 0.35) ? inventWord(world) : world.random.pick(list);

const counted =
  (low: number, high: number, unit: string): Value =>
  (world) =>
    `${world.random.between(low, world.random.chance(0.5) ? high : low + Math.ceil((high - low) / 10))} ${unit}`;

export const person: Value = (world) => makeName(world, 'person');
export const product: Value = (world) => makeName(world, 'product');
export const place: Value = (world) => makeName(world, 'place');
export const company: Value = (world) => makeName(world, 'company');
export const code: Value = inventCode;
export const colour = wordOf(colours);
export const animal = wordOf(animals);
export const food = wordOf(foods);
export const hobby = oneOf(hobbies);
export const job = wordOf(jobs);
export const material = wordOf(materials);
export const room = oneOf(roomWords);
export const weekday = oneOf(weekdays);
export const age = counted(4, 90, 'years');
export const years = counted(2, 12, 'years');
export const hours = counted(2, 72, 'hours');
export const people = counted(3, 9000, 'people');
export const distance = counted(2, 900, 'kilometres');
export const length = counted(2, 200, 'metres');
export const year: Value = (world) => String(world.random.between(1700, 2040));
export const number: Value = (world) => String(world.random.between(2, world.random.pick([12, 99, 999])));
export const phone: Value = (world) => String(world.random.between(1000, 99999));

export const price: Value = (world) => {
  const amount = world.random.between(2, world.random.pick([20, 99, 999]));
  const cents = world.random.chance(0.2) ? `.${world.random.pick(['50', '99', '25', '90'])}` : '';
  return world.random.pick([`${amount}${cents} euros`, `${amount}${cents} euros`, `$${amount}${cents}`]);
};

export const weight: Value = (world) => {
  const amount = world.random.between(1, world.random.pick([9, 60, 900]));
  if (amount > 60) return `${amount} grams`;
  return world.random.chance(0.4) ? `${amount}.${world.random.between(1, 9)} kg` : `${amount} kg`;
};

export const warranty: Value = (world) =>
  `${world.random.between(2, 48)} ${world.random.pick(['months', 'years'])}`;

export const time: Value = (world) => {
  const minutes = world.random.pick(['00', '15', '30', '45']);
  return `${world.random.between(6, 22)}:${minutes}`;
};

export const date: Value = (world) => `${world.random.between(1, 28)} ${world.random.pick(months)}`;
