// How answers are drawn: temperature and the limits on which tokens may come, in a popover. Kept in the window.
import { Popover } from '@mantine/core';
import { IconAdjustmentsHorizontal } from '@tabler/icons-react';
import { useState } from 'react';
import { SamplingOptions } from '../../../main/contract/chat.ts';
import { Button } from '../../components/button.tsx';
import { NumberField, TextField } from '../../components/field.tsx';
import styles from './chat.module.css';
import { CardTitle } from './parts.tsx';

const storageKey = 'tunesmith.chatOptions';
export const defaultOptions: SamplingOptions = SamplingOptions.parse({});

/** The options of the last time, or the defaults where they cannot be read. */
export function storedOptions(): SamplingOptions {
  try {
    return SamplingOptions.parse(JSON.parse(localStorage.getItem(storageKey) ?? '{}'));
  } catch {
    return defaultOptions;
  }
}

function keep(options: SamplingOptions): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(options));
  } catch {
    // The storage of the window is full or switched off; the options then last until the window closes.
  }
}

type NumberKey = Exclude<keyof SamplingOptions, 'stop'>;
export type SearchKey = 'beams' | 'lengthPenalty';

interface NumberOption<Key extends NumberKey = NumberKey> {
  key: Key;
  label: string;
  help: string;
  whole: boolean;
  min: number;
  max?: number;
  step: number;
}

const fields: NumberOption[] = [
  {
    key: 'temperature',
    label: 'Temperature',
    help: '0 always takes the most probable token; 1 draws as the model believes.',
    whole: false,
    min: 0,
    max: 5,
    step: 0.1,
  },
  {
    key: 'maxNewTokens',
    label: 'Longest answer',
    help: 'The answer is cut here, in tokens.',
    whole: true,
    min: 1,
    max: 8192,
    step: 50,
  },
  {
    key: 'topP',
    label: 'Top p',
    help: 'Draws only from the most probable tokens that together have this share. 1 = all.',
    whole: false,
    min: 0.01,
    max: 1,
    step: 0.05,
  },
  {
    key: 'topK',
    label: 'Top k',
    help: 'Draws only from so many of the most probable tokens. 0 = all.',
    whole: true,
    min: 0,
    step: 10,
  },
  {
    key: 'minP',
    label: 'Min p',
    help: 'Leaves out tokens less probable than this share of the best one. 0 = none.',
    whole: false,
    min: 0,
    max: 1,
    step: 0.05,
  },
  {
    key: 'repetitionPenalty',
    label: 'Repetition penalty',
    help: 'Above 1, tokens that were used already become less probable.',
    whole: false,
    min: 0.1,
    max: 10,
    step: 0.1,
  },
  {
    key: 'seed',
    label: 'Seed',
    help: 'The same seed gives the same answer again. Both columns use the same one.',
    whole: true,
    min: 0,
    step: 1,
  },
];

/** Only for models that search: all others write token by token. Evaluations ask with them too. */
export const searchFields: NumberOption<SearchKey>[] = [
  {
    key: 'beams',
    label: 'Beams',
    help: 'Follows so many answers at once and gives the likeliest as a whole, at the end. 1 = token by token. Needs temperature 0.',
    whole: true,
    min: 1,
    max: 16,
    step: 1,
  },
  {
    key: 'lengthPenalty',
    label: 'Length penalty',
    help: 'With beams: above 0 longer answers win, below 0 shorter ones. 1 compares their average token.',
    whole: false,
    min: -10,
    max: 10,
    step: 0.1,
  },
];

/** What a model is asked with: one that does not search gets no beams that were set for another. */
export function optionsFor(options: SamplingOptions, searches: boolean): SamplingOptions {
  if (searches) return options;
  const { beams, lengthPenalty } = defaultOptions;
  return { ...options, beams, lengthPenalty };
}

/** Why options cannot be used together; the engine refuses them too. */
export function conflictOf({ beams, temperature, repetitionPenalty }: SamplingOptions): string | undefined {
  if (beams === 1) return undefined;
  if (temperature > 0) return 'Beams need temperature 0: they look for the likeliest answer and draw none.';
  return repetitionPenalty === 1 ? undefined : 'Beams need repetition penalty 1: they know no other.';
}

/** "Greedy, seed 42" */
function summary({ beams, temperature, seed }: SamplingOptions): string {
  if (beams > 1 && temperature === 0) return `${beams} beams`;
  return `${temperature === 0 ? 'Greedy' : `Temperature ${temperature}`}, seed ${seed}`;
}

export interface OptionsButtonProps {
  /** As they are kept: the model may be asked with fewer (`optionsFor`). */
  options: SamplingOptions;
  /** Whether it can look for the likeliest answer with beams. */
  searches: boolean;
  onChange(options: SamplingOptions): void;
}

export function OptionsButton({ options, searches, onChange }: OptionsButtonProps) {
  const [open, setOpen] = useState(false);
  const change = (next: SamplingOptions) => {
    if (!SamplingOptions.safeParse(next).success) return;
    keep(next);
    onChange(next);
  };
  const shown = searches ? [...fields, ...searchFields] : fields;
  const changed =
    shown.filter(({ key }) => options[key] !== defaultOptions[key]).length +
    (options.stop.length > 0 ? 1 : 0);
  return (
    <Popover
      opened={open}
      onChange={setOpen}
      position="bottom-end"
      width={300}
      trapFocus
      withinPortal
      classNames={{ dropdown: styles.dropdown }}
    >
      <Popover.Target>
        <Button
          icon={IconAdjustmentsHorizontal}
          aria-haspopup="dialog"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {summary(optionsFor(options, searches))}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="How answers are drawn">
        <div className={styles.options}>
          <CardTitle
            title="How answers are drawn"
            aside={
              changed > 0 && (
                <Button size="small" kind="text" onClick={() => change(defaultOptions)}>
                  Reset
                </Button>
              )
            }
          />
          {shown.map(({ key, label, help, whole, ...limits }) => (
            <NumberField
              key={key}
              {...limits}
              label={label}
              help={help}
              beside
              allowDecimal={!whole}
              changed={options[key] !== defaultOptions[key]}
              error={key === 'beams' ? conflictOf(options) : undefined}
              value={options[key]}
              onChange={(value) => value !== '' && change({ ...options, [key]: Number(value) })}
            />
          ))}
          <TextField
            label="Stop at"
            help="The answer ends before this text. Separate several with a comma; at most 4."
            beside
            changed={options.stop.length > 0}
            defaultValue={options.stop.join(', ')}
            onBlur={(event) =>
              change({
                ...options,
                stop: event.currentTarget.value
                  .split(',')
                  .map((text) => text.trim())
                  .filter(Boolean)
                  .slice(0, 4),
              })
            }
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
