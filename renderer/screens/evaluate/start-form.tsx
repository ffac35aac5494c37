// What to measure: the split, how many records, how long answers may be, and which measures. Starts the evaluation.
import { IconScale } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { SamplingOptions } from '../../../main/contract/chat.ts';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { Evaluation } from '../../../main/contract/evaluations.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { CheckField, NumberField, Segments } from '../../components/field.tsx';
import { integer, plural } from '../../components/format.ts';
import { ErrorNotice, Notice } from '../../components/notice.tsx';
import { startEvaluation } from '../../state/evaluations.ts';
import { useCapabilities } from '../../state/settings.ts';
import { defaultOptions, type SearchKey, searchFields } from '../chat/options.tsx';
import styles from './evaluate.module.css';

type Split = Evaluation['split'];
/** As typed: text while a number is unfinished. */
type Search = Record<SearchKey, number | string>;

export interface StartFormProps {
  run: Run;
  version: DatasetVersion | undefined;
  /** Whether its model can look for the likeliest answer with beams. */
  searches: boolean;
  /** Whether it answers token by token; false = at once, such as a label. */
  writes: boolean;
  /** Whether the button is the one filled button of the screen. */
  primary: boolean;
  onStarted(evaluation: Evaluation): void;
}

export function StartForm({ run, version, searches, writes, primary, onStarted }: StartFormProps) {
  const metrics = useCapabilities()?.metrics ?? [];
  const counts = version?.report.records;
  const [split, setSplit] = useState<Split>(
    counts && counts.test === 0 && counts.validation > 0 ? 'validation' : 'test',
  );
  const [limit, setLimit] = useState<number | string>(0);
  const [maxNewTokens, setMaxNewTokens] = useState<number | string>(128);
  const [search, setSearch] = useState<Search>({
    beams: defaultOptions.beams,
    lengthPenalty: defaultOptions.lengthPenalty,
  });
  const [own, setOwn] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const available = counts?.[split];
  const tokens = Number(maxNewTokens);
  const blocked =
    available === 0
      ? `This dataset version has no ${split} records.`
      : own && chosen.size === 0
        ? 'Choose at least one measure.'
        : !(tokens >= 1 && tokens <= 4096)
          ? 'Answers can have 1 to 4,096 tokens.'
          : searches
            ? searchProblem(search)
            : null;

  const start = async (event: FormEvent) => {
    event.preventDefault();
    if (blocked !== null || busy) return;
    setBusy(true);
    setError(undefined);
    try {
      const started = await startEvaluation({
        projectId: run.projectId,
        runId: run.id,
        split,
        limit: Math.max(0, Math.round(Number(limit) || 0)),
        metricIds: own ? [...chosen] : [],
        maxNewTokens: Math.round(tokens),
        ...(searches ? { beams: Number(search.beams), lengthPenalty: Number(search.lengthPenalty) } : {}),
      });
      onStarted(started);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  const option = (value: Split, word: string) => ({
    value,
    label: counts ? `${word} ${integer(counts[value])}` : word,
  });
  return (
    <form className={styles.form} onSubmit={(event) => void start(event)}>
      <div className={styles.formRow}>
        <span className="control">Records of the split</span>
        <Segments<Split>
          label="Records of the split"
          value={split}
          onChange={setSplit}
          options={[option('test', 'Test'), option('validation', 'Validation'), option('train', 'Training')]}
        />
      </div>
      {split === 'train' && (
        <Notice tone="warning">
          The model was trained on these records. Their scores say how well it learned by heart, not how good
          it is.
        </Notice>
      )}
      <div className={styles.formFields}>
        <NumberField
          label="Records at most"
          help="Fewer records are faster, and give wider intervals. 0 measures all."
          unit={Number(limit) === 0 ? 'all' : 'records'}
          min={0}
          max={available}
          allowDecimal={false}
          value={limit}
          onChange={setLimit}
        />
        {writes && (
          <NumberField
            label="Longest answer"
            help="Answers are cut here. A model that does not stop by itself always reaches it."
            unit="tokens"
            min={1}
            max={4096}
            allowDecimal={false}
            value={maxNewTokens}
            onChange={setMaxNewTokens}
          />
        )}
        {searches &&
          searchFields.map(({ key, label, help, whole, ...limits }) => (
            <NumberField
              key={key}
              {...limits}
              label={label}
              help={help}
              allowDecimal={!whole}
              value={search[key]}
              onChange={(value) => setSearch({ ...search, [key]: value })}
            />
          ))}
      </div>
      <CheckField label="Choose the measures myself" checked={own} onChange={setOwn} />
      {own && (
        <fieldset className={styles.metrics}>
          <legend className="visuallyHidden">Measures</legend>
          {metrics.map((metric) => (
            <CheckField
              key={metric.id}
              label={metric.label}
              help={metric.description}
              checked={chosen.has(metric.id)}
              onChange={(on) =>
                setChosen((before) => {
                  const next = new Set(before);
                  if (on) next.add(metric.id);
                  else next.delete(metric.id);
                  return next;
                })
              }
            />
          ))}
        </fieldset>
      )}
      {error !== undefined && <ErrorNotice error={error} />}
      <div className="row wrap">
        <Button
          type="submit"
          kind={primary ? 'primary' : 'outline'}
          icon={IconScale}
          loading={busy}
          disabled={blocked !== null}
          hint={blocked ?? undefined}
        >
          Evaluate run {run.number}
        </Button>
        {blocked === null && available !== undefined && (
          <span className="muted caption">
            Base and tuned answer{' '}
            {plural(Number(limit) > 0 ? Math.min(Number(limit), available) : available, 'prompt')}
            {writes ? ', with the same seed and temperature 0.' : '.'}
          </span>
        )}
      </div>
    </form>
  );
}

/** Why such a search cannot be asked for; null when it can. */
export function searchProblem({ beams, lengthPenalty }: Search): string | null {
  const { shape } = SamplingOptions;
  if (beams === '' || !shape.beams.safeParse(Number(beams)).success)
    return 'A search can have 1 to 16 beams.';
  if (lengthPenalty === '' || !shape.lengthPenalty.safeParse(Number(lengthPenalty)).success)
    return 'The length penalty can be -10 to 10.';
  return null;
}
