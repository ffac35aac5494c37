// The command palette: screens, actions of this screen, projects, runs, documents and records by text, settings and
// terms. It is a combobox: arrows move, Enter goes, Escape closes.
import { Modal } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react';
import { useUi } from '../state/ui.ts';
import styles from './palette.module.css';
import { useEntries, useRecordEntries } from './palette-entries.ts';
import { type Entry, matching } from './palette-match.ts';

const shownAtMost = 40;

export function Palette() {
  const open = useUi((state) => state.paletteOpen);
  // Leaving goes to another screen, whose heading takes the focus; only closing gives it back.
  const [left, setLeft] = useState(false);
  useEffect(() => {
    if (open) setLeft(false);
  }, [open]);
  return (
    <Modal.Root
      opened={open}
      onClose={close}
      centered={false}
      yOffset={72}
      size={620}
      radius={10}
      returnFocus={!left}
      transitionProps={{ duration: 0 }}
    >
      <Modal.Overlay color="var(--backdrop)" backgroundOpacity={1} />
      <Modal.Content aria-label="Find a screen, record or action">
        <Modal.Body p={0}>{open && <Finder onLeave={() => setLeft(true)} />}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function close(): void {
  useUi.setState({ paletteOpen: false });
}

function Finder({ onLeave }: { onLeave(): void }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [late] = useDebouncedValue(text, 200);
  const entries = useEntries();
  const records = useRecordEntries(late);
  const found = useMemo(
    () => [...matching(entries, text), ...records].slice(0, shownAtMost),
    [entries, text, records],
  );
  const id = useId();

  useEffect(() => {
    document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [at, id]);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onLeave();
    close();
    entry.run();
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: found.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setAt(Math.max(0, Math.min(found.length - 1, next)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      run(found[at]);
    }
  };

  return (
    <div className={styles.finder}>
      <div className={styles.field}>
        <IconSearch size={18} stroke={1.75} aria-hidden />
        <input
          data-autofocus
          // biome-ignore lint/a11y/noAutofocus: what is typed right after Ctrl K must arrive here
          autoFocus
          type="text"
          role="combobox"
          aria-expanded
          aria-controls={`${id}-list`}
          aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
          aria-label="Find a screen, record or action"
          placeholder="Find a screen, record or action"
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div className={styles.list} id={`${id}-list`} role="listbox" aria-label="Found">
        {found.map((entry, index) => (
          <div
            key={entry.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            className={[styles.entry, index === at ? styles.active : ''].join(' ')}
            onMouseMove={() => setAt(index)}
            onClick={() => run(entry)}
            onKeyDown={() => undefined}
          >
            <span className={styles.kind}>{entry.kind}</span>
            <span className="cut">{entry.label}</span>
            {entry.fact && <span className={`${styles.fact} cut`}>{entry.fact}</span>}
            {entry.keys && <kbd>{entry.keys}</kbd>}
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p className={styles.none}>Nothing here is called “{text}”. Try another word.</p>
      )}
      <span className="visuallyHidden" role="status">
        {found.length} found
      </span>
    </div>
  );
}
