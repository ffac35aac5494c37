// Small parts of the chat: a title row, and why an answer ended in words.
import type { ReactNode } from 'react';
import type { ChatAnswer } from '../../../main/contract/chat.ts';

export function CardTitle({ title, aside }: { title: string; aside?: ReactNode }) {
  return (
    <div className="row between">
      <h2>{title}</h2>
      {aside}
    </div>
  );
}

export const finishWords: Record<ChatAnswer['finish'], { word: string; help: string }> = {
  stop: { word: 'stopped by itself', help: 'The model gave its end token, or a text of "Stop at" came.' },
  length: { word: 'cut at the limit', help: 'The longest answer was reached. Raise it in the options.' },
  cancelled: { word: 'stopped by you', help: 'What was written until then is kept.' },
};
