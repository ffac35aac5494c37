// Model: choose what to start from, knowing that it fits this machine.
import { IconArrowRight, IconBox, IconFolderPlus } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import type { BaseModel } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { SearchField, Segments } from '../../components/field.tsx';
import { about, bytes, count, integer, missing } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { pickFolder } from '../../components/path-dialog.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { TabBar } from '../../components/tab-bar.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { useChosenModel, useModels } from '../../state/models.ts';
import { goTo, hrefTo, useProjectId } from '../../state/route.ts';
import { useCapabilities } from '../../state/settings.ts';
import { toast, useScreenActions } from '../../state/ui.ts';
import type { Screen, ScreenProps } from '../screen.ts';
import { RefusedNotice } from './add-rows.tsx';
import { chooseModel } from './choose.ts';
import { ComputerPart } from './computer-part.tsx';
import { CreatePart } from './create-part.tsx';
import { DownloadPart } from './download-part.tsx';
import styles from './model.module.css';
import { ModelCard } from './model-card.tsx';
import { type Fits, useFits } from './use-fits.ts';
import { fitSentence, originWords, verdictWords } from './words.ts';

type Filter = 'all' | 'fits';

const loraOf = (fits: Fits, model: BaseModel) => fits[model.id]?.find((fit) => fit.method === 'lora');

function columnsWith(fits: Fits, chosenId: string | undefined): Column<BaseModel>[] {
  return [
    {
      id: 'name',
      label: 'Model',
      cut: true,
      sortBy: (model) => model.name,
      cell: (model) => (
        <span className={styles.name}>
          <span className="strong cut" title={model.name}>
            {model.name}
          </span>
          <span className="caption muted">
            {originWords[model.origin].label}
            {model.id === chosenId && ', chosen for this project'}
          </span>
        </span>
      ),
    },
    {
      id: 'parameters',
      label: 'Weights',
      help: 'How many numbers the model has learned; more know more, and cost more.',
      align: 'right',
      width: '84px',
      sortBy: (model) => model.parameters,
      cell: (model) => count(model.parameters),
    },
    {
      id: 'bytes',
      label: 'On disk',
      align: 'right',
      width: '84px',
      priority: 2,
      sortBy: (model) => model.bytes,
      cell: (model) => bytes(model.bytes),
    },
    {
      id: 'context',
      label: 'Context',
      help: 'The longest text that the model takes at once, in tokens.',
      align: 'right',
      width: '92px',
      priority: 3,
      sortBy: (model) => model.contextLength,
      cell: (model) => integer(model.contextLength),
    },
    {
      id: 'memory',
      label: 'Memory',
      help: 'Predicted peak while training a LoRA adapter.',
      align: 'right',
      width: '88px',
      sortBy: (model) => loraOf(fits, model)?.peakBytes ?? Number.POSITIVE_INFINITY,
      cell: (model) => bytes(loraOf(fits, model)?.peakBytes),
    },
    {
      id: 'epoch',
      label: 'An epoch',
      help: 'About how long one pass over the training records takes with LoRA on this computer.',
      align: 'right',
      width: '112px',
      priority: 2,
      sortBy: (model) => loraOf(fits, model)?.secondsPerEpoch ?? Number.POSITIVE_INFINITY,
      cell: (model) => {
        const seconds = loraOf(fits, model)?.secondsPerEpoch;
        return seconds == null ? (
          <span title="Known once a dataset version is frozen.">{missing}</span>
        ) : (
          about(seconds)
        );
      },
    },
    {
      id: 'fit',
      label: 'Fit',
      width: '104px',
      cell: (model) => {
        if (model.problem) return <Chip tone="danger">Not usable</Chip>;
        const fit = loraOf(fits, model);
        if (!fit) return missing;
        return (
          <Chip tone={verdictWords[fit.verdict].tone} hint={fitSentence(fit)}>
            {verdictWords[fit.verdict].label}
          </Chip>
        );
      },
    },
  ];
}

const parts = [
  { id: 'list', label: 'Ready to use', Part: null },
  { id: 'computer', label: 'On this computer', Part: ComputerPart },
  { id: 'download', label: 'Download', Part: DownloadPart },
  { id: 'create', label: 'Make your own', Part: CreatePart },
];

function Model({ rest }: ScreenProps) {
  const part = parts.find(({ id }) => id === rest[0]) ?? parts[0];
  const projectId = useProjectId();
  const { list, status, error } = useModels();
  const chosen = useChosenModel(projectId);
  const version = useDatasets(projectId)[0];
  const architectures = useCapabilities()?.architectures;
  const [picked, setPicked] = useState<string | null>(null);
  const [filter, setFilter] = useState<Filter>('all');
  const [find, setFind] = useState('');
  const [fault, setFault] = useState<unknown>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const usable = list.filter((model) => !model.problem);
  const fits = useFits(
    usable.map((model) => model.id),
    projectId,
    version?.id ?? null,
  );

  useEffect(() => {
    if (useModels.getState().status === 'idle') void useModels.getState().load();
  }, []);

  const words = find.trim().toLowerCase();
  const shown = list.filter(
    (model) =>
      (!words || `${model.name} ${model.architecture}`.toLowerCase().includes(words)) &&
      (filter === 'all' || (!model.problem && loraOf(fits, model)?.verdict !== 'too-large')),
  );
  const open = list.find((model) => model.id === picked) ?? chosen ?? usable[0] ?? list[0];
  const isChosen = open !== undefined && open.id === chosen?.id;

  const addFolder = async (token: string, resize: boolean) => {
    setFault(null);
    setRefused(token);
    try {
      const model = await call('models.add', { token, resize });
      await useModels.getState().load();
      setPicked(model.id);
      toast(`${model.name} is in the list.`, () => remove(model));
    } catch (thrown) {
      setFault(thrown);
    }
  };

  const add = async () => {
    setFault(null);
    setRefused(null);
    try {
      const folder = await pickFolder({
        title: 'Add a model folder',
        hint: 'The folder with config.json, tokenizer.json and the safetensors files. It is used in place, not copied.',
      });
      if (folder) await addFolder(folder.token, false);
    } catch (thrown) {
      setFault(thrown);
    }
  };

  const remove = async (model: BaseModel) => {
    try {
      await call('models.remove', { modelId: model.id });
      setPicked(null);
      await useModels.getState().load();
      toast(`${model.name} is off the list. Its folder was not touched.`);
    } catch (thrown) {
      setFault(thrown);
    }
  };

  const choose = async () => {
    if (!open) return;
    setBusy(true);
    try {
      await chooseModel(projectId, open.id, Boolean(version));
    } catch (thrown) {
      setFault(thrown);
    } finally {
      setBusy(false);
    }
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `add` reads nothing that changes
  useScreenActions(useMemo(() => [{ id: 'add', label: 'Add a model folder', run: () => void add() }], []));

  return (
    <div className="screen">
      <ScreenHeader
        title="Model"
        sentence="Choose what to start from. Every model is checked on this computer; the network is used only for a download."
        actions={
          <>
            <Button
              kind={!part.Part && list.length === 0 && status === 'ready' ? 'primary' : 'outline'}
              icon={IconFolderPlus}
              onClick={() => void add()}
            >
              Add a folder
            </Button>
            {!part.Part && open && isChosen && (
              <Button
                kind="primary"
                iconAfter={IconArrowRight}
                onClick={() => goTo(version ? 'train' : 'dataset')}
              >
                {version ? 'Set up the training' : 'Build the dataset'}
              </Button>
            )}
            {!part.Part && open && !isChosen && (
              <Button
                kind="primary"
                loading={busy}
                disabled={open.problem !== null}
                hint={open.problem ? open.problem.message : undefined}
                onClick={() => void choose()}
              >
                Use {open.name}
              </Button>
            )}
          </>
        }
      />
      <TabBar
        label="Where models come from"
        current={part.id}
        tabs={parts.map(({ id, label }) => ({
          id,
          label,
          href: hrefTo('model', ...(id === 'list' ? [] : [id])),
        }))}
      />
      {fault !== null && (
        <RefusedNotice
          error={fault}
          onAddRows={refused === null ? undefined : () => addFolder(refused, true)}
        />
      )}
      {status === 'failed' && <ErrorNotice error={error} onRetry={() => void useModels.getState().load()} />}
      {part.Part && <part.Part />}
      {!part.Part && (
        <div className={['columns', styles.columns, open ? '' : styles.alone].join(' ')}>
          <Card
            grow
            padded={false}
            label="Models on this computer"
            footer={
              architectures && (
                <span>
                  Can be trained: {architectures.map((one) => one.label).join(', ')}. Files are safetensors
                  only.
                </span>
              )
            }
          >
            <div className={styles.tools}>
              <SearchField label="Filter by name" value={find} onChange={setFind} className={styles.find} />
              <Segments
                label="Which models"
                value={filter}
                onChange={(next) => setFilter(next)}
                options={[
                  { value: 'all', label: `All ${integer(list.length)}` },
                  { value: 'fits', label: 'Fit this computer' },
                ]}
              />
            </div>
            <div className={styles.tableArea}>
              <DataTable
                label="Models"
                rows={shown}
                columns={columnsWith(fits, chosen?.id)}
                rowKey={(model) => model.id}
                rowHeight={48}
                loading={status === 'loading' || status === 'idle'}
                selected={new Set(open ? [open.id] : [])}
                onSelect={(model) => setPicked(model.id)}
                empty={
                  list.length === 0 ? (
                    <Empty icon={IconBox} title="No model is here yet">
                      Add a folder in Hugging Face format: config.json, tokenizer.json and safetensors files.
                    </Empty>
                  ) : (
                    <Empty title="No model matches">Change the filter, or clear what you typed.</Empty>
                  )
                }
              />
            </div>
          </Card>
          {open && (
            <ModelCard
              key={open.id}
              model={open}
              fits={fits[open.id]}
              isChosen={isChosen}
              onAdded={(model) => setPicked(model.id)}
              onRemove={open.origin === 'starter' && !open.problem ? undefined : () => void remove(open)}
            />
          )}
        </div>
      )}
    </div>
  );
}

export const modelScreen: Screen = {
  id: 'model',
  title: 'Model',
  icon: IconBox,
  order: 3,
  step: 'model',
  place: 'journey',
  needsProject: true,
  Screen: Model,
};
