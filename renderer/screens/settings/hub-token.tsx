// The Hub token for gated and private models: where it is kept is said, and it is never shown again.
import { useEffect, useState } from 'react';
import type { HubToken } from '../../../main/contract/settings.ts';
import { call } from '../../client/client.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import styles from './settings.module.css';

const words: Record<HubToken['kept'], string> = {
  none: 'Needed only for models whose terms you accepted on the Hub, and for private ones. It goes to the Hub alone.',
  keychain: 'A token is kept, encrypted by the keychain of the system. It goes to the Hub alone.',
  memory:
    'A token is kept in memory until Tunesmith ends, as there is no keychain here. It goes to the Hub alone.',
  environment: 'The token of HF_TOKEN is used. One that you save here counts more.',
  file: 'The token that "hf auth login" keeps on this computer is used. One that you save here counts more.',
};

export function HubTokenField() {
  const [kept, setKept] = useState<HubToken['kept'] | null>(null);
  const [text, setText] = useState('');
  const [fault, setFault] = useState<unknown>(null);
  useEffect(() => {
    call('settings.hubToken', {}).then((token) => setKept(token.kept), setFault);
  }, []);
  const save = async (token: string | null) => {
    setFault(null);
    try {
      setKept((await call('settings.setHubToken', { token })).kept);
      setText('');
    } catch (thrown) {
      setFault(thrown);
    }
  };
  return (
    <div className={styles.token}>
      {fault !== null && <ErrorNotice error={fault} />}
      <form
        className="ask"
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') void save(text.trim());
        }}
      >
        <div className="grow">
          <TextField
            label="Hub token"
            help="Made on huggingface.co under Settings, Access tokens, with the right to read."
            type="password"
            autoComplete="off"
            maxLength={500}
            placeholder={kept === 'keychain' || kept === 'memory' ? 'A token is kept' : 'hf_...'}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
        <Button type="submit" disabled={text.trim() === ''}>
          Save the token
        </Button>
        {(kept === 'keychain' || kept === 'memory') && (
          <Button kind="text" onClick={() => void save(null)}>
            Forget it
          </Button>
        )}
      </form>
      <p className="caption muted">{kept ? words[kept] : ''}</p>
    </div>
  );
}
