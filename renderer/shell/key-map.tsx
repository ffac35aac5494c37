// The map of all keys, from the same table that the listener uses.
import { Modal } from '@mantine/core';
import { SwitchField } from '../components/field.tsx';
import { useSettings } from '../state/settings.ts';
import { useUi } from '../state/ui.ts';
import styles from './key-map.module.css';
import { keyMap } from './keys.ts';

export function KeyMap() {
  const open = useUi((state) => state.keyMapOpen);
  const single = useSettings((state) => state.settings?.singleLetterKeys ?? true);
  return (
    <Modal opened={open} onClose={() => useUi.setState({ keyMapOpen: false })} title="Keys" size={560}>
      {keyMap.map(({ group, rows }) => (
        <section key={group} className={styles.group}>
          <h3>{group}</h3>
          <dl className={styles.rows}>
            {rows.map(([keys, does]) => (
              <div key={keys} className={styles.row}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
      <SwitchField
        label="Single-letter keys"
        help="Off: letters without Ctrl do nothing, which suits speech input."
        checked={single}
        onChange={(singleLetterKeys) =>
          void useSettings
            .getState()
            .change({ singleLetterKeys })
            .catch(() => undefined)
        }
      />
    </Modal>
  );
}
