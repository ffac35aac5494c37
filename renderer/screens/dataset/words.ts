// The words and small computations of the Dataset screen. No React.
import type {
  DatasetRecipe,
  DatasetRecord,
  DatasetReport,
  DatasetVersion,
  RoleChoices,
  RoleRefusal,
  Shape,
} from '../../../main/contract/datasets.ts';
import { percent, plural } from '../../components/format.ts';

export const shapeWords: Record<Shape['type'], { label: string; help: string }> = {
  completion: { label: 'Prompt and completion', help: 'A prompt is shown, and its completion is learned.' },
  chat: {
    label: 'Question and answer',
    help: 'A chat: the assistant’s answer is learned, the question is not.',
  },
  messages: {
    label: 'Whole conversations',
    help: 'A column holds lists of messages; every assistant turn is learned.',
  },
  chunks: { label: 'Running text', help: 'Text cut into pieces of equal length; every token is learned.' },
  labelled: {
    label: 'Text with a label',
    help: 'For classification: the label is learned from the text, or from two texts side by side. For labels of words, it is the text with marks such as [Anna](PER), or one tag a word.',
  },
  preference: { label: 'Preference pairs', help: 'A chosen and a rejected answer to one prompt.' },
};

export const recordWords: Record<DatasetVersion['recordType'], string> = {
  text: 'running text',
  completion: 'prompt and completion',
  chat: 'chat',
  labelled: 'labelled text',
  preference: 'preference pairs',
};

export const tabs = ['clean', 'shape', 'records', 'splits', 'checks'] as const;
export type Tab = (typeof tabs)[number];

export function splitWords(split: DatasetRecipe['split']): string {
  if (split.column) return `by ${split.column}`;
  const part = (share: number) => String(Math.round(share * 1000) / 10);
  return `${part(1 - split.validation - split.test)} / ${part(split.validation)} / ${part(split.test)}${' '}%`;
}

export function totalRecords(report: DatasetReport): number {
  const { train, validation, test } = report.records;
  return train + validation + test;
}

/** Passages left after the last step. */
export function keptPassages(report: DatasetReport): number {
  return report.steps.at(-1)?.after ?? report.passages;
}

/** What stops a draft from being frozen; null when nothing does. */
export function whatBlocks(report: DatasetReport | null, working: boolean): string | null {
  if (!report)
    return working ? 'The steps are running. Wait for their result.' : 'The draft has not been built yet.';
  const { train } = report.records;
  if (totalRecords(report) === 0) return 'The draft has no records. Change its steps or its shape.';
  if (train === 0) return 'All records went into validation and test. Lower their shares.';
  return null;
}

/** A sentence about records that are too few to measure with; null when there are enough. */
export function fewRecords(report: DatasetReport): string | null {
  const { train, test } = report.records;
  if (train > 0 && train < 50)
    return `Only ${train} records are for training. A model learns little from fewer than 50.`;
  if (test > 0 && test < 30)
    return `Only ${test} records are for testing. A difference must be large to be told from chance.`;
  return null;
}

/** Share of passages that a step takes away, when it is more than half; else null. */
export function largeRemoval(step: DatasetReport['steps'][number]): string | null {
  if (step.before === 0 || step.removed / step.before <= 0.5) return null;
  return `This step removes ${percent(step.removed / step.before)} of the passages that reach it.`;
}

const refusalWords: Record<RoleRefusal['reason'], (count: number) => string> = {
  'no-system-role': (count) =>
    `${plural(count, 'record')}: the chat template of this model has no system role.`,
  'roles-do-not-alternate': (count) =>
    `${plural(count, 'record')}: the roles do not alternate as the chat template of this model wants.`,
  other: (count) =>
    `${plural(count, 'record is', 'records are')} refused by the chat template of this model.`,
};

/** Records that a chat template refuses, with its own words. */
export function refusalSentence({ reason, count, sentence }: RoleRefusal): string {
  return `${refusalWords[reason](count)} It says: ${sentence}`;
}

/** A choice of roles that can be made with one click. */
export interface RoleOffer {
  label: string;
  roles: Partial<RoleChoices>;
}

/** What can be done about a refusal, with how many records each choice concerns. */
export function roleOffers({ reason, count, repairs }: RoleRefusal): RoleOffer[] {
  const offers: RoleOffer[] = repairs.map(({ steps, count: helped }) => {
    const merges = steps.includes('merge-system');
    const joins = steps.includes('join-turns');
    const what = merges
      ? `Merge the system text into the first question${joins ? ', and join turns' : ''}`
      : 'Join successive turns';
    return {
      label: `${what} (${helped})`,
      roles: { ...(merges && { system: 'merge' }), ...(joins && { turns: 'join' }) },
    };
  });
  if (reason === 'no-system-role')
    offers.push({ label: `Leave out (${count})`, roles: { system: 'leave-out' } });
  if (reason === 'roles-do-not-alternate')
    offers.push({ label: `Leave out (${count})`, roles: { turns: 'leave-out' } });
  return offers;
}

/** The recipe with other choices of roles; what they do not name stays. */
export function withRoles(recipe: DatasetRecipe, roles: Partial<RoleChoices>): DatasetRecipe {
  return { ...recipe, roles: { system: 'keep', turns: 'keep', ...recipe.roles, ...roles } };
}

/** What the choices of roles did to the records; null when nothing. */
export function rolesDone({ roles }: DatasetReport): string | null {
  if (!roles) return null;
  const parts = [
    ...(roles.merged > 0
      ? [
          `${plural(roles.merged, 'record has its', 'records have their')} system text in front of the first question`,
        ]
      : []),
    ...(roles.joined > 0
      ? [`${plural(roles.joined, 'record has', 'records have')} successive turns joined`]
      : []),
    ...(roles.leftOut > 0
      ? [`${plural(roles.leftOut, 'record is', 'records are')} left out for the roles`]
      : []),
  ];
  return `As chosen under Shape: ${parts.join('; ')}.`;
}

/** Fills a template as the builder does: `{name}` is a column, `{{` and `}}` are braces. */
export function fillTemplate(template: string, row: Record<string, string>): string {
  return template.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (match, name: string | undefined) => {
    if (match === '{{') return '{';
    if (match === '}}') return '}';
    return row[name ?? ''] ?? match;
  });
}

/** Columns that a template names and the sources do not have. */
export function unknownColumns(template: string, columns: string[]): string[] {
  const named = [
    ...template
      .replaceAll('{{', '')
      .replaceAll('}}', '')
      .matchAll(/\{([^{}]*)\}/g),
  ].map((match) => match[1]);
  return [...new Set(named)].filter((name) => !columns.includes(name));
}

/** The parts of a record in reading order, as role and text. */
export function recordParts({ content }: DatasetRecord): { role: string; text: string; learned: boolean }[] {
  switch (content.type) {
    case 'text':
      return [{ role: 'Text', text: content.text, learned: true }];
    case 'completion':
      return [
        { role: 'Prompt', text: content.prompt, learned: false },
        { role: 'Completion', text: content.completion, learned: true },
      ];
    case 'chat':
      return content.messages.map(({ role, content: text }) => ({
        role,
        text,
        learned: role === 'assistant',
      }));
    case 'labelled':
      return [
        { role: 'Text', text: content.text, learned: false },
        ...(content.pair ? [{ role: 'Second text', text: content.pair, learned: false }] : []),
        { role: 'Label', text: content.label, learned: true },
      ];
    case 'preference':
      return [
        ...content.messages.map(({ role, content: text }) => ({ role, text, learned: false })),
        { role: 'Chosen', text: content.chosen, learned: true },
        { role: 'Rejected', text: content.rejected, learned: false },
      ];
  }
}

export function recordPlace(record: DatasetRecord): string {
  const from = record.provenance[0];
  if (!from) return 'Written by hand';
  return from.place ? `${from.sourceName}, ${from.place}` : from.sourceName;
}
