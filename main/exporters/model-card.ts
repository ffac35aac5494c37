// README.md of an export, written from the lineage of the run: what it was made from, how, how it measures,
// and how to load it. The front matter is what the Hugging Face Hub reads. Leaves out what nobody knows.
import { z } from 'zod';
import type { Parity } from '../contract/exports.ts';
import { bitsOf, quantizationKinds } from '../models/quantize-blocks.ts';
import { taskTypeOf } from '../training/tasks/index.ts';
import type { Exporter, ExportSource } from './exporter.ts';

const Measured = z.object({ value: z.number(), low: z.number(), high: z.number() });

/** The parts of a lineage that a card tells; anything may be missing. */
const Lineage = z.looseObject({
  run: z
    .looseObject({ number: z.number(), name: z.string(), step: z.number(), bestStep: z.number().nullish() })
    .optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
  versions: z.record(z.string(), z.string()).optional(),
  model: z.looseObject({ name: z.string(), licence: z.string().nullish() }).optional(),
  dataset: z
    .looseObject({
      name: z.string(),
      number: z.number(),
      hash: z.string(),
      records: z.record(z.string(), z.number()).optional(),
      rights: z.array(z.looseObject({ source: z.string(), basis: z.string(), who: z.string() })).optional(),
    })
    .optional(),
  evaluation: z
    .looseObject({
      split: z.string(),
      records: z.number(),
      verdict: z.string().nullish(),
      results: z.array(
        z.looseObject({ label: z.string(), unit: z.string(), base: Measured, tuned: Measured }),
      ),
    })
    .optional(),
});
type Lineage = z.infer<typeof Lineage>;

const checked = 'After writing, the files were loaded again and compared with the model in the app.';

const lineageOf = (source: ExportSource): Lineage => Lineage.safeParse(source.lineage).data ?? {};

/** The base model's name as the user knows it. */
export function baseName(source: ExportSource): string {
  return lineageOf(source).model?.name ?? source.base.name;
}

export function modelCard(
  source: ExportSource,
  usage: string,
  parity: Parity,
  library: Exporter['library'],
): string {
  const lineage = lineageOf(source);
  const title =
    lineage.run === undefined ? `${baseName(source)}, tuned` : `${baseName(source)}, ${lineage.run.name}`;
  return [
    frontMatter(source, lineage, library),
    `# ${oneLine(title)}`,
    `Fine-tuned from ${oneLine(baseName(source))} with Tunesmith, on one computer.`,
    `## Load it\n\n${usage}`,
    dataPart(lineage),
    settingsPart(lineage, parity),
    evaluationPart(lineage),
    `## Check of these files\n\n${checked} ${parity.sentence}`,
    versionsPart(lineage),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n');
}

function frontMatter(source: ExportSource, { model }: Lineage, library: string): string {
  const lines = [
    `library_name: ${library}`,
    `pipeline_tag: ${taskTypeOf(source.tuned.model).pipeline}`,
    `base_model: ${JSON.stringify(baseName(source))}`,
    ...(model?.licence ? [`license: ${JSON.stringify(model.licence)}`] : []),
    `tags:\n- tunesmith${library === 'peft' ? '\n- lora' : ''}`,
  ];
  return `---\n${lines.join('\n')}\n---`;
}

function dataPart({ dataset }: Lineage): string {
  if (dataset === undefined) return '';
  const counts = Object.entries(dataset.records ?? {}).map(([split, count]) => `${count} ${split}`);
  const rights = (dataset.rights ?? []).map(
    ({ source, basis, who }) => `| ${cell(source)} | ${cell(basis)} | ${cell(who)} |`,
  );
  return [
    '## Training data',
    `Dataset version ${dataset.number}, “${oneLine(dataset.name)}”: ${counts.join(', ')} records.`,
    `SHA-256 of the records: \`${dataset.hash}\``,
    ...(rights.length === 0
      ? []
      : [`| source | basis for use | attested by |\n| --- | --- | --- |\n${rights.join('\n')}`]),
  ].join('\n\n');
}

function settingsPart({ run, settings }: Lineage, parity: Parity): string {
  if (settings === undefined) return '';
  const rows = flat(settings).map(
    ([name, value]) => `| ${name} | ${cell(value === null ? 'not set' : String(value))} |`,
  );
  const step = run === undefined ? '' : ` Step ${run.bestStep ?? run.step} of run ${run.number}.`;
  const table = `| setting | value |\n| --- | --- |\n${rows.join('\n')}`;
  return `## Settings\n\nThe complete recipe.${step}${quantizedBase(settings, parity)}\n\n${table}`;
}

/** What a base in few bits means for these files; nothing for a run on the weights as they are. */
function quantizedBase({ quantization }: Record<string, unknown>, { overBases }: Parity): string {
  const kind = quantizationKinds.find((one) => one === quantization);
  if (kind === undefined) return '';
  const means =
    overBases?.sentence ??
    'These files hold or need its original weights, so answers can differ a little from those on the base in few bits.';
  return `\n\nWhile training, the linear layers of the frozen base were kept in ${bitsOf[kind]}. ${means}`;
}

/** Nested settings as `lora.rank`. */
function flat(value: Record<string, unknown>, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]): [string, unknown][] =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? flat(inner as Record<string, unknown>, `${prefix}${name}.`)
      : [[`${prefix}${name}`, Array.isArray(inner) ? inner.join(', ') : inner]],
  );
}

function evaluationPart({ evaluation }: Lineage): string {
  if (evaluation === undefined) return '';
  const { verdict } = evaluation;
  const shown = ({ value, low, high }: z.infer<typeof Measured>) =>
    `${value.toPrecision(4)} (${low.toPrecision(4)} to ${high.toPrecision(4)})`;
  const rows = evaluation.results.map(
    ({ label, unit, base, tuned }) => `| ${cell(label)} | ${cell(unit)} | ${shown(base)} | ${shown(tuned)} |`,
  );
  return [
    '## Measured',
    `On ${evaluation.records} ${evaluation.split} records, with 95 % intervals. ${verdict ?? ''}`.trimEnd(),
    `| measure | unit | base | tuned |\n| --- | --- | --- | --- |\n${rows.join('\n')}`,
  ].join('\n\n');
}

function versionsPart({ versions }: Lineage): string {
  if (versions === undefined) return '';
  const rows = Object.entries(versions).map(([name, value]) => `| ${name} | ${cell(value)} |`);
  return `## Versions\n\n| what | version |\n| --- | --- |\n${rows.join('\n')}`;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** A table cell: no line end, no bar that would begin another one. */
const cell = (text: string): string => oneLine(text).replaceAll('|', '\\|');
