// The parts of README.md that the registries tell: commands, architectures with the stored cases that hold them to be exact,
// methods, and devices. `node main/bootstrap.mjs test/readme.ts` writes them between their markers; readme.test.ts compares.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { commands } from '../main/cli/index.ts';
import { optimizers } from '../main/compiler/optimizers/index.ts';
import { ScheduleKind, TrainSettings } from '../main/contract/runs.ts';
import { settingHelp } from '../main/handlers/setting-help.ts';
import { architectures } from '../main/models/index.ts';
import { keepsOnDevice } from '../main/training/session.ts';
import {
  FIELDS,
  OPTIMIZER_LABELS,
  PROVIDER_LABELS,
  SCHEDULE_LABELS,
} from '../renderer/screens/train/groups.ts';

export const readmeFile = join(import.meta.dirname, '..', 'README.md');

/** Names of the stored cases below test/reference by the `model_type` that they hold numbers of. */
export function storedCases(): Map<string, string[]> {
  const reference = join(import.meta.dirname, 'reference');
  const found = new Map<string, string[]>();
  for (const file of globSync('**/config.json', { cwd: reference }).sort()) {
    const { model_type: type } = z
      .looseObject({ model_type: z.string() })
      .parse(JSON.parse(readFileSync(join(reference, file), 'utf8')));
    found.set(type, [...(found.get(type) ?? []), basename(dirname(file))]);
  }
  return found;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

const learns = {
  causal: 'to continue texts and to answer',
  encoder: 'labels of texts and of words, numbers, masked words',
  seq2seq: 'one text from another',
} satisfies Record<(typeof architectures)[number]['task'], string>;

/** The command line, as its own overview lists it. */
function commandList(): string {
  const lines = commands.map(({ name, arguments: given, summary }) => [[name, ...given].join(' '), summary]);
  const width = Math.max(...lines.map(([left]) => left.length)) + 2;
  return ['```', ...lines.map(([left, right]) => `${left.padEnd(width)}${right}`), '```'].join('\n');
}

function architectureTable(): string {
  const cases = storedCases();
  const rows = architectures.flatMap(({ label, modelTypes, task, ggufNames }) =>
    modelTypes.map((type) => {
      const proof = cases.get(type);
      return [
        label,
        code([type]),
        learns[task],
        proof === undefined ? 'mapped, **unproven**' : `proven: ${proof.join(', ')}`,
        ggufNames === undefined ? '' : 'yes',
      ];
    }),
  );
  return table(['family', '`model_type`', 'learns', 'stored cases of transformers', 'GGUF'], rows);
}

/** Settings that are methods, in the order of the Train screen. */
const methods = [
  'method',
  'task',
  'startFrom',
  'lora.rslora',
  'lora.dora',
  'lora.plusRatio',
  'lora.rankPattern',
  'lora.alphaPattern',
  'lora.bias',
  'lora.modulesToSave',
  'quantization',
  'lastLayers',
  'freeze',
  'cut',
  'packing',
  'labelSmoothing',
  'neftuneAlpha',
  'precision',
  'recompute',
  'validationMetric',
  'patience',
  'minimumGain',
] as const;

function methodTable(): string {
  const rows = methods.map((path) => {
    const { label, help } = settingHelp[path];
    const kind = FIELDS.find((field) => field.path === path)?.kind;
    const choices = kind?.type === 'choice' ? kind.choices.map((choice) => choice.label).join('; ') : '';
    return [label, code([path]), choices, help];
  });
  const list = (labels: Record<string, string>, kinds: readonly string[]) =>
    kinds.map((kind) => labels[kind] ?? kind).join('; ');
  rows.push(
    [
      'Optimizer',
      code(['optimizer.kind']),
      list(OPTIMIZER_LABELS, Object.keys(optimizers)),
      settingHelp['optimizer.kind'].help,
    ],
    ['Schedule', code(['schedule']), list(SCHEDULE_LABELS, ScheduleKind.options), settingHelp.schedule.help],
  );
  return table(['method', 'setting', 'choices', 'what it does'], rows);
}

function deviceTable(): string {
  const rows = TrainSettings.shape.provider.options.map((provider) => [
    PROVIDER_LABELS[provider],
    code([provider]),
    provider === 'cpu'
      ? 'always there, and what others are compared with'
      : 'compared with the processor, operation by operation',
    provider === 'cpu' ? '' : keepsOnDevice(provider) ? 'stay on the device' : 'go to the device and back',
  ]);
  rows.push([
    'CoreML',
    '',
    'not offered: it compiles the weights into the model, so no step could change them',
    '',
  ]);
  return table(['device', 'setting', 'before it is used', 'trained numbers between steps'], rows);
}

export const readmeTables = {
  commands: commandList,
  architectures: architectureTable,
  methods: methodTable,
  devices: deviceTable,
};

/** The text with every table as the registries tell it now. */
export function withTables(text: string): string {
  return Object.entries(readmeTables).reduce((before, [name, make]) => {
    const [start, end] = [`<!-- table of ${name} -->`, `<!-- end of ${name} -->`];
    const [from, to] = [before.indexOf(start), before.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`README.md has no place between "${start}" and "${end}".`);
    return `${before.slice(0, from + start.length)}\n${make()}\n${before.slice(to)}`;
  }, text);
}

if (import.meta.main) writeFileSync(readmeFile, withTables(readFileSync(readmeFile, 'utf8')));
