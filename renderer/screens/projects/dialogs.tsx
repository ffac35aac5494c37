// Small dialogs of the Projects screen: a name for rename and duplicate, and the trash.
import { Modal } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Project } from '../../../main/contract/projects.ts';
import { Button } from '../../components/button.tsx';
import { confirm } from '../../components/confirm-dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { TextField } from '../../components/field.tsx';
import { bytes, date } from '../../components/format.ts';
import { useProjects } from '../../state/projects.ts';
import { duplicateProject, purgeProject, renameProject, restoreProject } from './actions.ts';
import styles from './projects.module.css';

export interface Naming {
  project: Project;
  what: 'rename' | 'duplicate';
}

interface NameDialogProps {
  naming: Naming | null;
  onClose(): void;
  run(act: () => Promise<void>): void;
}

export function NameDialog({ naming, onClose, run }: NameDialogProps) {
  const title =
    naming?.what === 'rename' ? `Rename “${naming.project.name}”` : `Duplicate “${naming?.project.name}”`;
  return (
    <Modal opened={naming !== null} onClose={onClose} title={title}>
      {naming && <NameForm naming={naming} onClose={onClose} run={run} />}
    </Modal>
  );
}

function NameForm({ naming, onClose, run }: NameDialogProps & { naming: Naming }) {
  const rename = naming.what === 'rename';
  const [name, setName] = useState(rename ? naming.project.name : `${naming.project.name}, copy`);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (!wanted) return;
    onClose();
    run(() => (rename ? renameProject(naming.project, wanted) : duplicateProject(naming.project, wanted)));
  };
  return (
    <form className="stack" onSubmit={submit}>
      <TextField
        label="Name"
        data-autofocus
        maxLength={120}
        value={name}
        error={name.trim() ? undefined : 'A project needs a name.'}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={!name.trim()}>
          {rename ? 'Rename the project' : 'Duplicate the project'}
        </Button>
      </div>
    </form>
  );
}

interface TrashProps {
  opened: boolean;
  onClose(): void;
  run(act: () => Promise<void>): void;
}

export function TrashDialog({ opened, onClose, run }: TrashProps) {
  const trash = useProjects((state) => state.trash);
  const purge = async (project: Project) => {
    onClose();
    const acts = await confirm({
      title: `Delete “${project.name}” for good?`,
      children: `${bytes(project.sizeBytes)} of documents, datasets and runs are removed from the disk. This cannot be undone.`,
      keep: 'Keep it',
      act: 'Delete it for good',
      typed: project.name,
    });
    if (acts) run(() => purgeProject(project));
  };
  return (
    <Modal opened={opened} onClose={onClose} title="Trash" size={560}>
      {trash.length === 0 && (
        <Empty title="The trash is empty">Deleted projects stay here for 30 days.</Empty>
      )}
      <ul>
        {trash.map((project) => (
          <li key={project.id} className={styles.trashRow}>
            <div className="grow">
              <p className="strong cut">{project.name}</p>
              <p className="caption muted">
                {bytes(project.sizeBytes)}, deleted {date(project.deletedAt)}
              </p>
            </div>
            <Button size="small" onClick={() => run(() => restoreProject(project))}>
              Put back
            </Button>
            <Button size="small" kind="text" onClick={() => void purge(project)}>
              Delete for good
            </Button>
          </li>
        ))}
      </ul>
    </Modal>
  );
}
