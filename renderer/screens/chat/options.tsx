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

const fields: {
  key: NumberKey;
  label: string;
  help: string;
  whole: boolean;
  min: number;
  max?: number;
  step: number;
}[] = [
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

export interface OptionsButtonProps {
  options: SamplingOptions;
  onChange(options: SamplingOptions): void;
}

export function OptionsButton({ options, onChange }: OptionsButtonProps) {
  const [open, setOpen] = useState(false);
  const change = (next: SamplingOptions) => {
    if (!SamplingOptions.safeParse(next).success) return;
    keep(next);
    onChange(next);
  };
  const changed =
    fields.filter(({ key }) => options[key] !== defaultOptions[key]).length +
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
          {options.temperature === 0 ? 'Greedy' : `Temperature ${options.temperature}`}, seed {options.seed}
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
          {fields.map(({ key, label, help, whole, ...limits }) => (
            <NumberField
              key={key}
              {...limits}
              label={label}
              help={help}
              beside
              allowDecimal={!whole}
              changed={options[key] !== defaultOptions[key]}
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
