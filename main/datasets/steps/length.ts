// Length filter: removes passages that are too short or too long, counted in characters.
import { z } from 'zod';
import { filterPassages, passageText } from '../passage.ts';
import { defineStep } from './step.ts';

export const length = defineStep({
  id: 'length',
  label: 'Length',
  description: 'Removes passages that are shorter or longer than you want.',
  defaultEnabled: false,
  Options: z.object({
    least: z.int().min(0).default(20).meta({ title: 'Least characters' }),
    most: z.int().min(1).default(1_000_000).meta({ title: 'Most characters' }),
  }),
  apply: (passages, options) =>
    filterPassages(passages, (passage) => {
      const characters = passageText(passage).trim().length;
      return characters >= options.least && characters <= options.most;
    }),
});
