// Download a model from the Hub: by name or address, or from a short list. What would be fetched is shown first; nothing
// is asked of the network before "Look up".
import { IconSearch } from '@tabler/icons-react';
import { type FormEvent, useEffect, useState } from 'react';
import type { HubLookup, SuggestedModel } from '../../../main/contract/models.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { TextField } from '../../components/field.tsx';
import { bytes, count, missing } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { useDatasets } from '../../state/datasets.ts';
import { useProjectId } from '../../state/route.ts';
import { useSettings } from '../../state/settings.ts';
import { chooseModel } from './choose.ts';
import { Downloads, startDownload } from './downloads.tsx';
import { LookupCard } from './lookup-card.tsx';
import styles from './model.module.css';
import { fitSentence, needsToken, verdictWords } from './words.ts';

const columns: Column<SuggestedModel>[] = [
  {
    id: 'name',
    label: 'Model',
    cut: true,
    sortBy: (model) => model.name,
    cell: (model) => (
      <span className={styles.name}>
        <span className="strong cut">{model.name}</span>
        <span className="caption muted cut" title={model.use}>
          {model.use}
        </span>
      </span>
    ),
  },
  {
    id: 'parameters',
    label: 'Weights',
    align: 'right',
    width: '80px',
    sortBy: (model) => model.parameters,
    cell: (model) => count(model.parameters),
  },
  {
    id: 'bytes',
    label: 'Download',
    help: 'About; the exact size is shown when you look it up.',
    align: 'right',
    width: '92px',
    sortBy: (model) => model.bytes,
    cell: (model) => bytes(model.bytes),
  },
  {
    id: 'licence',
    label: 'Licence',
    width: '130px',
    priority: 2,
    cell: (model) => (
      <span title={model.gated ? 'Its terms have to be accepted on the Hub first.' : undefined}>
        {model.licence}
        {model.gated && ', gated'}
      </span>
    ),
  },
  {
    id: 'memory',
    label: 'Memory',
    help: 'Predicted peak while training a LoRA adapter on this computer.',
    align: 'right',
    width: '88px',
    sortBy: (model) => model.fit?.peakBytes ?? Number.POSITIVE_INFINITY,
    cell: (model) => bytes(model.fit?.peakBytes),
  },
  {
    id: 'fit',
    label: 'Fit',
    width: '104px',
    cell: ({ fit }) =>
      fit ? (
        <Chip tone={verdictWords[fit.verdict].tone} hint={fitSentence(fit)}>
          {verdictWords[fit.verdict].label}
        </Chip>
      ) : (
        missing
      ),
  },
];

export function DownloadPart() {
  const projectId = useProjectId();
  const version = useDatasets(projectId)[0];
  const [repository, setRepository] = useState('');
  const [revision, setRevision] = useState('');
  const [suggested, setSuggested] = useState<SuggestedModel[] | null>(null);
  const [found, setFound] = useState<HubLookup | null>(null);
  const [asking, setAsking] = useState(false);
  const [fault, setFault] = useState<unknown>(null);

  useEffect(() => {
    call('models.suggested', {}).then(setSuggested, setFault);
  }, []);

  const lookUp = async (event?: FormEvent) => {
    event?.preventDefault();
    if (repository.trim() === '') return;
    setAsking(true);
    setFault(null);
    setFound(null);
    try {
      setFound(await call('models.lookup', { repository, revision }));
    } catch (thrown) {
      setFault(thrown);
    } finally {
      setAsking(false);
      void useSettings.getState().loadLedger(); // asking is a request already
    }
  };
  const download = async (name: { repository: string; revision: string }) => {
    setFault(null);
    try {
      await startDownload(name);
      setFound(null);
    } catch (thrown) {
      setFault(thrown);
    }
  };
  const use = async (modelId: string) => {
    setFault(null);
    try {
      await chooseModel(projectId, modelId, Boolean(version));
    } catch (thrown) {
      setFault(thrown);
    }
  };

  return (
    <>
      {fault !== null && (
        <ErrorNotice
          error={fault}
          actions={
            needsToken(fault) && (
              <Button size="small" href="#/settings/general">
                Open the settings
              </Button>
            )
          }
        />
      )}
      <Downloads onGoOn={(name) => void download(name)} onUse={use} />
      <Card title="From the Hugging Face Hub" label="From the Hugging Face Hub">
        <form className="ask" onSubmit={(event) => void lookUp(event)}>
          <div className={styles.askName}>
            <TextField
              label="Name or address"
              help="As on the Hub: owner/name, or the address of its page."
              placeholder="HuggingFaceTB/SmolLM2-135M-Instruct"
              value={repository}
              maxLength={500}
              onChange={(event) => setRepository(event.currentTarget.value)}
            />
          </div>
          <TextField
            label="Revision"
            help="A branch, tag or commit. Empty stands for the newest state."
            placeholder="main"
            value={revision}
            maxLength={200}
            onChange={(event) => setRevision(event.currentTarget.value)}
          />
          <Button
            type="submit"
            icon={IconSearch}
            loading={asking}
            kind={found ? 'outline' : 'primary'}
            disabled={repository.trim() === ''}
          >
            Look up
          </Button>
        </form>
        <p className="caption muted">
          Looking up sends the name to the Hub and fetches no weights. Every request stands in the{' '}
          <a href="#/settings/ledger">network ledger</a>.
        </p>
      </Card>
      {found && (
        <LookupCard
          found={found}
          onDownload={() => void download({ repository: found.repository, revision: found.revision })}
        />
      )}
      <Card grow padded={false} title="A short list to begin with" sub="open models that Tunesmith trains">
        <DataTable
          label="Suggested models"
          rows={suggested ?? []}
          columns={columns}
          rowKey={(model) => model.repository}
          rowHeight={48}
          loading={suggested === null && fault === null}
          selected={new Set([repository])}
          onSelect={(model) => {
            setRepository(model.repository);
            setRevision('');
            setFound(null);
          }}
        />
      </Card>
    </>
  );
}
