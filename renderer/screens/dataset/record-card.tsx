// One record as the model sees it: as text, as a chat, or as tokens with the loss mask. Tokens need a frozen version
// and a chosen model, because both decide them.
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { CallOutput } from '../../../main/contract/index.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { Segments } from '../../components/field.tsx';
import { integer } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { Pager } from '../../components/pager.tsx';
import { ScrollRegion } from '../../components/scroll-region.tsx';
import { TokenLegend, TokenView } from '../../components/token-view.tsx';
import { hrefTo } from '../../state/route.ts';
import styles from './dataset.module.css';
import { recordParts, recordPlace } from './words.ts';

export type RecordView = 'text' | 'parts' | 'tokens';

interface RecordCardProps {
  projectId: string;
  /** Null for a draft. */
  versionId: string | null;
  model: BaseModel | null;
  record: DatasetRecord | undefined;
  at: number;
  total: number;
  onMove(at: number): void;
  view: RecordView;
  onView(view: RecordView): void;
  /** Below the record: the length chart of a version. */
  children?: ReactNode;
}

export function RecordCard(props: RecordCardProps) {
  const { projectId, versionId, model, record, at, total, onMove, view, onView, children } = props;
  return (
    <Card
      grow
      padded={false}
      title="What the model sees"
      sub={
        record && (
          <>
            <Chip>
              record {integer(at + 1)} of {integer(total)}
              {!versionId && ' shown'}
            </Chip>
            <Chip tone="accent">{record.split}</Chip>
          </>
        )
      }
      aside={
        <>
          <Segments
            label="How to show the record"
            value={view}
            onChange={onView}
            options={[
              { value: 'text', label: 'Text' },
              { value: 'parts', label: isConversation(record) ? 'Chat' : 'Parts' },
              { value: 'tokens', label: 'Tokens' },
            ]}
          />
          <Pager bare word="record" at={at} total={total} onChange={onMove} />
        </>
      }
      footer={record && <span>{[recordPlace(record), model?.name].filter(Boolean).join(' · ')}</span>}
    >
      <div className={styles.recordBody}>
        {!record && <p className="muted">There is no record to show yet.</p>}
        {record && view === 'parts' && <Parts record={record} />}
        {record && view !== 'parts' && (
          <Rendered projectId={projectId} versionId={versionId} model={model} record={record} view={view} />
        )}
        {children}
      </div>
    </Card>
  );
}

function isConversation(record: DatasetRecord | undefined): boolean {
  return record === undefined || record.content.type === 'chat' || record.content.type === 'preference';
}

function Parts({ record }: { record: DatasetRecord }) {
  return (
    <ol className={styles.parts}>
      {recordParts(record).map((part, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a turn is known by its place only
        <li key={at} className={[styles.part, part.learned ? styles.learnedPart : ''].join(' ')}>
          <span className="caption strong">
            {part.role}
            {part.learned ? ', learned' : ''}
          </span>
          <p>{part.text || <span className="faint">empty</span>}</p>
        </li>
      ))}
    </ol>
  );
}

interface RenderedProps {
  projectId: string;
  versionId: string | null;
  model: BaseModel | null;
  record: DatasetRecord;
  view: 'text' | 'tokens';
}

function Rendered({ projectId, versionId, model, record, view }: RenderedProps) {
  const [rendered, setRendered] = useState<CallOutput<'datasets.render'> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const modelId = model?.id;
  useEffect(() => {
    setError(null);
    if (!versionId || !modelId) return;
    let current = true;
    call('datasets.render', { projectId, versionId, recordId: record.id, modelId })
      .then((reply) => current && setRendered(reply))
      .catch((thrown) => current && setError(thrown));
    return () => {
      current = false;
    };
  }, [projectId, versionId, modelId, record.id]);

  if (!versionId) {
    return (
      <>
        <Parts record={record} />
        <Notice tone="info">
          The template and the tokens are shown once the version is frozen, because they must not change after
          that.
        </Notice>
      </>
    );
  }
  if (!model) {
    return (
      <>
        <Parts record={record} />
        <Notice tone="info" actions={<a href={hrefTo('model')}>Choose a model</a>}>
          The template and the tokens depend on the model, and none is chosen yet.
        </Notice>
      </>
    );
  }
  if (error !== null) return <ErrorNotice error={error} />;
  if (!rendered) return <Loading label="Rendering the record" />;
  if (view === 'text') {
    return (
      <ScrollRegion label="Rendered text" className={styles.rendered}>
        {rendered.text}
      </ScrollRegion>
    );
  }
  return <Tokens rendered={rendered} />;
}

function Tokens({ rendered }: { rendered: CallOutput<'datasets.render'> }) {
  const { tokens, trainedTokens, contextLength } = rendered;
  const cut = Math.max(0, tokens.length - contextLength);
  const lastLearned = tokens.findLast((token) => token.trained);
  const endIsLearned = lastLearned !== undefined && /^<.*>$/.test(lastLearned.text.trim());
  return (
    <>
      <div className="row wrap between">
        <TokenLegend learned={trainedTokens} masked={tokens.length - trainedTokens} />
        <span className="caption muted tabular">
          {integer(tokens.length)} tokens of {integer(contextLength)} ·{' '}
          {cut === 0 ? 'nothing cut off' : `${integer(cut)} cut off`}
        </span>
      </div>
      <TokenView tokens={tokens} limit={contextLength} />
      {endIsLearned ? (
        <div className={styles.endToken}>
          <IconCircleCheck size={18} stroke={1.75} aria-hidden />
          <span>
            The answer ends with <code>{lastLearned.text.trim()}</code>, and that token is learned. The model
            will know when to stop.
          </span>
        </div>
      ) : (
        <div className={[styles.endToken, styles.noEnd].join(' ')}>
          <IconAlertTriangle size={18} stroke={1.75} aria-hidden />
          <span>
            {trainedTokens === 0
              ? 'No token of this record is learned: the model gains nothing from it.'
              : 'No end token is learned here, so the model may not know when to stop.'}
          </span>
        </div>
      )}
    </>
  );
}
