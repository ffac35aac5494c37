// Records on what basis files may be used: once for one file or for many at once.
import { Modal, Textarea } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Source } from '../../../main/contract/documents.ts';
import { Button } from '../../components/button.tsx';
import { SelectField, TextField } from '../../components/field.tsx';
import { plural } from '../../components/format.ts';
import { ErrorNotice } from '../../components/notice.tsx';
import { useSettings } from '../../state/settings.ts';
import { setRights } from './actions.ts';
import { type Basis, basisWords } from './words.ts';

interface RightsDialogProps {
  projectId: string;
  /** Null closes the dialog. */
  sources: Source[] | null;
  onClose(): void;
}

export function RightsDialog({ projectId, sources, onClose }: RightsDialogProps) {
  const title =
    sources?.length === 1
      ? `Rights of “${sources[0].name}”`
      : `Rights of ${plural(sources?.length ?? 0, 'file')}`;
  return (
    <Modal opened={sources !== null} onClose={onClose} title={title} size={520}>
      {sources && <Form projectId={projectId} sources={sources} onClose={onClose} />}
    </Modal>
  );
}

const bases = Object.entries(basisWords).map(([value, { long }]) => ({ value, label: long }));

function Form({ projectId, sources, onClose }: { projectId: string; sources: Source[]; onClose(): void }) {
  const attester = useSettings((state) => state.settings?.attester ?? '');
  const known = sources.length === 1 ? sources[0].rights : null;
  const [basis, setBasis] = useState<Basis>(known?.basis ?? 'own-work');
  const [who, setWho] = useState(known?.who ?? attester);
  const [note, setNote] = useState(known?.note ?? '');
  const [fault, setFault] = useState<string>();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!who.trim()) {
      setFault('Name who attests the right to use the file.');
      return;
    }
    setBusy(true);
    try {
      await setRights(projectId, sources, { basis, who: who.trim(), note: note.trim() });
      if (!attester)
        void useSettings
          .getState()
          .change({ attester: who.trim() })
          .catch(() => undefined);
      onClose();
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      {error !== null && <ErrorNotice error={error} />}
      <SelectField
        label="Basis for use"
        help="Why you may train a model on these files."
        data={bases}
        value={basis}
        onChange={(value) => setBasis(value as Basis)}
      />
      <TextField
        label="Attested by"
        help="The person who answers for this. The name stays in the project only."
        data-autofocus
        maxLength={200}
        value={who}
        error={fault}
        onChange={(event) => {
          setWho(event.currentTarget.value);
          setFault(undefined);
        }}
      />
      <Textarea
        label="Note (optional)"
        placeholder="Licence, contract number, who agreed"
        autosize
        minRows={2}
        maxRows={6}
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" loading={busy}>
          Record the rights
        </Button>
      </div>
    </form>
  );
}
