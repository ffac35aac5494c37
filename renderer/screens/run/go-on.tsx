// Goes on with a run that has ended, with more epochs, another learning rate or another patience: from its last
// checkpoint, in the same run, with the optimizer's state.
import { Modal } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import type { Run } from '../../../main/contract/runs.ts';
import { Button } from '../../components/button.tsx';
import { NumberField } from '../../components/field.tsx';
import { ErrorNotice } from '../../components/notice.tsx';
import { goOnWith } from '../../state/runs.ts';
import styles from './run.module.css';

const fields = ['epochs', 'learningRate', 'patience'] as const;
type Values = Record<(typeof fields)[number], number>;

export function GoOnButton({ run }: { run: Run }) {
  const { epochs, learningRate, patience } = run.recipe.settings;
  const before: Values = { epochs, learningRate, patience };
  const [open, setOpen] = useState(false);
  const [values, setValues] = useState(before);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const changed = fields.filter((field) => values[field] !== before[field]);
  const steps = Math.round((run.steps / epochs) * values.epochs);
  const set = (field: keyof Values) => (value: string | number) =>
    setValues({ ...values, [field]: Number(value) });
  const goOn = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await goOnWith(run, Object.fromEntries(changed.map((field) => [field, values[field]])));
      setOpen(false);
    } catch (thrown) {
      setError(thrown);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button
        icon={IconPlayerPlay}
        hint="More epochs, or another learning rate, in this run"
        onClick={() => {
          setValues(before);
          setError(undefined);
          setOpen(true);
        }}
      >
        Go on with changes
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title={`Go on with run ${run.number}`}>
        <form className="stack" onSubmit={(event) => void goOn(event)}>
          <p className="muted">
            The run goes on after step {run.checkpointStep}, with the state of its optimizer and the same
            order of records. Its schedule is made anew from these.
          </p>
          <NumberField
            label="Epochs"
            help="All epochs of the run, those that are done included."
            min={0.1}
            value={values.epochs}
            data-autofocus
            onChange={set('epochs')}
          />
          <NumberField
            label="Learning rate"
            help="The highest rate of the schedule from here on."
            min={0}
            step={values.learningRate / 10}
            value={values.learningRate}
            onChange={set('learningRate')}
          />
          <NumberField
            label="Patience"
            help="Validations without a gain until the run stops early; 0 = it runs to the end."
            min={0}
            allowDecimal={false}
            value={values.patience}
            onChange={set('patience')}
          />
          <div className={styles.goOn}>
            <span className="muted">
              {run.steps > 0 && Number.isFinite(steps)
                ? `Step ${run.checkpointStep} of ${run.steps} now; ${steps} steps then.`
                : ''}
            </span>
            <Button kind="primary" type="submit" loading={busy} disabled={changed.length === 0}>
              Go on
            </Button>
          </div>
        </form>
        {error !== undefined && <ErrorNotice error={error} />}
      </Modal>
    </>
  );
}
