// The dialog that makes a project: a name, and nothing else that has to be known now.
import { Modal } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { useProjects } from '../../state/projects.ts';
import { goToProject } from '../../state/route.ts';
import { useUi } from '../../state/ui.ts';

const close = () => useUi.setState({ newProjectOpen: false });

export function NewProjectDialog() {
  const open = useUi((state) => state.newProjectOpen);
  return (
    <Modal opened={open} onClose={close} title="New project">
      {open && <Form />}
    </Modal>
  );
}

function Form() {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [fault, setFault] = useState<string>();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!name.trim()) {
      setFault('A project needs a name.');
      return;
    }
    setBusy(true);
    try {
      const project = await call('projects.create', { name: name.trim(), description: description.trim() });
      useProjects.getState().put(project);
      close();
      goToProject(project.id, 'documents');
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void submit(event)} noValidate>
      {error !== null && <ErrorNotice error={error} />}
      <TextField
        label="Name"
        data-autofocus
        maxLength={120}
        value={name}
        error={fault}
        onChange={(event) => {
          setName(event.currentTarget.value);
          setFault(undefined);
        }}
      />
      <TextField
        label="What the model should do (optional)"
        maxLength={2000}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <p className="caption muted">
        The project is one folder on this computer. Copy the folder, and the project is copied.
      </p>
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={close}>Cancel</Button>
        <Button kind="primary" type="submit" loading={busy}>
          Make the project
        </Button>
      </div>
    </form>
  );
}
