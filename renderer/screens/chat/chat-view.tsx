// The conversation side by side: one question, one answer a column, from one set of weights and with the same seed.
import { IconEdit, IconMessage, IconPlugConnectedX, IconTrash } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { BaseModel } from '../../../main/contract/models.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { Empty } from '../../components/empty.tsx';
import { CheckField, TextField } from '../../components/field.tsx';
import { integer } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { RunSelect } from '../../components/run-select.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import {
  ask,
  clearConversation,
  closeChat,
  openChat,
  restoreTurns,
  setSystem,
  stopAnswer,
  useChat,
  useConversation,
} from '../../state/chat.ts';
import { useDatasets } from '../../state/datasets.ts';
import { goTo } from '../../state/route.ts';
import { toast } from '../../state/ui.ts';
import { Answer } from './answer.tsx';
import styles from './chat.module.css';
import { Composer } from './composer.tsx';
import { chatKind } from './kinds.ts';
import { conflictOf, OptionsButton, optionsFor, storedOptions } from './options.tsx';
import { Suggestions } from './suggestions.tsx';

export interface ChatViewProps {
  projectId: string;
  model: BaseModel;
  /** The tuned column; null = only the base. */
  run: Run | null;
  runs: readonly Run[];
}

export function ChatView({ projectId, model, run, runs }: ChatViewProps) {
  const { session, opening, error, answering, streaming } = useChat();
  const { system, turns } = useConversation(projectId);
  const [kept, setOptions] = useState(storedOptions);
  const [editing, setEditing] = useState<{ id: number; text: string } | null>(null);
  const end = useRef<HTMLDivElement>(null);
  const [chosenAlone, setAlone] = useState<boolean | null>(null);
  const version = useDatasets(projectId).find((one) => one.id === run?.recipe.versionId);
  const kind = chatKind(model.task, run !== null);
  const options = optionsFor(kept, kind.searches);
  // Records of one question and one answer teach nothing about what was said before.
  const alone =
    !kind.readsConversation ||
    (chosenAlone ?? (version?.recipe.shape.type === 'chat' || version?.recipe.shape.type === 'completion'));
  const runId = run?.id ?? null;
  const mine =
    session?.projectId === projectId &&
    session.modelId === model.id &&
    session.columns.some((column) => column.runId === runId);
  const columns = session && mine ? session.columns : [];

  useEffect(() => {
    void openChat(projectId, model.id, runId === null ? [] : [runId]);
  }, [projectId, model.id, runId]);
  const last = turns.length;
  useEffect(() => {
    if (last > 0) end.current?.scrollIntoView({ block: 'nearest' });
  }, [last]);

  const used = Math.max(
    0,
    ...Object.values(turns.at(-1)?.answers ?? {}).map((answer) => answer.promptTokens + answer.newTokens),
  );
  const limit = session?.contextLength ?? model.contextLength;
  const full = !alone && used >= limit - 8;
  const blocked = !mine
    ? 'The model is not loaded yet.'
    : full
      ? 'The conversation has reached the context length. Clear it, or edit an earlier question.'
      : (conflictOf(options) ?? null);
  const clear = () => {
    const before = turns;
    clearConversation(projectId);
    setEditing(null);
    toast('The conversation is cleared.', () => restoreTurns(projectId, before));
  };

  return (
    <div className={`screen ${styles.screen}`}>
      <ScreenHeader
        title="Chat"
        sentence={kind.sentence}
        actions={
          <>
            {runs.length > 0 && (
              <RunSelect
                label="Tuned model"
                runs={runs}
                value={runId}
                disabled={answering !== null}
                onChange={(id) => goTo('chat', id)}
              />
            )}
            {kind.writes && <OptionsButton options={kept} searches={kind.searches} onChange={setOptions} />}
            <Button icon={IconTrash} disabled={turns.length === 0 || answering !== null} onClick={clear}>
              Clear
            </Button>
          </>
        }
      />
      {error !== undefined && (
        <ErrorNotice
          error={error}
          onRetry={() => void openChat(projectId, model.id, runId === null ? [] : [runId])}
        />
      )}
      {model.task === 'causal' && !model.hasChatTemplate && (
        <Notice tone="info">
          This model has no chat template, so it continues your text instead of answering it.
        </Notice>
      )}
      <Card
        grow
        padded={false}
        label="Conversation"
        className={styles.card}
        footer={
          <>
            <span className="tabular">
              {used > 0
                ? `${integer(used)} of ${integer(limit)} tokens of context`
                : `${integer(limit)} tokens of context`}
            </span>
            {mine && (
              <Button
                size="small"
                kind="text"
                icon={IconPlugConnectedX}
                hint="Ends the process that holds the weights. The conversation stays."
                disabled={answering !== null}
                onClick={() => void closeChat()}
              >
                Give the memory back
              </Button>
            )}
          </>
        }
      >
        <div className={styles.heads}>
          {columns.map((column) => (
            <div key={column.id} className={styles.head}>
              <Chip tone={column.runId === null ? 'neutral' : 'accent'}>
                {column.runId === null ? 'Base' : 'Tuned'}
              </Chip>
              <h2>{column.label}</h2>
            </div>
          ))}
        </div>
        <section
          className={styles.scroller}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keys
          tabIndex={0}
          aria-label="Questions and answers"
        >
          {!mine && (opening || error === undefined) && (
            <div className={styles.place}>
              {opening || session === null ? (
                <Opening
                  opening={opening}
                  onOpen={() => void openChat(projectId, model.id, runId === null ? [] : [runId])}
                  name={model.name}
                />
              ) : null}
            </div>
          )}
          {mine && turns.length === 0 && (
            <>
              <Empty icon={IconMessage} title="Ask the first question">
                {kind.beginning}
              </Empty>
              {run && (
                <Suggestions run={run} onChoose={(question) => void ask(question, options, { alone })} />
              )}
            </>
          )}
          {turns.map((turn) => (
            <article key={turn.id} className={styles.turn} aria-label={`Question ${turn.id}`}>
              <div className={styles.question}>
                <p className={styles.text}>{turn.user}</p>
                <IconButton
                  size="small"
                  icon={IconEdit}
                  label="Edit and send again"
                  disabled={answering !== null || !mine}
                  onClick={() => setEditing({ id: turn.id, text: turn.user })}
                />
              </div>
              <div className={styles.answers}>
                {columns.map((column) => (
                  <Answer
                    key={column.id}
                    label={column.label}
                    answer={turn.answers[column.id]}
                    writes={kind.writes}
                    streaming={answering === turn.id ? (streaming[column.id] ?? '') : undefined}
                  />
                ))}
              </div>
            </article>
          ))}
          <div ref={end} />
        </section>
        <div className={styles.foot}>
          {kind.readsConversation && (
            <div className={styles.footRow}>
              <details className={styles.system}>
                <summary>System message{system.trim() === '' ? '' : ', set'}</summary>
                <TextField
                  label="What every answer should keep to"
                  value={system}
                  placeholder="Empty: as the template has it"
                  onChange={(event) => setSystem(projectId, event.currentTarget.value)}
                />
              </details>
              <CheckField
                label="Each question on its own"
                help="The models see only the new question, as in records of one question and one answer. Off, they also see what was said before."
                checked={alone}
                onChange={setAlone}
              />
            </div>
          )}
          {full && !editing && (
            <Notice
              tone="info"
              inline
              actions={
                <Button size="small" kind="text" disabled={answering !== null} onClick={clear}>
                  Clear the conversation
                </Button>
              }
            >
              The conversation fills the context of the model. Clear it, or edit an earlier question.
            </Notice>
          )}
          {editing && <Notice tone="info">Sending replaces this question and everything after it.</Notice>}
          <Composer
            key={editing?.id ?? 'new'}
            blocked={blocked}
            placeholder={kind.placeholder}
            answering={answering !== null}
            editing={editing}
            onSend={(text) => {
              void ask(text, options, { replacing: editing?.id ?? null, alone });
              setEditing(null);
            }}
            onStop={() => void stopAnswer()}
            onCancelEdit={() => setEditing(null)}
          />
          <p className="visuallyHidden" aria-live="polite">
            {answering === null
              ? turns.length > 0
                ? 'The answers are there.'
                : ''
              : 'The models are answering.'}
          </p>
        </div>
      </Card>
    </div>
  );
}

function Opening({ opening, onOpen, name }: { opening: boolean; onOpen(): void; name: string }) {
  if (opening) return <Loading label={`Loading ${name} and the adapter`} lines={5} />;
  return (
    <Empty
      icon={IconPlugConnectedX}
      title="The model is not in memory"
      actions={<Button onClick={onOpen}>Load the model</Button>}
    >
      The conversation is kept. Load the model to go on.
    </Empty>
  );
}
