// The presets as a row of radio cards: what each is for, its epochs, time and peak memory.
import type { Plan, Preset } from '../../../main/contract/runs.ts';
import { Chip } from '../../components/chip.tsx';
import { bytes, integer, missing } from '../../components/format.ts';
import styles from './train.module.css';
import type { PresetPlans } from './use-plan.ts';
import { presetTime } from './words.ts';

export interface PresetsProps {
  presets: readonly Preset[];
  plans: PresetPlans;
  chosen: string;
  /** Whether values of the chosen preset were changed. */
  changed: boolean;
  onChoose(preset: Preset): void;
}

export function Presets({ presets, plans, chosen, changed, onChoose }: PresetsProps) {
  return (
    <fieldset className={styles.presets}>
      <legend className="visuallyHidden">How long to train</legend>
      {presets.map((preset) => {
        const plan = plans[preset.id];
        return (
          <label key={preset.id} className={styles.preset} data-chosen={preset.id === chosen || undefined}>
            <span className={styles.presetHead}>
              <input
                type="radio"
                name="preset"
                className={styles.radio}
                checked={preset.id === chosen}
                onChange={() => onChoose(preset)}
              />
              <span className="strong">{preset.label}</span>
              {preset.id === chosen && changed ? (
                <Chip tone="accent">Changed</Chip>
              ) : (
                preset.suggested && <Chip tone="accent">Suggested</Chip>
              )}
            </span>
            <span className="caption muted">{preset.description}</span>
            <Facts preset={preset} plan={plan} />
          </label>
        );
      })}
    </fieldset>
  );
}

function Facts({ preset, plan }: { preset: Preset; plan: Plan | 'failed' | undefined }) {
  const known = plan === 'failed' ? undefined : plan;
  const waiting = plan === undefined ? 'planning' : missing;
  const epochs = `${preset.settings.patience > 0 ? 'up to ' : ''}${integer(preset.settings.epochs)}`;
  const rows: [string, string, boolean][] = [
    ['Epochs', epochs, false],
    ['Time', known ? presetTime(preset.settings, known) : waiting, false],
    ['Peak memory', known ? bytes(known.peakBytes) : waiting, known?.verdict === 'too-large'],
  ];
  return (
    <span className={styles.facts}>
      {rows.map(([label, value, bad]) => (
        <span key={label} className={styles.fact}>
          <span>{label}</span>
          <span className={`strong tabular ${bad ? styles.tooLarge : ''}`}>
            {value}
            {bad && <span className="visuallyHidden">, too large for this computer</span>}
          </span>
        </span>
      ))}
    </span>
  );
}
