// Builds a dataset: parts -> passages -> cleaning steps -> records -> split -> report and hash. A plain
// function over plain data: no files, no process, no tokenizer of its own. The same input gives the same
// records and hash.
import type {
  DatasetRecipe,
  DatasetRecord,
  DatasetReport,
  RecordContent,
  Repair,
  StepReport,
} from '../contract/datasets.ts';
import type { Provenance } from '../contract/documents.ts';
import { AppError } from '../errors.ts';
import { chunkText, type EncodeBatch } from './chunk.ts';
import { joinPassages, provenanceOf, sectionsOf } from './document.ts';
import { type Passage, placeOf } from './passage.ts';
import { createProblems, type Problems } from './problems.ts';
import { contentHash, datasetHash } from './record.ts';
import { reportOf } from './report.ts';
import { checkColumns, type LoadedSource, passagesOf, recordOf, recordTypeOf } from './shape.ts';
import { type Draft, splitRecords } from './split.ts';
import { stepById } from './steps/index.ts';
import { chosenTurns, type TurnCounts } from './turns.ts';

export interface BuildResult {
  records: DatasetRecord[];
  report: DatasetReport;
  /** SHA-256 over content and split of the records in order. */
  hash: string;
  recordType: RecordContent['type'];
}

export interface BuildHooks {
  /** Called between units of work: what is done now, 0 to 1. */
  onProgress?(position: string, progress: number): void;
  signal?: AbortSignal;
  /** Resolves at once unless the job is paused. */
  unlessPaused?(): Promise<void>;
}

interface RecordDraft extends Draft {
  provenance: Provenance[];
  repaired?: Repair[];
}

/**
 * Fewer documents than this are cut into sections for the split, since whole ones would leave a split
 * empty.
 */
const fewDocuments = 5;
const sectionsEach = 20;

/**
 * @param encode counts tokens for chunks; only called for that shape.
 * @throws AppError `column-missing`, `template-broken`, `step-unknown`, `no-passages`, `no-records`,
 *   `stopped`.
 */
export async function buildDataset(
  recipe: DatasetRecipe,
  sources: LoadedSource[],
  encode: EncodeBatch,
  hooks: BuildHooks = {},
): Promise<BuildResult> {
  const problems = createProblems();
  const tell = async (position: string, progress: number) => {
    if (hooks.signal?.aborted)
      throw new AppError('stopped', 'Building the dataset was stopped.', 'Start it again.');
    hooks.onProgress?.(position, progress);
    await hooks.unlessPaused?.();
  };
  checkColumns(sources, recipe.shape, recipe.split);
  let passages: Passage[] = [];
  for (const [at, source] of sources.entries()) {
    await tell(`reading "${source.name}"`, (0.2 * at) / sources.length);
    for await (const passage of passagesOf(source, recipe.shape, recipe.split, problems))
      passages.push(passage);
  }
  const before = passages.length;
  if (before === 0) throw noRecords(problems.sentences());

  const stepReports: StepReport[] = [];
  const enabled = recipe.steps.filter((step) => step.enabled);
  for (const [at, { id, options }] of enabled.entries()) {
    const step = stepById(id);
    await tell(`cleaning: ${step.label.toLowerCase()}`, 0.2 + (0.3 * at) / enabled.length);
    const count = passages.length;
    const result = await step.apply(passages, options);
    passages = result.passages;
    const { removed, changed, samples } = result;
    stepReports.push({
      id,
      label: step.label,
      before: count,
      after: passages.length,
      removed,
      changed,
      samples,
    });
  }

  const made: RecordDraft[] = [];
  const work = unitsOfWork(passages, recipe, problems);
  for (const [at, unit] of work.entries()) {
    if (at % 200 === 0 || !unit.passages[0].isRow) {
      await tell(`making records from "${unit.passages[0].sourceName}"`, 0.5 + (0.4 * at) / work.length);
    }
    made.push(...(await draftsOf(unit, recipe, encode, problems)));
  }
  if (made.length === 0) throw noRecords(problems.sentences());
  const roles = { merged: 0, joined: 0, leftOut: 0 };
  const drafts = withTurns(made, recipe, roles);
  if (drafts.length === 0) throw allLeftOut(made.length);
  await tell('splitting', 0.9);
  const { splits, leaks } = splitRecords(drafts, recipe.split, problems);
  const records = withIds(drafts, splits);
  const counted = reportOf(before, stepReports, records, leaks, problems.sentences());
  const report = Object.values(roles).some((times) => times > 0) ? { ...counted, roles } : counted;
  return { records, report, hash: datasetHash(records), recordType: recordTypeOf(recipe.shape) };
}

/** Passages that become records together: one row, or a document (or a section of it). */
interface Unit {
  passages: Passage[];
  group: string;
  /** Whether the document ends with this unit. */
  isLast: boolean;
}

function unitsOfWork(passages: Passage[], recipe: DatasetRecipe, problems: Problems): Unit[] {
  const documents = new Map<string, Passage[]>();
  for (const passage of passages) {
    if (passage.isRow) continue;
    const known = documents.get(passage.sourceId);
    if (known === undefined) documents.set(passage.sourceId, [passage]);
    else known.push(passage);
  }
  const { validation, test, column } = recipe.split;
  const isFew =
    documents.size > 0 && documents.size < fewDocuments && validation + test > 0 && column === null;
  const onlyProse = passages.every((passage) => !passage.isRow);
  const units: Unit[] = [];
  const done = new Set<string>();
  for (const passage of passages) {
    if (passage.isRow) {
      const group = passage.group ? passage.group : placeOf(passage);
      units.push({ passages: [passage], group, isLast: true });
      continue;
    }
    if (done.has(passage.sourceId)) continue;
    done.add(passage.sourceId);
    const whole = documents.get(passage.sourceId) ?? [];
    const sections = isFew && onlyProse ? sectionsOf(whole, sectionsEach) : [whole];
    for (const [at, section] of sections.entries()) {
      const group = sections.length === 1 ? passage.sourceName : `${passage.sourceName}, section ${at + 1}`;
      units.push({ passages: section, group, isLast: at === sections.length - 1 });
    }
  }
  if (isFew && onlyProse) {
    const many = documents.size === 1 ? '1 document is' : `${documents.size} documents are`;
    problems.say(
      `${many} too few to split whole, so sections of ${documents.size === 1 ? 'it' : 'them'} are split.`,
    );
  }
  return units;
}

async function draftsOf(
  unit: Unit,
  recipe: DatasetRecipe,
  encode: EncodeBatch,
  problems: Problems,
): Promise<RecordDraft[]> {
  const [first] = unit.passages;
  const common = { group: unit.group, split: first.split, place: placeOf(first) };
  const { shape } = recipe;
  if (shape.type !== 'chunks') {
    const content = recordOf(first, shape, problems);
    if (content === null) return [];
    const { sourceId, sourceName, place, start, end } = first;
    return [{ ...common, content, provenance: [{ sourceId, sourceName, place, start, end }] }];
  }
  const running = joinPassages(
    first.isRow ? [{ ...first, fields: { text: rowTextOf(first) } }] : unit.passages,
  );
  const chunks = await chunkText(running.text, shape, encode);
  return chunks.map(({ start, end }, at) => {
    const complete = at === chunks.length - 1 && unit.isLast && first.isComplete;
    const content: RecordContent = { type: 'text', text: running.text.slice(start, end), complete };
    return { ...common, content, provenance: provenanceOf(running, start, end) };
  });
}

function rowTextOf(passage: Passage): string {
  return passage.fields.text ?? '';
}

/** Ids come from the content, so that a record keeps its id from version to version; twins are numbered. */
function withIds(drafts: RecordDraft[], splits: DatasetRecord['split'][]): DatasetRecord[] {
  const times = new Map<string, number>();
  return drafts.map(({ content, provenance, group, repaired }, at) => {
    const base = contentHash(content).slice(0, 16);
    const time = (times.get(base) ?? 0) + 1;
    times.set(base, time);
    const id = time === 1 ? base : `${base}-${time}`;
    return { id, split: splits[at], content, provenance, group, ...(repaired && { repaired }) };
  });
}

/** Conversations by the choices of roles; `counts` is added to. */
function withTurns(drafts: RecordDraft[], { roles }: DatasetRecipe, counts: TurnCounts): RecordDraft[] {
  if (roles === undefined) return drafts;
  return drafts.flatMap((draft) => {
    const chosen = chosenTurns(draft.content, roles, counts);
    if (chosen === null) return [];
    const { content, repaired } = chosen;
    return [repaired.length === 0 ? draft : { ...draft, content, repaired }];
  });
}

function allLeftOut(records: number): AppError {
  return new AppError(
    'no-records',
    `The choices of roles leave out all ${records} records.`,
    'Merge system texts and join turns instead of leaving records out.',
  );
}

function noRecords(problems: string[]): AppError {
  const why = problems.length === 0 ? 'The chosen documents hold no text.' : problems[0];
  return new AppError(
    'no-records',
    `The recipe gives no records. ${why}`,
    'Choose other documents, another shape or other columns.',
  );
}
