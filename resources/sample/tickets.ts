// The service team's ticket log: one line a repair, written from the same products as everything else.

import { randomFrom } from '../starter/random.ts';
import { products } from './company.ts';

export interface Ticket {
  ticket: string;
  /** Date as year-month-day. */
  opened: string;
  product: string;
  city: string;
  note: string;
  state: 'open' | 'waiting' | 'closed';
}

const notes = [
  'Cable replaced, tested for ten minutes.',
  'Switch was loose. Tightened and sent back.',
  'No fault found. Sent back with a cleaning guide.',
  'Waiting for a spare part from the factory.',
  'Customer did not pay the repair, device kept in store.',
  'New device sent under warranty.',
  'Motor cleaned and oiled.',
  'Display replaced.',
  'Water in the housing. Warranty does not apply.',
  'Fuse changed, tested with the long programme.',
];

const cities = [
  'Orlbridge',
  'Vesthaven',
  'Tarnby',
  'Kolmar Bay',
  'Nettelby',
  'Port Senn',
  'Hallsund',
  'Asterloo',
];

/** 80 tickets of one half-year, in the order in which they were opened. */
export function makeTickets(): Ticket[] {
  const random = randomFrom(8807);
  let day = Date.UTC(2024, 0, 8);
  return Array.from({ length: 80 }, (_, i) => {
    day += random.between(1, 3) * 24 * 3600 * 1000;
    return {
      ticket: `F-${2401 + i}`,
      opened: new Date(day).toISOString().slice(0, 10),
      product: random.pick(products).name,
      city: random.pick(cities),
      note: random.pick(notes),
      state: random.pick(['closed', 'closed', 'closed', 'waiting', 'open'] as const),
    };
  });
}
