// The figures of all files: read, failed, without rights, language. Each says what it counts.

import type { Source } from '../../../main/contract/documents.ts';
import type { CallOutput } from '../../../main/contract/index.ts';
import { Figure, FigureStrip } from '../../components/figure.tsx';
import { bytes, count, decimal, integer, plural } from '../../components/format.ts';
import type { DocumentFilter } from '../../state/documents.ts';
import { languageName, mainLanguage } from './words.ts';

interface CountsProps {
  counts: CallOutput<'documents.list'>['counts'];
  /** Sources of the filter; the language is known only when they are all. */
  sources: Source[];
  filter: DocumentFilter;
}

export function Counts({ counts, sources, filter }: CountsProps) {
  const language = filter === 'all' ? mainLanguage(sources) : null;
  const reading = counts.all - counts.read - counts.failed - counts.leftOut;
  return (
    <FigureStrip label="All files of this project">
      <Figure
        value={integer(counts.all)}
        unit={counts.all === 1 ? 'file' : 'files'}
        hint={`${bytes(counts.bytes)} on disk`}
      />
      <Figure
        value={integer(counts.read)}
        unit="read"
        hint={`${counts.pages > 0 ? `${plural(counts.pages, 'page')}, ` : ''}${count(counts.characters)} characters`}
      />
      <Figure
        value={integer(counts.failed)}
        unit="failed"
        tone={counts.failed > 0 ? 'danger' : 'plain'}
        hint={
          counts.failed > 0
            ? 'see the reason in the list'
            : reading > 0
              ? `so far; ${plural(reading, 'file')} to read`
              : 'every file could be read'
        }
      />
      <Figure
        value={integer(counts.noRights)}
        unit="without rights"
        tone={counts.noRights > 0 ? 'warning' : 'plain'}
        hint={
          counts.noRights > 0
            ? 'not used until they have a record'
            : counts.read > 0
              ? 'all have a record'
              : 'counted once files are read'
        }
      />
      {language && (
        <Figure
          value={decimal(language.share * 100, 1)}
          unit={`% ${languageName(language.code)}`}
          hint={
            language.others === 0
              ? `of ${plural(counts.read, 'file')}`
              : `${plural(language.others, 'file has', 'files have')} other languages`
          }
          why="Share of the files that were read, by the language found in their text."
        />
      )}
    </FigureStrip>
  );
}
