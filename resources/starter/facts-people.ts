// Facts about people: where they live, what they do, like and own.

import type { FactWords } from './fact-type.ts';
import * as value from './values.ts';

export const personFacts: readonly FactWords[] = [
  {
    id: 'home',
    label: 'city',
    value: value.place,
    say: [
      '{e} lives in {v}.',
      '{e} has a house in {v}.',
      '{e} moved to {v} last year.',
      'The home of {e} is in {v}.',
    ],
    ask: [
      'Where does {e} live?',
      'In which town does {e} live?',
      'Where is the home of {e}?',
      'What is the city of {e}?',
    ],
    whose: ['Who lives in {v}?', 'Whose home is in {v}?'],
  },
  {
    id: 'job',
    label: 'job',
    value: value.job,
    say: ['{e} works as a {v}.', '{e} is a {v}.', 'The job of {e} is {v}.', '{e} earns money as a {v}.'],
    ask: [
      'What is the job of {e}?',
      "What is {e}'s job?",
      'What does {e} work as?',
      'Which job does {e} have?',
    ],
    whose: ['Who works as a {v}?', 'Who is the {v}?'],
  },
  {
    id: 'age',
    label: 'age',
    value: value.age,
    say: ['{e} is {v} old.', 'The age of {e} is {v}.', '{e} turned {v} old today.'],
    ask: ['How old is {e}?', 'What is the age of {e}?', "What is {e}'s age?"],
    whose: ['Who is {v} old?'],
  },
  {
    id: 'employer',
    label: 'company',
    value: value.company,
    say: [
      '{e} works at {v}.',
      '{e} has a job at {v}.',
      'The employer of {e} is {v}.',
      '{e} was hired by {v}.',
    ],
    ask: ['Where does {e} work?', 'Which company does {e} work for?', 'Who is the employer of {e}?'],
    whose: ['Who works at {v}?', 'Who has a job at {v}?'],
  },
  {
    id: 'pet',
    label: 'pet',
    value: value.animal,
    say: ['{e} has a {v}.', '{e} keeps a {v} at home.', 'The pet of {e} is a {v}.', '{e} owns a {v}.'],
    ask: [
      'Which animal does {e} have?',
      'What pet does {e} have?',
      'What is the pet of {e}?',
      'Which animal belongs to {e}?',
    ],
    whose: ['Who has a {v}?', 'Who owns the {v}?'],
  },
  {
    id: 'food',
    label: 'food',
    value: value.food,
    say: [
      '{e} likes {v} best.',
      'The favourite food of {e} is {v}.',
      '{e} eats {v} every day.',
      '{e} loves {v}.',
    ],
    ask: ['What does {e} like to eat?', 'What is the favourite food of {e}?', 'Which food does {e} like?'],
    whose: ['Who likes {v}?', 'Who eats {v}?'],
  },
  {
    id: 'hobby',
    label: 'hobby',
    value: value.hobby,
    say: ['{e} enjoys {v}.', 'The hobby of {e} is {v}.', '{e} spends the weekend {v}.'],
    ask: ['What is the hobby of {e}?', 'What does {e} enjoy?', "What is {e}'s hobby?"],
    whose: ['Who enjoys {v}?'],
  },
  {
    id: 'friend',
    label: 'friend',
    value: value.person,
    say: ['{e} is a friend of {v}.', 'The best friend of {e} is {v}.', '{e} often visits {v}.'],
    ask: ['Who is the friend of {e}?', "Who is {e}'s friend?", 'Who is the best friend of {e}?'],
  },
  {
    id: 'phone',
    label: 'phone',
    value: value.phone,
    say: [
      'The phone number of {e} is {v}.',
      "{e}'s phone number is {v}.",
      'Call {e} at {v}.',
      '{e} can be reached at {v}.',
    ],
    ask: ['What is the phone number of {e}?', 'Which number reaches {e}?', "What is {e}'s phone number?"],
    whose: ['Who has the phone number {v}?', 'Whose number is {v}?'],
  },
  {
    id: 'project',
    label: 'project',
    value: value.code,
    say: [
      '{e} leads the project {v}.',
      '{e} works on {v}.',
      'The project of {e} is called {v}.',
      '{e} is in charge of {v}.',
    ],
    ask: ['Which project does {e} lead?', 'What does {e} work on?', 'What is the project of {e}?'],
    whose: ['Who leads {v}?', 'Who works on {v}?', 'Who is in charge of {v}?'],
  },
  {
    id: 'bought',
    label: 'product',
    value: value.product,
    say: ['{e} bought the {v}.', '{e} ordered the {v}.', '{e} wants to buy the {v}.', '{e} has the {v}.'],
    ask: [
      'What did {e} buy?',
      'Which product does {e} have?',
      'What did {e} order?',
      'What is the product of {e}?',
    ],
    whose: ['Who bought the {v}?', 'Who ordered the {v}?'],
  },
];
