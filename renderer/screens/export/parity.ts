// What is said about an export: not yet, writing, the same, differs (how far), failed. Pure.
import type { Export, Parity } from '../../../main/contract/exports.ts';
import { integer, learningRate, percent } from '../../components/format.ts';

export interface ParityWords {
  tone: 'none' | 'busy' | 'good' | 'warning' | 'bad';
  title: string;
  detail: string;
}

export function parityWords(found: Export | undefined): ParityWords {
  if (!found) return { tone: 'none', title: 'Not exported yet', detail: 'Nothing is written so far.' };
  switch (found.state) {
    case 'queued':
      return { tone: 'busy', title: 'Waits', detail: 'It starts when the work before it is done.' };
    case 'running':
      return { tone: 'busy', title: 'Writing and comparing', detail: 'You can leave this screen.' };
    case 'cancelled':
      return { tone: 'none', title: 'Cancelled', detail: 'Nothing was kept.' };
    case 'failed':
      return { tone: 'bad', title: 'Failed', detail: found.error?.message ?? 'No reason was given.' };
    case 'finished':
      return finishedWords(found);
  }
}

function finishedWords({ parity }: Export): ParityWords {
  if (!parity)
    return { tone: 'warning', title: 'Not compared', detail: 'The files were written but not loaded again.' };
  const within = logitWords(parity.maxLogitDifference);
  const tokens = `${percent(parity.topTokenAgreement)} of ${integer(parity.positions)} tokens`;
  return parity.same
    ? { tone: 'good', title: 'The same', detail: `${tokens}, ${within}` }
    : { tone: 'warning', title: 'Differs', detail: `${tokens}, ${within}` };
}

function logitWords(difference: number): string {
  return difference === 0 ? 'logits equal' : `logits within ${differenceText(difference)}`;
}

const bits = { int8: '8 bits (INT8)', int4: '4 bits (INT4)', nf4: '4 bits (NF4)' } as const;

/** How the files of a run over a base in few bits stand to the model over either base; empty for others. */
export function basesFacts({ overBases, positions }: Parity): { name: string; value: string }[] {
  if (!overBases) return [];
  const { holds, kind, original, quantized } = overBases;
  const told = ({ topTokenAgreement, maxLogitDifference }: typeof original) =>
    `${percent(topTokenAgreement)} of ${integer(positions)}, ${logitWords(maxLogitDifference)}`;
  const named = { original: 'original weights', quantized: `base in ${bits[kind]}` };
  return [
    { name: 'Base used', value: named[holds] },
    { name: 'To original weights', value: told(original) },
    { name: `As trained, ${bits[kind]}`, value: told(quantized) },
  ];
}

/** "2.1e-6" for a small difference, "0.021" for a large one, "0" when bit-equal. */
export function differenceText(value: number): string {
  if (value === 0) return '0';
  return value < 0.001 ? learningRate(value) : String(Number(value.toPrecision(2)));
}

/** The newest export of each format for one run. */
export function newestByFormat(exports: readonly Export[], runId: string): Map<string, Export> {
  const newest = new Map<string, Export>();
  for (const one of exports) {
    if (one.runId !== runId) continue;
    const known = newest.get(one.format);
    if (!known || one.createdAt > known.createdAt) newest.set(one.format, one);
  }
  return newest;
}
