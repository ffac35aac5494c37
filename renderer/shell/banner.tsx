// Whole-app trouble, under the header: the connection to the backend is lost, or the projects cannot be read.
import { Button } from '../components/button.tsx';
import { useSlow } from '../components/loading.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { useUi } from '../state/ui.ts';
import styles from './shell.module.css';

export function Banner() {
  const lost = useUi((state) => state.connection === 'lost');
  const shown = useSlow(lost, 800);
  const problem = useUi((state) => state.problem);
  if (problem !== null && !(lost && shown)) {
    const close = () => useUi.setState({ problem: null });
    return (
      <div className={styles.banner}>
        <ErrorNotice
          error={problem}
          actions={
            <Button size="small" onClick={close}>
              Close
            </Button>
          }
        />
      </div>
    );
  }
  if (!lost || !shown) return null;
  return (
    <div className={styles.banner}>
      <Notice
        tone="warning"
        live
        title="Tunesmith does not answer."
        actions={
          <Button size="small" onClick={() => window.location.reload()}>
            Load this window again
          </Button>
        }
      >
        This window connects again by itself, and running work goes on without it. After a restart, open the
        address that Tunesmith prints.
      </Notice>
    </div>
  );
}
