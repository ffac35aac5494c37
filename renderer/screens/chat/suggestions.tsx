// Questions to begin with: records that the run never saw, so that one click shows base beside tuned.
import { useEffect, useState } from 'react';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { Run } from '../../../main/contract/runs.ts';
import { call } from '../../client/client.ts';
import styles from './chat.module.css';

const shownAtMost = 3;

export interface SuggestionsProps {
  run: Run;
  onChoose(question: string): void;
}

export function Suggestions({ run, onChoose }: SuggestionsProps) {
  const [questions, setQuestions] = useState<string[]>([]);
  const { projectId } = run;
  const { versionId } = run.recipe;
  useEffect(() => {
    let current = true;
    heldOutQuestions(projectId, versionId)
      .then((found) => current && setQuestions(found))
      .catch(() => undefined); // the version was deleted: there is nothing to offer
    return () => {
      current = false;
    };
  }, [projectId, versionId]);
  if (questions.length === 0) return null;
  return (
    <section className={styles.suggestions} aria-label={`Records that run ${run.number} never saw`}>
      <p className="caption muted">Or ask what run {run.number} never saw:</p>
      {questions.map((question) => (
        <button key={question} type="button" className={styles.suggestion} onClick={() => onChoose(question)}>
          {question}
        </button>
      ))}
    </section>
  );
}

async function heldOutQuestions(projectId: string, versionId: string): Promise<string[]> {
  for (const split of ['test', 'validation'] as const) {
    const { records } = await call('datasets.records', { projectId, versionId, split, limit: shownAtMost });
    const questions = records.flatMap(questionOf);
    if (questions.length > 0) return questions;
  }
  return [];
}

/** What a person asks in the record; none in texts and in longer conversations. */
function questionOf({ content }: DatasetRecord): string[] {
  if (content.type === 'completion') return [content.prompt];
  if (content.type !== 'chat') return [];
  const asked = content.messages.filter((message) => message.role === 'user');
  return asked.length === 1 ? [asked[0].content] : [];
}
