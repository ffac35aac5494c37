// How the window looks and what it asks.
import { useState } from 'react';
import type { Settings } from '../../../main/contract/settings.ts';
import { Card } from '../../components/card.tsx';
import { Segments, SwitchField, TextField } from '../../components/field.tsx';
import { Loading } from '../../components/loading.tsx';
import { useSettings } from '../../state/settings.ts';
import { HubTokenField } from './hub-token.tsx';
import styles from './settings.module.css';

/** Saves a setting; a refusal shows at the top of the screen. */
export function change(changes: Partial<Settings>): void {
  void useSettings
    .getState()
    .change(changes)
    .catch(() => undefined);
}

export function GeneralPart() {
  const settings = useSettings((state) => state.settings);
  if (!settings) {
    return (
      <Card label="General">
        <Loading label="Reading the settings" />
      </Card>
    );
  }
  return (
    <Card title="General" divided className={styles.narrow}>
      <div className="row wrap between">
        <div className="grow">
          <p className="control">Theme</p>
          <p className="caption muted">Light or dark, or as the system does it.</p>
        </div>
        <Segments
          label="Theme"
          value={settings.theme}
          onChange={(theme) => change({ theme })}
          options={[
            { value: 'auto', label: 'As the system' },
            { value: 'light', label: 'Light' },
            { value: 'dark', label: 'Dark' },
          ]}
        />
      </div>
      <SwitchField
        label="Single-letter keys"
        help="J and K step through records, G and a digit goes to a step. Off suits speech input."
        checked={settings.singleLetterKeys}
        onChange={(singleLetterKeys) => change({ singleLetterKeys })}
      />
      <Attester name={settings.attester} />
      <HubTokenField />
    </Card>
  );
}

function Attester({ name }: { name: string }) {
  const [text, setText] = useState(name);
  return (
    <TextField
      label="Name in rights records"
      help="Proposed as the person who attests the right to use a file. It stays in your projects."
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={() => text !== name && change({ attester: text.trim() })}
    />
  );
}
