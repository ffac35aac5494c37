// The words for what documents are and may be used for. No React.
import type { Source } from '../../../main/contract/documents.ts';
import { integer, percent, plural } from '../../components/format.ts';

export type Basis = NonNullable<Source['rights']>['basis'];

export const basisWords: Record<Basis, { short: string; long: string }> = {
  'own-work': { short: 'Own work', long: 'Own work: you or your team wrote it' },
  'employer-owned': { short: 'Employer’s', long: 'Your employer owns it and lets you use it' },
  licensed: { short: 'Licensed', long: 'A licence allows training on it' },
  'public-domain': { short: 'Public domain', long: 'Nobody holds rights to it' },
  consent: { short: 'Consent', long: 'The people whose words it holds agreed' },
  other: { short: 'Other', long: 'Another basis, described in the note' },
};

const languageNames = new Intl.DisplayNames(undefined, { type: 'language' });

export function languageName(code: string): string {
  try {
    return languageNames.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Share of read files in the most frequent language, 0 to 1; null when none is known. */
export function mainLanguage(sources: Source[]): { code: string; share: number; others: number } | null {
  const known = sources.filter((source) => source.language !== null && source.state === 'read');
  if (known.length === 0) return null;
  const files = new Map<string, number>();
  for (const { language } of known) files.set(language as string, (files.get(language as string) ?? 0) + 1);
  const [code, count] = [...files].sort((a, b) => b[1] - a[1])[0];
  return { code, share: count / known.length, others: known.length - count };
}

/** What reading could and could not do, one short line each. */
export function coverageLines(source: Source): string[] {
  const coverage = source.coverage;
  if (!coverage) return [];
  const lines: string[] = [];
  if (coverage.encoding)
    lines.push(
      `Encoding ${coverage.encoding.replace(/^utf/, 'UTF')}${coverage.encodingWhy ? `: ${coverage.encodingWhy}` : ''}.`,
    );
  if (coverage.delimiter) lines.push(`Columns are parted by ${delimiterName(coverage.delimiter)}.`);
  if (source.rows !== null)
    lines.push(
      `${plural(source.rows, 'row')}, ${plural(source.columns.length, 'column')}: ${source.columns.join(', ')}.`,
    );
  if (coverage.keptShare !== null) lines.push(`${percent(coverage.keptShare)} of the visible text is kept.`);
  if (coverage.emptyPages.length > 0) {
    const pages = coverage.emptyPages.slice(0, 5).join(', ');
    lines.push(
      `${plural(coverage.emptyPages.length, 'page')} without text: ${pages}${coverage.emptyPages.length > 5 ? ' …' : ''}.`,
    );
  }
  if (coverage.unreadableCharacters > 0)
    lines.push(
      `${plural(coverage.unreadableCharacters, 'character')} could not be read; the first is at ${coverage.firstUnreadablePlace ?? 'an unknown place'}.`,
    );
  return [...lines, ...coverage.notes];
}

function delimiterName(delimiter: string): string {
  const names: Record<string, string> = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'bars' };
  return names[delimiter] ?? `“${delimiter}”`;
}

/** Whether the source can enter a dataset, and if not why. */
export function whyNotUsed(source: Source): string | null {
  if (source.state === 'failed') return 'It could not be read.';
  if (source.state === 'left-out') return 'You left it out.';
  if (source.state === 'reading') return 'It is being read.';
  if (source.rights === null) return 'It has no rights record yet.';
  if (source.characters === 0) return `It holds ${integer(0)} characters of text.`;
  return null;
}
