// Renames a run in place: a pencil beside the title opens a small dialog.
import { Modal } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { renameRun } from '../../state/runs.ts';
import { toast } from '../../state/ui.ts';
import styles from './run.module.css';

export function RenameButton({ run }: { run: Run }) {
  const [open, setOpen] = useState(false);
  const [name, setName] = useState(run.name);
  const [error, setError] = useState<unknown>();
  const save = async (event: FormEvent) => {
    event.preventDefault();
    const before = run.name;
    try {
      await renameRun(run, name.trim());
      setOpen(false);
      toast(`Run ${run.number} is now "${name.trim()}".`, () => renameRun(run, before));
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <>
      <IconButton
        size="small"
        icon={IconPencil}
        label={`Rename run ${run.number}`}
        onClick={() => {
          setName(run.name);
          setError(undefined);
          setOpen(true);
        }}
      />
      <Modal opened={open} onClose={() => setOpen(false)} title={`Rename run ${run.number}`}>
        <form className={styles.rename} onSubmit={(event) => void save(event)}>
          <div className="grow">
            <TextField
              label="Name"
              value={name}
              maxLength={120}
              data-autofocus
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </div>
          <Button type="submit" disabled={name.trim() === ''}>
            Rename
          </Button>
        </form>
        {error !== undefined && <ErrorNotice error={error} />}
      </Modal>
    </>
  );
}
