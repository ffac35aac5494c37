// A model of one's own: family, sizes and vocabulary, with what it would be and cost shown while typing, and the job that
// makes it from the project's text.
import { type FormEvent, useEffect, useState } from 'react';
import type { ModelFamily } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Card } from '../../components/card.tsx';
import { NumberField, Segments, SelectField, TextField } from '../../components/field.tsx';
import { plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { useDocuments } from '../../state/documents.ts';
import { hasEnded, useJobs, useLatestJob } from '../../state/jobs.ts';
import { hrefTo, useProjectId } from '../../state/route.ts';
import styles from './create.module.css';
import {
  allDocuments,
  type Draft,
  designOf,
  draftOf,
  faultOf,
  reservedWords,
  type SizeField,
  taskWords,
  vocabularyWords,
  withFamily,
} from './create-design.ts';
import { CreateResult } from './create-result.tsx';
import { DesignCard } from './design-card.tsx';
import { useDesignPlan } from './use-design-plan.ts';

/** What was typed lives on while other tabs are looked at. */
const drafts = new Map<string, Draft>();

const sizeFields: { field: SizeField; label: string; unit?: string; help: string }[] = [
  { field: 'layers', label: 'Layers', help: 'Depth of the network: more layers, more steps of thought.' },
  { field: 'width', label: 'Width', help: 'Numbers that stand for one token between two layers.' },
  { field: 'heads', label: 'Heads', help: 'Parts of the width that look at other tokens, each on its own.' },
  {
    field: 'kvHeads',
    label: 'Key/value heads',
    help: 'Heads may share what they look at: fewer of these make writing faster and take less memory.',
  },
  {
    field: 'context',
    label: 'Context',
    unit: 'tokens',
    help: 'The longest text that the model takes at once.',
  },
];

export function CreatePart() {
  const projectId = useProjectId();
  const [families, setFamilies] = useState<ModelFamily[] | null>(null);
  const [draft, setDraft] = useState<Draft | null>(() => drafts.get(projectId) ?? null);
  const [fault, setFault] = useState<unknown>(null);
  const [starting, setStarting] = useState(false);
  const versions = useDatasets(projectId);
  const counts = useDocuments((state) => (state.projectId === projectId ? state.counts : null));
  const job = useLatestJob('create-model', projectId);
  const busy = job !== undefined && !hasEnded(job);
  const design = draft && designOf(draft);
  const { plan, planning, error } = useDesignPlan(design);
  const family = families?.find(({ id }) => id === draft?.family);

  useEffect(() => {
    call('models.families', {}).then((found) => {
      setFamilies(found);
      setDraft((before) => before ?? draftOf(found[0]));
    }, setFault);
    if (useDocuments.getState().projectId !== projectId) void useDocuments.getState().show(projectId);
  }, [projectId]);

  const change = (changes: Partial<Draft>) => {
    if (!draft) return;
    const next = { ...draft, ...changes };
    drafts.set(projectId, next);
    setDraft(next);
  };

  if (!draft || !families || !family || !design)
    return fault === null ? (
      <Loading label="Loading the families of models" lines={4} />
    ) : (
      <ErrorNotice error={fault} />
    );

  const ofDocuments = draft.text === allDocuments;
  const blocked = blockedBy(draft, counts, plan?.problems.length ?? 0, busy);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    if (blocked !== null || starting) return;
    setStarting(true);
    setFault(null);
    try {
      const started = await call('models.create', {
        projectId,
        name: draft.name,
        design,
        versionId: ofDocuments ? null : draft.text,
        seed: Number(draft.seed) || 0,
      });
      useJobs.getState().put(started);
    } catch (thrown) {
      setFault(thrown);
    } finally {
      setStarting(false);
    }
  };

  return (
    <form className={['columns late', styles.columns].join(' ')} onSubmit={(event) => void make(event)}>
      <div className="stack">
        {fault !== null && <ErrorNotice error={fault} />}
        <Card title="The network" divided>
          <div className={styles.fields}>
            <TextField
              label="Name"
              maxLength={100}
              value={draft.name}
              error={draft.name.trim() === '' && 'Give the model a name.'}
              onChange={(event) => change({ name: event.currentTarget.value })}
            />
            <SelectField
              label="Family"
              help={family.description}
              error={faultOf(plan, 'family')}
              value={draft.family}
              data={families.map(({ id, label, task }) => ({
                value: id,
                label: `${label}, ${taskWords[task]}`,
              }))}
              onChange={(id) => {
                const next = families.find((one) => one.id === id);
                if (next) change(withFamily(draft, family, next));
              }}
            />
          </div>
          <div className={styles.sizes}>
            {sizeFields
              .filter(({ field }) => field !== 'kvHeads' || family.sharesKeys)
              .map(({ field, label, unit, help }) => (
                <NumberField
                  key={field}
                  label={label}
                  help={help}
                  unit={unit}
                  allowDecimal={false}
                  allowNegative={false}
                  error={faultOf(plan, field)}
                  value={draft.sizes[field]}
                  onChange={(value) => change({ sizes: { ...draft.sizes, [field]: value } })}
                />
              ))}
            <NumberField
              label="Seed"
              help="The first weights are drawn from it: the same seed gives the same model."
              allowDecimal={false}
              allowNegative={false}
              value={draft.seed}
              onChange={(seed) => change({ seed })}
            />
          </div>
        </Card>
        <Card title="The vocabulary" sub="a tokenizer made of your own text" divided>
          <div className={styles.kind}>
            <span className="control">Kind</span>
            <Segments
              key={family.id}
              label="Kind of vocabulary"
              value={draft.vocabulary}
              options={family.vocabularies.map((value) => ({ value, label: vocabularyWords[value].label }))}
              onChange={(vocabulary) => change({ vocabulary })}
            />
            <span className="caption muted">{vocabularyWords[draft.vocabulary].help}</span>
          </div>
          <div className={styles.fields}>
            <SelectField
              label="Text"
              help="Of a dataset version the training records are read; the others are kept for measuring."
              value={draft.text}
              data={[
                {
                  value: allDocuments,
                  label: counts
                    ? `All documents of the project (${counts.read})`
                    : 'All documents of the project',
                },
                ...versions.map(({ id, number, name }) => ({
                  value: id,
                  label: `Version ${number}, ${name}`,
                })),
              ]}
              onChange={(text) => change({ text: text ?? allDocuments })}
            />
            <NumberField
              label="Size"
              unit="entries"
              help="Special tokens included. More entries make texts shorter and the model larger."
              allowDecimal={false}
              allowNegative={false}
              thousandSeparator=","
              error={faultOf(plan, 'vocabularySize')}
              value={draft.sizes.vocabularySize}
              onChange={(vocabularySize) => change({ sizes: { ...draft.sizes, vocabularySize } })}
            />
          </div>
          <TextField
            label="Special tokens of your own"
            help="Marks that are never cut, such as <|table|>. Write blanks between them."
            placeholder="none"
            error={faultOf(plan, 'specialTokens')}
            value={draft.special}
            onChange={(event) => change({ special: event.currentTarget.value })}
          />
          {plan && plan.reserved.length > 0 && (
            <p className="caption muted">
              There are always: <span className="mono">{reservedWords(plan.reserved)}</span>
            </p>
          )}
          {ofDocuments && counts && counts.read === 0 && (
            <Notice tone="warning">
              The project has no text yet. <a href={hrefTo('documents')}>Add documents</a> first.
            </Notice>
          )}
          {ofDocuments && counts && counts.noRights > 0 && (
            <Notice tone="warning">
              {plural(counts.noRights, 'document has', 'documents have')} no rights record.{' '}
              <a href={hrefTo('documents')}>Record the right to use them</a> first.
            </Notice>
          )}
        </Card>
      </div>
      <div className={['stack', styles.beside].join(' ')}>
        <DesignCard
          plan={plan}
          planning={planning}
          error={error}
          job={job}
          blocked={blocked}
          starting={starting}
        />
        {job && <CreateResult key={job.id} job={job} />}
      </div>
    </form>
  );
}

type Counts = { read: number; noRights: number } | null;

/** Why the model cannot be made now; null when it can. */
function blockedBy(draft: Draft, counts: Counts, problems: number, busy: boolean): string | null {
  if (busy) return 'A model is being made.';
  if (draft.name.trim() === '') return 'Give the model a name.';
  if (problems > 0) return 'Some sizes do not fit; see the fields.';
  if (draft.text !== allDocuments || !counts) return null;
  if (counts.read === 0) return 'The project has no text yet.';
  return counts.noRights > 0 ? 'Some documents have no rights record.' : null;
}
