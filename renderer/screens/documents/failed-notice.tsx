// Why one file could not be read, and what can be done about it right there.
import { IconRefresh, IconReplace } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import type { Source } from '../../../main/contract/documents.ts';
import { Button } from '../../components/button.tsx';
import { Notice } from '../../components/notice.tsx';
import { leaveOut, replaceSource, reread } from './actions.ts';
import styles from './documents.module.css';

interface FailedNoticeProps {
  projectId: string;
  source: Source;
  onError(error: unknown): void;
}

export function FailedNotice({ projectId, source, onError }: FailedNoticeProps) {
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState('');
  if (!source.failure) return null;
  const locked = /password|encrypt/.test(source.failure.code);

  const unlock = (event: FormEvent) => {
    event.preventDefault();
    reread(projectId, source, { password }).catch(onError);
  };

  return (
    <Notice
      tone="danger"
      title={source.failure.message}
      actions={
        <>
          {locked && !asking && (
            <Button size="small" onClick={() => setAsking(true)}>
              Enter the password
            </Button>
          )}
          {locked && asking && (
            <form className={styles.password} onSubmit={unlock}>
              <input
                type="password"
                autoComplete="off"
                aria-label={`Password of ${source.name}`}
                value={password}
                onChange={(event) => setPassword(event.currentTarget.value)}
              />
              <Button size="small" type="submit" disabled={!password}>
                Read it
              </Button>
            </form>
          )}
          <Button
            size="small"
            icon={IconReplace}
            onClick={() => void replaceSource(projectId, source).catch(onError)}
          >
            Replace the file
          </Button>
          <Button size="small" onClick={() => void leaveOut(projectId, [source], true).catch(onError)}>
            Leave it out
          </Button>
          <Button
            size="small"
            kind="text"
            icon={IconRefresh}
            onClick={() => void reread(projectId, source, {}).catch(onError)}
          >
            Read it again
          </Button>
        </>
      }
    >
      {source.failure.remedy}
    </Notice>
  );
}
