// The Export screen: write a run in a format that other programs load, and prove that the files answer the same.
// `#/.../export/<run>` chooses the run.
import { IconFileExport, IconPackageExport, IconPlayerPlay } from '@tabler/icons-react';
import { type ReactNode, useMemo, useState } from 'react';
import type { Export, ExportBase } from '../../../main/contract/exports.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Empty } from '../../components/empty.tsx';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { RunSelect } from '../../components/run-select.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { startExport, useExports, useExportsStatus, useExportsStore } from '../../state/exports.ts';
import { goTo, hrefTo, useProjectId } from '../../state/route.ts';
import { usableRuns, useRuns, useRunsStatus, useRunsStore } from '../../state/runs.ts';
import { useCapabilities } from '../../state/settings.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import styles from './export.module.css';
import { formFields, initialOptions, optionFault } from './form.ts';
import { type Format, FormatList } from './format-list.tsx';
import { History } from './history.tsx';
import { OptionsForm } from './options-form.tsx';
import { newestByFormat } from './parity.ts';
import { ProofCard } from './proof-card.tsx';

export const exportScreen: Screen = {
  id: 'export',
  title: 'Export and serve',
  icon: IconPackageExport,
  order: 6,
  step: 'export',
  place: 'journey',
  needsProject: true,
  Screen: ExportScreen,
};

function ExportScreen({ rest }: ScreenProps) {
  const projectId = useProjectId();
  const all = useRuns(projectId);
  const exports = useExports(projectId);
  const runs = usableRuns(all);
  const runStatus = useRunsStatus(projectId);
  const status = useExportsStatus(projectId);
  const run =
    runs.find((one) => one.id === rest[0]) ?? runs.find((one) => one.id === exports[0]?.runId) ?? runs[0];
  const failed =
    runStatus.status === 'failed' ? runStatus.error : status.status === 'failed' ? status.error : null;
  if (failed !== null)
    return (
      <Frame>
        <ErrorNotice
          error={failed}
          onRetry={() => {
            void useRunsStore.getState().load(projectId);
            void useExportsStore.getState().load(projectId);
          }}
        />
      </Frame>
    );
  if (runStatus.status !== 'ready' || status.status !== 'ready')
    return (
      <Frame>
        <Card grow label="Export">
          <Loading label="Reading runs and exports" lines={8} />
        </Card>
      </Frame>
    );
  if (!run)
    return (
      <Frame>
        <Card grow label="Export">
          <Empty
            icon={IconPackageExport}
            title="There is no tuned model to export yet"
            actions={
              <Button kind="primary" icon={IconPlayerPlay} href={hrefTo('train')}>
                Train a model
              </Button>
            }
          >
            Here a run becomes files that other programs load, each proven to answer as it does here.
          </Empty>
        </Card>
      </Frame>
    );
  return <RunExport key={run.id} run={run} runs={runs} all={all} exports={exports} />;
}

function Frame({ children }: { children: ReactNode }) {
  return (
    <div className="screen">
      <ScreenHeader
        title="Export and serve"
        sentence="Write a run in a format that other programs load, and prove that the files answer as it does here."
      />
      {children}
    </div>
  );
}

interface RunExportProps {
  run: Run;
  runs: Run[];
  all: readonly Run[];
  exports: Export[];
}

function RunExport({ run, runs, all, exports }: RunExportProps) {
  const capabilities = useCapabilities();
  const formats = capabilities?.exporters ?? [];
  const newest = useMemo(() => newestByFormat(exports, run.id), [exports, run.id]);
  const [chosenFormat, setChosenFormat] = useState<string | null>(null);
  const [shownId, setShownId] = useState<string | null>(null);
  const [options, setOptions] = useState<Record<string, Record<string, unknown>>>({});
  const [checkpoint, setCheckpoint] = useState<'best' | 'last'>('best');
  const [base, setBase] = useState<ExportBase>('original');
  const { quantization, method } = run.recipe.settings;
  // Formats that merge nothing hold an adapter, and a run of whole weights has none.
  const canWrite = (one: Format): boolean => one.merges || method === 'lora';
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const format =
    formats.find((one) => one.id === chosenFormat) ??
    formats.find((one) => canWrite(one) && !newest.has(one.id)) ??
    formats.find(canWrite) ??
    formats[0];
  const fields = useMemo(() => formFields(format?.optionsSchema), [format]);
  const values = (format && options[format.id]) ?? initialOptions(fields);
  const fault =
    (format && !canWrite(format) ? noAdapter : null) ??
    fields.map((field) => optionFault(field, values[field.name])).find((one) => one !== null) ??
    null;
  const labelOf = (id: string): string => formats.find((one) => one.id === id)?.label ?? id;
  const shown = exports.find((one) => one.id === shownId) ?? (format && newest.get(format.id)) ?? exports[0];

  const start = async () => {
    if (!format) return;
    setBusy(true);
    setError(undefined);
    try {
      const { projectId, id: runId } = run;
      const written = { format: format.id, options: values, checkpoint };
      const mergedInto = format.merges && quantization !== 'none' ? base : 'original';
      const started = await startExport({ projectId, runId, ...written, base: mergedInto });
      setShownId(started.id);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="screen">
      <ScreenHeader
        title="Export and serve"
        sentence={`Write run ${run.number} in a format that other programs load, and prove that the files answer as it does here.`}
        actions={
          <>
            {runs.length > 1 && (
              <RunSelect
                label="Run to export"
                runs={runs}
                value={run.id}
                onChange={(id) => goTo('export', id)}
              />
            )}
            {format && (
              <Button
                kind="primary"
                icon={IconFileExport}
                loading={busy}
                disabled={fault !== null}
                hint={fault ?? undefined}
                onClick={() => void start()}
              >
                Export {inSentence(format.label)}
              </Button>
            )}
          </>
        }
      />
      {error !== undefined && <ErrorNotice error={error} onRetry={() => void start()} />}
      <div className={styles.columns}>
        <div className="stack">
          <FormatList
            formats={formats}
            newest={newest}
            chosen={format?.id ?? ''}
            loading={capabilities === null}
            onChoose={(id) => {
              setChosenFormat(id);
              setShownId(null);
            }}
          />
          {shown && (
            <ProofCard
              key={shown.id}
              found={shown}
              label={`${labelOf(shown.format)}${runNote(shown, run, all)}`}
            />
          )}
        </div>
        <div className="stack">
          {format && (
            <Card title={`Options: ${format.label}`} divided>
              <OptionsForm
                fields={fields}
                options={values}
                onOptions={(next) => setOptions((before) => ({ ...before, [format.id]: next }))}
                checkpoint={checkpoint}
                onCheckpoint={setCheckpoint}
                bestStep={run.bestStep}
                lastStep={run.checkpointStep}
                quantization={format.merges ? quantization : 'none'}
                base={base}
                onBase={setBase}
              />
            </Card>
          )}
          <History
            exports={exports}
            runs={all}
            labelOf={labelOf}
            shown={shown?.id}
            onShow={(exported) => setShownId(exported.id)}
          />
        </div>
      </div>
    </div>
  );
}

const noAdapter = 'This run trained the weights themselves, so it has no adapter. Export the whole model.';

/** Names the run where it is not the one of the screen. */
function runNote(exported: Export, run: Run, all: readonly Run[]): string {
  if (exported.runId === run.id) return '';
  const other = all.find((one) => one.id === exported.runId);
  return other ? `, run ${other.number}` : ', of a deleted run';
}

/** "Whole model" inside of a sentence; "GGUF Q8_0" keeps its capitals. */
function inSentence(label: string): string {
  return /^\p{Lu}\p{Ll}/u.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}
