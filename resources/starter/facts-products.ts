// Facts about products: price, colour, weight, warranty, maker, contact.

import type { FactWords } from './fact-type.ts';
import * as value from './values.ts';

export const productFacts: readonly FactWords[] = [
  {
    id: 'price',
    label: 'price',
    value: value.price,
    say: ['{e} costs {v}.', 'The price of {e} is {v}.', '{e} is sold for {v}.', 'You pay {v} for {e}.'],
    ask: ['How much is {e}?', 'What does {e} cost?', 'What is the price of {e}?', 'How much does {e} cost?'],
    whose: ['What costs {v}?', 'Which product costs {v}?'],
  },
  {
    id: 'colour',
    label: 'colour',
    value: value.colour,
    say: ['{e} is {v}.', 'The colour of {e} is {v}.', '{e} comes in {v}.', '{e} is painted {v}.'],
    ask: ['What colour is {e}?', 'What is the colour of {e}?', 'Which colour does {e} have?'],
    whose: ['Which product is {v}?', 'What is {v}?'],
  },
  {
    id: 'weight',
    label: 'weight',
    value: value.weight,
    say: ['{e} weighs {v}.', 'The weight of {e} is {v}.', '{e} has a weight of {v}.'],
    ask: ['How much does {e} weigh?', 'What is the weight of {e}?', 'How heavy is {e}?'],
    whose: ['What weighs {v}?', 'Which product weighs {v}?'],
  },
  {
    id: 'warranty',
    label: 'warranty',
    value: value.warranty,
    say: ['{e} has a warranty of {v}.', 'The warranty of {e} is {v}.', '{e} comes with a warranty of {v}.'],
    ask: [
      'How long is the warranty of {e}?',
      'What is the warranty of {e}?',
      'Which warranty does {e} have?',
    ],
  },
  {
    id: 'origin',
    label: 'origin',
    value: value.place,
    say: [
      '{e} is made in {v}.',
      '{e} comes from {v}.',
      'The factory of {e} is in {v}.',
      '{e} is built in {v}.',
    ],
    ask: [
      'Where is {e} made?',
      'Where does {e} come from?',
      'In which city is {e} built?',
      'Where is {e} built?',
    ],
    whose: ['What is made in {v}?', 'Which product comes from {v}?'],
  },
  {
    id: 'manager',
    label: 'contact',
    value: value.person,
    say: [
      '{v} is responsible for {e}.',
      '{v} takes care of {e}.',
      'The contact for {e} is {v}.',
      '{e} was designed by {v}.',
    ],
    ask: [
      'Who is responsible for {e}?',
      'Who takes care of {e}?',
      'Who is the contact for {e}?',
      'Who looks after {e}?',
    ],
    whose: ['What is {v} responsible for?', 'Which product does {v} take care of?'],
  },
  {
    id: 'maker',
    label: 'maker',
    value: value.company,
    say: ['{e} is made by {v}.', '{v} makes {e}.', 'The maker of {e} is {v}.', '{v} sells {e}.'],
    ask: ['Who makes {e}?', 'Which company makes {e}?', 'Who is the maker of {e}?'],
    whose: ['What does {v} make?', 'Which product is made by {v}?'],
  },
  {
    id: 'material',
    label: 'material',
    value: value.material,
    say: ['{e} is made of {v}.', 'The material of {e} is {v}.', '{e} consists of {v}.'],
    ask: ['What is {e} made of?', 'Which material is {e} made of?', 'What is the material of {e}?'],
    whose: ['What is made of {v}?'],
  },
  {
    id: 'battery',
    label: 'battery',
    value: value.hours,
    say: ['The battery of {e} lasts {v}.', '{e} runs for {v}.', '{e} works for {v} on one charge.'],
    ask: [
      'How long does the battery of {e} last?',
      'How long does {e} run?',
      'What is the battery life of {e}?',
    ],
  },
  {
    id: 'number',
    label: 'item number',
    value: value.code,
    say: ['The item number of {e} is {v}.', '{e} has the item number {v}.', '{e} is listed as {v}.'],
    ask: ['What is the item number of {e}?', 'Which item number does {e} have?', 'What is the code of {e}?'],
    whose: ['Which product has the item number {v}?', 'What is listed as {v}?'],
  },
  {
    id: 'place',
    label: 'place',
    value: value.room,
    say: ['{e} is in the {v}.', '{e} stands in the {v}.', 'You find {e} in the {v}.'],
    ask: ['Where is {e}?', 'In which room is {e}?', 'Where can I find {e}?'],
    whose: ['What is in the {v}?'],
  },
];
