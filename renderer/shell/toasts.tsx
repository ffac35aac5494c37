// One toast at a time, above the tray: confirms what was just done and offers Undo. Eight seconds, longer while
// the pointer or the focus is on it. Also the polite live region of the window.
import { IconArrowBackUp, IconX } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { Button, IconButton } from '../components/button.tsx';
import { useUi } from '../state/ui.ts';
import styles from './toasts.module.css';

const shownForMs = 8000;

export function Toasts() {
  const toast = useUi((state) => state.toast);
  const announcement = useUi((state) => state.announcement);
  const [held, setHeld] = useState(false);

  useEffect(() => {
    if (!toast || held) return;
    const timer = setTimeout(() => useUi.setState({ toast: null }), shownForMs);
    return () => clearTimeout(timer);
  }, [toast, held]);

  const close = () => {
    setHeld(false);
    useUi.setState({ toast: null });
  };
  return (
    <>
      <div className="visuallyHidden" role="status">
        {announcement}
      </div>
      {toast && (
        <section
          className={styles.toast}
          aria-label="Just done"
          onMouseEnter={() => setHeld(true)}
          onMouseLeave={() => setHeld(false)}
          onFocus={() => setHeld(true)}
          onBlur={() => setHeld(false)}
        >
          <span>{toast.message}</span>
          {toast.undo && (
            <Button
              size="small"
              kind="text"
              icon={IconArrowBackUp}
              onClick={() => {
                const undo = toast.undo;
                close();
                void undo?.();
              }}
            >
              Undo
            </Button>
          )}
          <IconButton size="small" label="Close" icon={IconX} onClick={close} />
        </section>
      )}
    </>
  );
}
