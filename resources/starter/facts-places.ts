// Facts about places, companies and events.

import type { FactWords } from './fact-type.ts';
import * as value from './values.ts';

export const placeFacts: readonly FactWords[] = [
  {
    id: 'mayor',
    label: 'mayor',
    value: value.person,
    say: ['The mayor of {e} is {v}.', '{v} is the mayor of {e}.', '{e} is led by {v}.'],
    ask: ['Who is the mayor of {e}?', 'Who leads {e}?', "Who is {e}'s mayor?"],
    whose: ['Where is {v} the mayor?', 'Which town is led by {v}?'],
  },
  {
    id: 'population',
    label: 'people',
    value: value.people,
    say: ['{v} live in {e}.', '{e} has {v}.', 'The town of {e} has {v}.'],
    ask: ['How many people live in {e}?', 'How big is {e}?', 'How many people does {e} have?'],
  },
  {
    id: 'river',
    label: 'river',
    value: value.place,
    say: ['{e} lies on the river {v}.', 'The river in {e} is called {v}.', 'The river {v} runs through {e}.'],
    ask: [
      'Which river runs through {e}?',
      'What is the river in {e} called?',
      'On which river does {e} lie?',
    ],
    whose: ['Which town lies on the river {v}?'],
  },
  {
    id: 'distance',
    label: 'distance',
    value: value.distance,
    say: [
      '{e} is {v} from the sea.',
      'From {e} to the sea it is {v}.',
      'The way from {e} to the sea is {v}.',
    ],
    ask: ['How far is {e} from the sea?', 'How far is it from {e} to the sea?'],
  },
  {
    id: 'famous',
    label: 'product',
    value: value.food,
    say: ['{e} is famous for {v}.', 'People visit {e} for the {v}.', '{e} is known for {v}.'],
    ask: ['What is {e} famous for?', 'What is {e} known for?', 'Why do people visit {e}?'],
    whose: ['Which town is famous for {v}?'],
  },
];

export const companyFacts: readonly FactWords[] = [
  {
    id: 'boss',
    label: 'boss',
    value: value.person,
    say: ['The boss of {e} is {v}.', '{v} runs {e}.', '{e} is run by {v}.', '{v} founded {e}.'],
    ask: ['Who is the boss of {e}?', 'Who runs {e}?', 'Who is the head of {e}?'],
    whose: ['Which company does {v} run?'],
  },
  {
    id: 'office',
    label: 'city',
    value: value.place,
    say: ['{e} has its office in {v}.', 'The office of {e} is in {v}.', '{e} is based in {v}.'],
    ask: ['Where is the office of {e}?', 'Where is {e} based?', 'In which city is {e}?'],
    whose: ['Which company is based in {v}?'],
  },
  {
    id: 'founded',
    label: 'year',
    value: value.year,
    say: ['{e} was founded in {v}.', '{e} started in {v}.', '{e} has existed since {v}.'],
    ask: ['When was {e} founded?', 'When did {e} start?', 'In which year was {e} founded?'],
  },
  {
    id: 'staff',
    label: 'staff',
    value: value.people,
    say: ['{v} work at {e}.', '{e} employs {v}.', 'The team of {e} has {v}.'],
    ask: ['How many people work at {e}?', 'How many people does {e} employ?', 'How big is the team of {e}?'],
  },
  {
    id: 'sells',
    label: 'product',
    value: value.product,
    say: ['{e} makes the {v}.', '{e} sells the {v}.', 'The best product of {e} is the {v}.'],
    ask: ['What does {e} make?', 'What does {e} sell?', 'What is the product of {e}?'],
    whose: ['Who makes the {v}?', 'Which company sells the {v}?'],
  },
  {
    id: 'opens',
    label: 'opening time',
    value: value.time,
    say: ['{e} opens at {v}.', 'The doors of {e} open at {v}.', '{e} is open from {v}.'],
    ask: ['When does {e} open?', 'At what time does {e} open?', 'From when is {e} open?'],
  },
];

export const eventFacts: readonly FactWords[] = [
  {
    id: 'day',
    label: 'day',
    value: value.weekday,
    say: ['{e} is on {v}.', '{e} takes place on {v}.', 'Come to {e} on {v}.'],
    ask: ['When is {e}?', 'On which day is {e}?', 'Which day does {e} take place?'],
  },
  {
    id: 'date',
    label: 'date',
    value: value.date,
    say: ['{e} begins on {v}.', 'The date of {e} is {v}.', '{e} starts on {v}.'],
    ask: ['When does {e} begin?', 'What is the date of {e}?', 'When does {e} start?'],
  },
  {
    id: 'venue',
    label: 'place',
    value: value.place,
    say: ['{e} takes place in {v}.', '{e} is held in {v}.', 'The place of {e} is {v}.'],
    ask: ['Where is {e}?', 'Where does {e} take place?', 'In which town is {e} held?'],
    whose: ['What takes place in {v}?'],
  },
  {
    id: 'ticket',
    label: 'ticket',
    value: value.price,
    say: ['A ticket for {e} costs {v}.', '{e} costs {v}.', 'The ticket price of {e} is {v}.'],
    ask: ['How much is a ticket for {e}?', 'What does {e} cost?', 'What is the ticket price of {e}?'],
  },
  {
    id: 'winner',
    label: 'winner',
    value: value.person,
    say: ['{v} won {e}.', 'The winner of {e} was {v}.', '{e} was won by {v}.'],
    ask: ['Who won {e}?', 'Who was the winner of {e}?', 'By whom was {e} won?'],
    whose: ['What did {v} win?'],
  },
];
