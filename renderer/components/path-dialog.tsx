// Asks for a folder. `pickFolder({title, hint})` opens the shell's dialog where there is one; in a browser, which has
// none for paths of the computer, a field for the path. Resolves with a file token, or null when cancelled.
import { Modal } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { create } from 'zustand';
import { call } from '../client/client.ts';
import { useSettings } from '../state/settings.ts';
import { Button } from './button.tsx';
import { TextField } from './field.tsx';
import type { FileToken } from './file-drop.tsx';
import { ErrorNotice } from './notice.tsx';

interface Asked {
  title: string;
  hint: string;
  answer(token: FileToken | null): void;
}

const usePathQuestion = create<{ asked: Asked | null }>(() => ({ asked: null }));

export async function pickFolder(question: { title: string; hint: string }): Promise<FileToken | null> {
  if (useSettings.getState().capabilities?.canPickFolders) {
    const picked = await call('files.pick', { kind: 'folder', title: question.title });
    return picked[0] ?? null;
  }
  return askPath(question);
}

/** A path on this computer, typed. */
export function askPath(question: { title: string; hint: string }): Promise<FileToken | null> {
  usePathQuestion.getState().asked?.answer(null);
  return new Promise((resolve) => {
    const answer = (token: FileToken | null) => {
      usePathQuestion.setState({ asked: null });
      resolve(token);
    };
    usePathQuestion.setState({ asked: { ...question, answer } });
  });
}

export function PathHost() {
  const asked = usePathQuestion((state) => state.asked);
  return (
    <Modal opened={asked !== null} onClose={() => asked?.answer(null)} title={asked?.title} size={520}>
      {asked && <Form asked={asked} />}
    </Modal>
  );
}

function Form({ asked }: { asked: Asked }) {
  const [path, setPath] = useState('');
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      asked.answer(await call('files.fromPath', { path: path.trim() }));
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      {error !== null && <ErrorNotice error={error} />}
      <TextField
        label="Path on this computer"
        data-autofocus
        value={path}
        placeholder="/home/you/folder"
        onChange={(event) => setPath(event.currentTarget.value)}
      />
      <p className="caption muted">{asked.hint}</p>
      <div className="row" style={{ justifyContent: 'flex-end' }}>
        <Button onClick={() => asked.answer(null)}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={!path.trim()}>
          Use this folder
        </Button>
      </div>
    </form>
  );
}
