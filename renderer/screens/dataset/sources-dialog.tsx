// Which documents a draft is made from. Only those that were read and have a rights record can be ticked.
import { Modal } from '@mantine/core';
import { useEffect, useState } from 'react';
import type { Source } from '../../../main/contract/documents.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { CheckField } from '../../components/field.tsx';
import { integer, plural } from '../../components/format.ts';
import { Loading } from '../../components/loading.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { whyNotUsed } from '../documents/words.ts';
import styles from './dataset.module.css';

interface SourcesDialogProps {
  projectId: string;
  opened: boolean;
  chosen: string[];
  onClose(): void;
  onChoose(sourceIds: string[]): void;
}

export function SourcesDialog({ projectId, opened, chosen, onClose, onChoose }: SourcesDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Documents of this dataset" size={560}>
      {opened && <List projectId={projectId} chosen={chosen} onClose={onClose} onChoose={onChoose} />}
    </Modal>
  );
}

function List({ projectId, chosen, onClose, onChoose }: Omit<SourcesDialogProps, 'opened'>) {
  const [sources, setSources] = useState<Source[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [ticked, setTicked] = useState(new Set(chosen));
  useEffect(() => {
    call('documents.list', { projectId, limit: 500 })
      .then((reply) => setSources(reply.sources))
      .catch(setError);
  }, [projectId]);

  if (error !== null) return <ErrorNotice error={error} />;
  if (!sources) return <Loading label="Reading the list of documents" />;
  const usable = sources.filter((source) => whyNotUsed(source) === null);
  const toggle = (id: string, on: boolean) => {
    const next = new Set(ticked);
    if (on) next.add(id);
    else next.delete(id);
    setTicked(next);
  };
  return (
    <>
      <ul className={styles.sources}>
        {sources.map((source) => {
          const reason = whyNotUsed(source);
          return (
            <li key={source.id} className={styles.source}>
              <CheckField
                label={source.name}
                checked={ticked.has(source.id) && reason === null}
                disabled={reason !== null}
                onChange={(on) => toggle(source.id, on)}
              />
              <span className="caption muted">
                {reason ??
                  (source.rows === null
                    ? `${integer(source.characters)} characters`
                    : plural(source.rows, 'row'))}
              </span>
            </li>
          );
        })}
      </ul>
      <div className="row wrap between">
        <Button
          size="small"
          kind="text"
          onClick={() => setTicked(new Set(usable.map((source) => source.id)))}
        >
          Tick all {integer(usable.length)} usable
        </Button>
        <span className="row">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            disabled={ticked.size === 0}
            onClick={() => {
              onClose();
              onChoose(usable.map((source) => source.id).filter((id) => ticked.has(id)));
            }}
          >
            Use {plural(ticked.size, 'document')}
          </Button>
        </span>
      </div>
    </>
  );
}
