// Where a question is written and sent: Enter sends, Shift-Enter makes a line; while answers come, it stops them.
import { Textarea } from '@mantine/core';
import { IconPlayerStop, IconSend } from '@tabler/icons-react';
import { type KeyboardEvent, type Ref, useState } from 'react';
import { Button } from '../../components/button.tsx';
import styles from './chat.module.css';

export interface ComposerProps {
  /** Why nothing can be sent now; null when it can. */
  blocked: string | null;
  placeholder: string;
  answering: boolean;
  /** A question that is being edited; its answers are replaced. */
  editing: { text: string } | null;
  onSend(text: string): void;
  onStop(): void;
  onCancelEdit(): void;
  ref?: Ref<HTMLTextAreaElement>;
}

export function Composer(props: ComposerProps) {
  const { blocked, placeholder, answering, editing, onSend, onStop, onCancelEdit, ref } = props;
  const [text, setText] = useState(editing?.text ?? '');
  const ready = text.trim() !== '' && blocked === null && !answering;
  const send = () => {
    if (!ready) return;
    onSend(text.trim());
    setText('');
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
    if (event.key === 'Escape' && editing) {
      event.stopPropagation();
      onCancelEdit();
    }
  };
  return (
    <div className={styles.composer}>
      <Textarea
        ref={ref}
        className="grow"
        aria-label="Your question"
        placeholder={placeholder}
        autosize
        minRows={2}
        maxRows={8}
        classNames={{ input: styles.input }}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.composerButtons}>
        {answering ? (
          <Button icon={IconPlayerStop} onClick={onStop}>
            Stop
          </Button>
        ) : (
          <Button kind="primary" icon={IconSend} disabled={!ready} hint={blocked ?? undefined} onClick={send}>
            {editing ? 'Send again' : 'Send'}
          </Button>
        )}
        {editing && !answering && (
          <Button kind="text" onClick={onCancelEdit}>
            Keep the old one
          </Button>
        )}
      </div>
    </div>
  );
}
