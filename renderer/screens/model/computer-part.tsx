// Models that other programs left on this computer: the Hugging Face cache, LM Studio and Ollama. Those that can be
// trained are added in place; the rest say why not.
import { IconFolderSearch, IconPlus, IconRefresh } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { CachedModel } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { bytes, count, missing } from '../../components/format.ts';
import { useModels } from '../../state/models.ts';
import { hrefTo } from '../../state/route.ts';
import { toast } from '../../state/ui.ts';
import { RefusedNotice } from './add-rows.tsx';
import styles from './model.module.css';

interface Found {
  folders: string[];
  models: CachedModel[];
}

const columnsWith = (add: (model: CachedModel) => void, adding: string | null): Column<CachedModel>[] => [
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
        <span className={`caption ${model.problem ? 'muted' : 'faint'} cut`} title={model.problem?.message}>
          {model.problem?.message ?? model.folder}
        </span>
      </span>
    ),
  },
  {
    id: 'place',
    label: 'Found in',
    width: '150px',
    sortBy: (model) => model.place,
    cell: (model) => model.place,
  },
  {
    id: 'type',
    label: 'Type',
    width: '100px',
    priority: 2,
    cell: (model) => model.architecture ?? missing,
  },
  {
    id: 'parameters',
    label: 'Weights',
    align: 'right',
    width: '84px',
    priority: 2,
    sortBy: (model) => model.parameters ?? 0,
    cell: (model) => count(model.parameters),
  },
  {
    id: 'bytes',
    label: 'On disk',
    align: 'right',
    width: '92px',
    sortBy: (model) => model.bytes,
    cell: (model) => bytes(model.bytes),
  },
  {
    id: 'state',
    label: 'State',
    width: '130px',
    cell: (model) => {
      if (model.modelId !== null) return <Chip tone="success">In the list</Chip>;
      if (model.problem)
        return (
          <Chip tone="warning" hint={`${model.problem.message} ${model.problem.remedy}`}>
            Not trainable
          </Chip>
        );
      return (
        <Button
          size="small"
          icon={IconPlus}
          loading={adding === model.key}
          aria-label={`Add ${model.name} to the list`}
          onClick={() => add(model)}
        >
          Add
        </Button>
      );
    },
  },
];

export function ComputerPart() {
  const [found, setFound] = useState<Found | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [refused, setRefused] = useState<CachedModel | null>(null);
  const [adding, setAdding] = useState<string | null>(null);

  const look = () => {
    setFault(null);
    setRefused(null);
    call('models.cached', {}).then(setFound, setFault);
  };
  useEffect(look, []);

  const add = async (model: CachedModel, resize = false) => {
    setAdding(model.key);
    setFault(null);
    setRefused(model);
    try {
      await call('models.addCached', { key: model.key, resize });
      await useModels.getState().load();
      toast(`${model.name} is in the list.`);
      look();
    } catch (thrown) {
      setFault(thrown);
    } finally {
      setAdding(null);
    }
  };

  return (
    <>
      {fault !== null && (
        <RefusedNotice
          error={fault}
          onAddRows={refused === null ? undefined : () => add(refused, true)}
          onRetry={look}
        />
      )}
      <Card
        grow
        padded={false}
        title="On this computer"
        sub={found ? 'used in place, not copied' : undefined}
        aside={
          <Button size="small" icon={IconRefresh} onClick={look}>
            Look again
          </Button>
        }
        footer={found && <span className={styles.folder}>Looked into: {found.folders.join(', ')}</span>}
      >
        <DataTable
          label="Models on this computer"
          rows={found?.models ?? []}
          columns={columnsWith((model) => void add(model), adding)}
          rowKey={(model) => model.key}
          rowHeight={48}
          loading={found === null && fault === null}
          empty={
            <Empty
              icon={IconFolderSearch}
              title="No other program left a model here"
              actions={<Button href={hrefTo('model', 'download')}>Download a model</Button>}
            >
              Tunesmith looks into the Hugging Face cache and the folders of LM Studio and Ollama.
            </Empty>
          }
        />
      </Card>
    </>
  );
}
