// The chosen file: its text part by part, where a part stands, how the file was read, and its rights record.
import { IconAlertTriangle, IconCheck, IconCopy, IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { DocumentPart, Source } from '../../../main/contract/documents.ts';
import { call } from '../../client/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { dateTime, integer, plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { Pager } from '../../components/pager.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { copyText } from '../../state/ui.ts';
import styles from './documents.module.css';
import { basisWords, coverageLines, whyNotUsed } from './words.ts';

interface PreviewProps {
  projectId: string;
  source: Source;
  onRights(): void;
  onReread(): void;
}

export function Preview({ projectId, source, onRights, onReread }: PreviewProps) {
  const [at, setAt] = useState(0);
  const { part, total, error, retry } = usePart(projectId, source, at);
  const word = source.coverage?.pages != null ? 'page' : source.rows !== null ? 'row' : 'part';
  return (
    <Card
      grow
      padded={false}
      title={source.name}
      aside={total > 0 && <Pager word={word} at={at} total={total} onChange={setAt} />}
      footer={<Rights source={source} onRights={onRights} />}
      className={styles.preview}
    >
      <div className={styles.previewBody}>
        <Facts source={source} part={part} onReread={onReread} />
        <ScrollRegion label="Text that was read" className={styles.text}>
          <div className={styles.textHead}>
            <h3>Text that was read</h3>
            {part && <span className="caption muted tabular">{plural(part.text.length, 'character')}</span>}
          </div>
          {error !== null && <ErrorNotice error={error} onRetry={retry} />}
          {error === null && part === null && readable(source) && <Loading label="Reading the text" />}
          {source.state === 'reading' && (
            <p className="muted">The file is being read. Its text appears here.</p>
          )}
          {source.state === 'failed' && <p className="muted">No text: the file could not be read.</p>}
          {part && <PartText part={part} />}
        </ScrollRegion>
      </div>
    </Card>
  );
}

/** Failed files have no text, unless they were read before and left out since. */
function readable(source: Source): boolean {
  return source.state === 'read' || (source.state === 'left-out' && source.failure === null);
}

/** One part of the text. `part` is null while it is asked for. */
function usePart(projectId: string, source: Source, at: number) {
  const [state, setState] = useState<{ part: DocumentPart | null; total: number; error: unknown }>({
    part: null,
    total: 0,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  const canRead = readable(source);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again, `characters` after a new reading
  useEffect(() => {
    if (!canRead) return;
    let current = true;
    call('documents.preview', { projectId, sourceId: source.id, offset: at, limit: 1 })
      .then(({ parts, total }) => current && setState({ part: parts[0] ?? null, total, error: null }))
      .catch((error) => current && setState({ part: null, total: 0, error }));
    return () => {
      current = false;
    };
  }, [projectId, source.id, source.characters, canRead, at, turn]);
  return { ...state, retry: () => setTurn((before) => before + 1) };
}

function PartText({ part }: { part: DocumentPart }) {
  if (part.cells) {
    return (
      <dl className={styles.cells}>
        {Object.entries(part.cells).map(([column, value]) => (
          <div key={column}>
            <dt>{column}</dt>
            <dd>{value || <span className="faint">empty</span>}</dd>
          </div>
        ))}
      </dl>
    );
  }
  return (
    <div className={styles.prose}>
      {part.text
        .split(/\n{2,}/)
        .filter((paragraph) => paragraph.trim())
        .map((paragraph, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a paragraph is known by its place only
          <p key={at}>{paragraph}</p>
        ))}
    </div>
  );
}

function Facts({ source, part, onReread }: { source: Source; part: DocumentPart | null; onReread(): void }) {
  const reason = whyNotUsed(source);
  const lines = coverageLines(source);
  return (
    <div className={styles.facts}>
      {part && (
        <>
          <h3>Place in the file</h3>
          <p className="caption muted">
            {part.place ? `${part.place}, ` : ''}characters {integer(part.start)} to{' '}
            {integer(part.start + part.text.length)}
          </p>
        </>
      )}
      <h3>Use</h3>
      <p className="caption muted">{reason ? `Not used. ${reason}` : 'Can be used in datasets.'}</p>
      <h3>How it was read</h3>
      {lines.length === 0 && (
        <p className="caption muted">As {source.format ?? 'an unknown format'}, with nothing to report.</p>
      )}
      {lines.map((line) => (
        <p key={line} className="caption muted">
          {line}
        </p>
      ))}
      <Button size="small" icon={IconRefresh} onClick={onReread}>
        Read again
      </Button>
    </div>
  );
}

function Rights({ source, onRights }: { source: Source; onRights(): void }) {
  const copy = () => {
    void copyText(source.sha256, 'The checksum is copied.');
  };
  return (
    <div className={styles.rights}>
      <div className="row between">
        <h3>Rights record</h3>
        <span className="row">
          {source.rights ? (
            <Chip tone="success" icon={IconCheck}>
              Complete
            </Chip>
          ) : (
            <Chip tone="warning" icon={IconAlertTriangle}>
              Missing
            </Chip>
          )}
          <Button size="small" onClick={onRights}>
            {source.rights ? 'Change' : 'Record the rights'}
          </Button>
        </span>
      </div>
      <dl className={styles.rightsRows}>
        {source.rights ? (
          <>
            <dt>Basis for use</dt>
            <dd>{basisWords[source.rights.basis].long}</dd>
            <dt>Attested by</dt>
            <dd>
              {source.rights.who}, {dateTime(source.rights.attestedAt)}
            </dd>
            {source.rights.note && (
              <>
                <dt>Note</dt>
                <dd>{source.rights.note}</dd>
              </>
            )}
          </>
        ) : (
          <>
            <dt>Basis for use</dt>
            <dd>Not recorded. The file is not used until it is.</dd>
          </>
        )}
        <dt>SHA-256</dt>
        <dd className="row">
          <code title={source.sha256}>{shortHash(source.sha256)}</code>
          <IconButton size="small" label="Copy the checksum" icon={IconCopy} onClick={copy} />
        </dd>
      </dl>
    </div>
  );
}

function shortHash(hash: string): string {
  return `${hash.slice(0, 4)} ${hash.slice(4, 8)} … ${hash.slice(-4)}`;
}
