// Rows of tokens that were added to a model and not trained yet. Like the mark of random weights (scratch.ts), the file of
// weights says so itself: what training writes in its place does not say it any more.
import { z } from 'zod';
import type { Model } from './load.ts';

export const NewRow = z.object({
  id: z.int().min(0),
  content: z.string(),
  /** Whether somebody asked for the token, so that it should be learned; else the tokenizer had it without a row. */
  wanted: z.boolean(),
});
export type NewRow = z.infer<typeof NewRow>;

/** Metadata of the file with the rows; `base` is that of the other files, where it holds for these rows too. */
export function newRowsMetadata(
  rows: readonly NewRow[],
  base: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...base, new_rows: JSON.stringify(rows) };
}

/** What a file's metadata says; none where it says nothing that can be read. */
export function newRowsIn({ new_rows: stated }: Readonly<Record<string, string>>): NewRow[] {
  if (stated === undefined) return [];
  try {
    return z.array(NewRow).parse(JSON.parse(stated));
  } catch {
    return []; // of another program
  }
}

/** Names of the modules whose rows a token has, as an adapter's `modules_to_save` names them: embedding and output layer. */
export function rowModules({ specs, architecture }: Pick<Model, 'specs' | 'architecture'>): string[] {
  const embedding = specs.find(({ kind }) => kind === 'embedding');
  const writes = architecture.task !== 'encoder';
  const modules = [
    ...(embedding === undefined ? [] : [embedding.name.replace(/\.weight$/, '')]),
    ...(writes ? architecture.outputModules.slice(0, 1) : []),
  ];
  return modules.map((module) => module.split('.').at(-1) as string);
}
