// Your projects: open by row, everything else in the menu of the row. Deleting goes to the trash and can be undone.
import { Menu } from '@mantine/core';
import {
  IconArchive,
  IconCopy,
  IconDotsVertical,
  IconFileExport,
  IconFolder,
  IconPencil,
  IconTrash,
} from '@tabler/icons-react';
import type { Project } from '../../../main/contract/projects.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Chip } from '../../components/chip.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { ago, bytes, integer } from '../../components/format.ts';
import { Notice } from '../../components/notice.tsx';
import { goToProject } from '../../state/route.ts';
import { screens } from '../index.ts';
import styles from './projects.module.css';

export interface ProjectActions {
  rename(project: Project): void;
  duplicate(project: Project): void;
  archive(project: Project, archived: boolean): void;
  exportFile(project: Project): void;
  remove(project: Project): void;
  find(project: Project): void;
}

export function ProjectTable({ projects, actions }: { projects: Project[]; actions: ProjectActions }) {
  const columns: Column<Project>[] = [
    {
      id: 'name',
      label: 'Project',
      sortBy: (project) => project.name,
      cell: (project) => (
        <span className="row wrap">
          <IconFolder size={16} stroke={1.75} aria-hidden />
          <a className={styles.projectName} href={`#/projects/${project.id}/${project.nextStep}`}>
            {project.name}
          </a>
          {project.isSample && <Chip>sample</Chip>}
          {project.archivedAt && <Chip>archived</Chip>}
        </span>
      ),
    },
    {
      id: 'next',
      label: 'Next step',
      width: '22%',
      priority: 2,
      cell: (project) =>
        screens.find((screen) => screen.step === project.nextStep)?.title ?? project.nextStep,
    },
    {
      id: 'runs',
      label: 'Runs',
      align: 'right',
      width: '9%',
      sortBy: (project) => project.runs,
      cell: (project) => integer(project.runs),
    },
    {
      id: 'size',
      label: 'Size',
      align: 'right',
      width: '12%',
      sortBy: (project) => project.sizeBytes,
      cell: (project) => bytes(project.sizeBytes),
    },
    {
      id: 'changed',
      label: 'Changed',
      align: 'right',
      width: '15%',
      sortBy: (project) => -project.changedAt,
      cell: (project) => <span className="muted">{ago(project.changedAt)}</span>,
    },
    {
      id: 'menu',
      label: 'More',
      unlabelled: true,
      width: '44px',
      cell: (project) => <RowMenu project={project} actions={actions} />,
    },
  ];
  return (
    <DataTable
      label="Your projects"
      rows={projects}
      columns={columns}
      rowKey={(project) => project.id}
      onOpen={(project) => {
        if (!project.problem) goToProject(project.id, project.nextStep);
      }}
      detail={(project) =>
        project.problem && (
          <Notice
            tone="warning"
            title={project.problem}
            actions={
              <>
                <Button size="small" onClick={() => actions.find(project)}>
                  Find the folder
                </Button>
                <Button size="small" onClick={() => actions.remove(project)}>
                  Remove it from the list
                </Button>
              </>
            }
          />
        )
      }
    />
  );
}

function RowMenu({ project, actions }: { project: Project; actions: ProjectActions }) {
  const shape = { size: 16, stroke: 1.75, 'aria-hidden': true } as const;
  return (
    <Menu position="bottom-end" width={220} withinPortal>
      <Menu.Target>
        <IconButton size="small" label={`More about ${project.name}`} icon={IconDotsVertical} />
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconPencil {...shape} />} onClick={() => actions.rename(project)}>
          Rename
        </Menu.Item>
        <Menu.Item leftSection={<IconCopy {...shape} />} onClick={() => actions.duplicate(project)}>
          Duplicate
        </Menu.Item>
        <Menu.Item
          leftSection={<IconArchive {...shape} />}
          onClick={() => actions.archive(project, project.archivedAt === null)}
        >
          {project.archivedAt === null ? 'Archive' : 'Take out of the archive'}
        </Menu.Item>
        <Menu.Item leftSection={<IconFileExport {...shape} />} onClick={() => actions.exportFile(project)}>
          Export as one file
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item leftSection={<IconTrash {...shape} />} onClick={() => actions.remove(project)}>
          Move to the trash
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
