// Asks before what cannot be undone: `await confirm({title, children, keep, act, typed?})` is true when the person acts.
// The buttons repeat the verb, the focus starts on the safe one. <ConfirmHost/> stands once in the shell.
import { Modal } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { create } from 'zustand';
import { Button } from './button.tsx';
import styles from './confirm-dialog.module.css';
import { TextField } from './field.tsx';

export interface Question {
  /** Names the thing and its size: "Delete run 7 and its 2 checkpoints (118 MB)?" */
  title: string;
  /** What follows. */
  children?: ReactNode;
  /** The safe button, such as "Keep it". */
  keep: string;
  /** The other one, such as "Delete run 7". */
  act: string;
  /** For what no trash keeps: this name must be typed. */
  typed?: string;
  danger?: boolean;
}

interface Asked extends Question {
  answer(acts: boolean): void;
}

const useQuestion = create<{ asked: Asked | null }>(() => ({ asked: null }));

export function confirm(question: Question): Promise<boolean> {
  useQuestion.getState().asked?.answer(false);
  return new Promise((resolve) => {
    useQuestion.setState({
      asked: {
        ...question,
        answer(acts) {
          useQuestion.setState({ asked: null });
          resolve(acts);
        },
      },
    });
  });
}

export function ConfirmHost() {
  const asked = useQuestion((state) => state.asked);
  return (
    <Modal
      opened={asked !== null}
      onClose={() => asked?.answer(false)}
      title={asked?.title}
      withCloseButton={false}
    >
      {asked && <Body key={asked.title} asked={asked} />}
    </Modal>
  );
}

function Body({ asked }: { asked: Asked }) {
  const [typed, setTyped] = useState('');
  const ready = !asked.typed || typed === asked.typed;
  return (
    <>
      {asked.children && <div className={styles.words}>{asked.children}</div>}
      {asked.typed && (
        <TextField
          label={`Type "${asked.typed}" to go on`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <div className={styles.actions}>
        <Button data-autofocus onClick={() => asked.answer(false)}>
          {asked.keep}
        </Button>
        <Button
          kind={asked.danger === false ? 'primary' : 'danger'}
          disabled={!ready}
          onClick={() => asked.answer(true)}
        >
          {asked.act}
        </Button>
      </div>
    </>
  );
}
