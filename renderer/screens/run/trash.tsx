// The trash of runs: what was deleted in the last 30 days, and its way back.
import { Modal } from '@mantine/core';
import { IconArrowBackUp, IconTrash } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { dateTime } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { actOnRun } from '../../state/runs.ts';

export function TrashButton({ projectId }: { projectId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button kind="text" icon={IconTrash} onClick={() => setOpen(true)}>
        Trash
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="Deleted runs">
        {open && <Trash projectId={projectId} />}
      </Modal>
    </>
  );
}

function Trash({ projectId }: { projectId: string }) {
  const [runs, setRuns] = useState<Run[] | null>(null);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    call('runs.list', { projectId, trash: true }).then(
      (found) => setRuns(found.filter((run) => run.deletedAt !== null)),
      setError,
    );
  }, [projectId]);
  const restore = async (run: Run) => {
    try {
      await actOnRun('runs.restore', run);
      setRuns((before) => before?.filter((one) => one.id !== run.id) ?? null);
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <div className="stack">
      {error !== undefined && <ErrorNotice error={error} />}
      {runs === null && error === undefined && <Loading label="Reading the trash" lines={3} />}
      {runs?.length === 0 && <p className="muted">The trash is empty. Deleted runs stay here for 30 days.</p>}
      {runs?.map((run) => (
        <div key={run.id} className="row between">
          <span className="grow">
            {run.number}: {run.name} <span className="muted caption">deleted {dateTime(run.deletedAt)}</span>
          </span>
          <Button size="small" icon={IconArrowBackUp} onClick={() => void restore(run)}>
            Restore
          </Button>
        </div>
      ))}
    </div>
  );
}
