// A frozen version: the same tabs, read-only, with the tokens of the chosen model. Editing makes a copy as the draft.

import { Menu } from '@mantine/core';
import { IconArrowRight, IconDotsVertical, IconDownload, IconPencil, IconTrash } from '@tabler/icons-react';
import { useState } from 'react';
import type { DatasetVersion } from '../../../main/contract/datasets.ts';
import type { BaseModel } from '../../../main/contract/models.ts';
import { call, downloadUrl } from '../../client/client.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Chip } from '../../components/chip.tsx';
import { confirm } from '../../components/confirm-dialog.tsx';
import { date, plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { ScreenHeader } from '../../components/screen-header.tsx';
import { useDatasetsStore } from '../../state/datasets.ts';
import { jobEnd } from '../../state/jobs.ts';
import { goTo } from '../../state/route.ts';
import { toast } from '../../state/ui.ts';
import { ChecksPanel, checkLines } from './checks-panel.tsx';
import { LengthChart } from './length-chart.tsx';
import { RecordsPanel } from './records-panel.tsx';
import { ShapePanel } from './shape-panel.tsx';
import { SplitsPanel } from './splits-panel.tsx';
import type { Draft } from './use-draft.ts';
import { useTokenStats } from './use-records.ts';
import { CleanTab, DatasetTabs, VersionMenu } from './view-parts.tsx';
import { type Tab, totalRecords, withRoles } from './words.ts';

interface VersionViewProps {
  version: DatasetVersion;
  versions: DatasetVersion[];
  draft: Draft;
  model: BaseModel | null;
  tab: Tab;
  find: string;
}

export function VersionView({ version, versions, draft, model, tab, find }: VersionViewProps) {
  const { projectId, recipe, report } = version;
  const { stats, error } = useTokenStats(projectId, version.id, model?.id);
  const [fault, setFault] = useState<unknown>(null);
  const run = (act: Promise<void>) => {
    setFault(null);
    act.catch(setFault);
  };
  const edit = () => {
    draft.change(recipe, `start from version ${version.number}`);
    goTo('dataset', 'draft', tab);
  };
  const limit = model?.contextLength ?? 0;
  const open = checkLines(report, stats, limit).filter((line) => line.state !== 'passed').length;
  const chart = stats ? (
    <LengthChart stats={stats} limit={limit} />
  ) : (
    error === null && model && <Loading label="Counting the tokens of every record" lines={2} />
  );

  return (
    <div className="screen">
      <ScreenHeader
        title="Dataset"
        chip={<Chip tone="info">Version {version.number}, frozen</Chip>}
        sentence={`${version.name}: ${plural(totalRecords(report), 'record')}, frozen on ${date(version.createdAt)}. A frozen version never changes.`}
        actions={
          <>
            <VersionMenu versions={versions} current={version} />
            <Button icon={IconPencil} onClick={edit}>
              Edit a copy
            </Button>
            <MoreMenu version={version} run={run} />
            <Button kind="primary" iconAfter={IconArrowRight} onClick={() => goTo(model ? 'train' : 'model')}>
              {model ? 'Set up the training' : 'Choose a model'}
            </Button>
          </>
        }
      />
      <DatasetTabs view={version.id} tab={tab} recipe={recipe} report={report} open={open} />
      {fault !== null && <ErrorNotice error={fault} />}
      {tab === 'clean' && (
        <CleanTab
          projectId={projectId}
          versionId={version.id}
          recipe={recipe}
          report={report}
          model={model}
          working={false}
          seconds={null}
          chart={chart}
        />
      )}
      {tab === 'shape' && <ShapePanel recipe={recipe} suggestion={draft.suggestion} />}
      {tab === 'records' && (
        <RecordsPanel
          projectId={projectId}
          versionId={version.id}
          previewed={undefined}
          model={model}
          find={find}
          counts={report.records}
        />
      )}
      {tab === 'splits' && (
        <SplitsPanel
          recipe={recipe}
          report={report}
          columns={draft.suggestion?.columns ?? []}
          working={false}
        />
      )}
      {tab === 'checks' && (
        <ChecksPanel
          report={report}
          stats={stats}
          statsError={error}
          model={model}
          frozen
          onRoles={({ roles }) => {
            draft.change(withRoles(recipe, roles), `start from version ${version.number} with other roles`);
            goTo('dataset', 'draft', 'checks');
          }}
        />
      )}
    </div>
  );
}

async function exportJsonl(version: DatasetVersion): Promise<void> {
  const { jobId } = await call('datasets.exportJsonl', {
    projectId: version.projectId,
    versionId: version.id,
  });
  const job = await jobEnd(jobId);
  const token = (job.result as { download?: string } | null)?.download;
  const url = token ? downloadUrl(token) : null;
  if (url) {
    const link = document.createElement('a');
    link.href = url;
    link.download = `${version.name}-${version.number}.jsonl`;
    link.click();
  }
  toast(`Version ${version.number} is written as JSONL.`);
}

async function deleteVersion(version: DatasetVersion): Promise<void> {
  const acts = await confirm({
    title: `Delete version ${version.number} with its ${plural(totalRecords(version.report), 'record')}?`,
    children: 'Runs that used it keep their results, but can no longer be repeated. This cannot be undone.',
    keep: 'Keep it',
    act: `Delete version ${version.number}`,
  });
  if (!acts) return;
  await call('datasets.delete', { projectId: version.projectId, versionId: version.id });
  useDatasetsStore.getState().drop(version.projectId, version.id);
  goTo('dataset');
}

function MoreMenu({ version, run }: { version: DatasetVersion; run(act: Promise<void>): void }) {
  const shape = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <IconButton bordered label="More about this version" icon={IconDotsVertical} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconDownload {...shape} />} onClick={() => run(exportJsonl(version))}>
          Write it as JSONL
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash {...shape} />} onClick={() => run(deleteVersion(version))}>
          Delete version {version.number}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
