// Where everything lies, how much room it takes, and the trash.
import { useState } from 'react';
import type { Project } from '../../../main/contract/projects.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/empty.tsx';
import { Figure, FigureStrip } from '../../components/figure.tsx';
import { bytes, bytesParts, integer, plural } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { useModels } from '../../state/models.ts';
import { useProjects } from '../../state/projects.ts';
import { useSettings } from '../../state/settings.ts';
import { TrashDialog } from '../projects/dialogs.tsx';

const columns: Column<Project>[] = [
  {
    id: 'name',
    label: 'Project',
    cell: (project) => (
      <span className="row wrap">
        <span className="strong">{project.name}</span>
        {project.archivedAt !== null && <Chip>archived</Chip>}
      </span>
    ),
    sortBy: (project) => project.name,
  },
  {
    id: 'folder',
    label: 'Folder',
    priority: 2,
    cell: (project) => <span className="muted">{project.folder}</span>,
  },
  {
    id: 'runs',
    label: 'Runs',
    align: 'right',
    width: '72px',
    sortBy: (project) => project.runs,
    cell: (project) => integer(project.runs),
  },
  {
    id: 'size',
    label: 'Size',
    align: 'right',
    width: '104px',
    sortBy: (project) => project.sizeBytes,
    cell: (project) => bytes(project.sizeBytes),
  },
];

export function StoragePart() {
  const machine = useSettings((state) => state.machine);
  const { list, trash, status } = useProjects();
  const models = useModels((state) => state.list);
  const [open, setOpen] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const sum = (projects: Project[]) => projects.reduce((total, project) => total + project.sizeBytes, 0);
  const own = models.filter((model) => ['download', 'scratch', 'grown'].includes(model.origin));
  return (
    <>
      {fault !== null && <ErrorNotice error={fault} />}
      <FigureStrip label="Room on the disk">
        <BytesFigure label="Projects" value={sum(list)} hint={plural(list.length, 'project')} />
        <BytesFigure
          label="Trash"
          value={sum(trash)}
          hint={`${plural(trash.length, 'project')}, kept for 30 days`}
        />
        <BytesFigure
          label="Models of Tunesmith"
          value={own.reduce((total, model) => total + model.bytes, 0)}
          hint="folders that you added are not counted"
        />
        <BytesFigure label="Free" value={machine?.freeDiskBytes} hint="on the disk of the projects" />
      </FigureStrip>
      <Card
        grow
        padded={false}
        title="Projects by size"
        sub={machine && `All in ${machine.homeFolder}`}
        aside={
          <Button size="small" onClick={() => setOpen(true)}>
            Open the trash
          </Button>
        }
      >
        <DataTable
          label="Projects by size"
          rows={list}
          columns={columns}
          rowKey={(project) => project.id}
          loading={status === 'loading'}
          empty={<Empty title="No project takes room yet" />}
        />
      </Card>
      <TrashDialog
        opened={open}
        onClose={() => setOpen(false)}
        run={(act) => {
          setFault(null);
          act().catch(setFault);
        }}
      />
    </>
  );
}

function BytesFigure({ label, value, hint }: { label: string; value: number | undefined; hint: string }) {
  return <Figure label={label} parts={[bytesParts(value)]} hint={hint} />;
}
