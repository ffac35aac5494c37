// "All settings": every field in groups, a search over them, a dot and a reset where a value differs from the preset,
// and one line of help for the field that has the focus.
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import type { BaseModel } from '../../../main/contract/models.ts';
import type { Preset, TrainSettings } from '../../../main/contract/runs.ts';
import type { Capabilities } from '../../../main/contract/settings.ts';
import { Button } from '../../components/button.tsx';
import { Card } from '../../components/card.tsx';
import { Chip } from '../../components/chip.tsx';
import { SearchField } from '../../components/field.tsx';
import { changedFields, faultsOf, findFields, resetField, valueAt, withValue } from './fields.ts';
import { FIELDS, type Group } from './groups.ts';
import { SettingRow, type SettingRowProps } from './setting-row.tsx';
import { valueText } from './texts.ts';
import styles from './train.module.css';

export interface SettingsPanelProps {
  settings: TrainSettings;
  preset: Preset;
  /** Kind of the model: fields that its runs do not read are hidden. */
  task: BaseModel['task'];
  capabilities: Capabilities | null;
  /** What LoRA can be put on in this model. */
  layers: SettingRowProps['layers'];
  runs: SettingRowProps['runs'];
  onChange(settings: TrainSettings): void;
}

export function SettingsPanel(props: SettingsPanelProps) {
  const { settings, preset, task, capabilities, layers, runs, onChange } = props;
  const [query, setQuery] = useState('');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set(['method', 'optimizer']));
  const [focused, setFocused] = useState('learningRate');
  const help = capabilities?.settingHelp ?? {};
  const groups = useMemo(() => findFields(query, settings, help, task), [query, settings, help, task]);
  const changed = useMemo(
    () => new Set(changedFields(settings, preset.settings, task).map((field) => field.path)),
    [settings, preset, task],
  );
  const faults = useMemo(() => faultsOf(settings), [settings]);
  const searching = query.trim() !== '';

  const toggle = (id: string) =>
    setOpen((before) => new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]));
  const row = (group: Group) => (
    <div className={styles.groupFields}>
      {group.fields.map((field) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: only watches which field inside has the focus
        <div key={field.path} className={styles.setting} onFocus={() => setFocused(field.path)}>
          <SettingRow
            field={field}
            settings={settings}
            label={help[field.path]?.label ?? field.label}
            unit={help[field.path]?.unit ?? ''}
            help={help[field.path]?.help ?? ''}
            changed={changed.has(field.path)}
            fault={faults[field.path]}
            layers={layers}
            runs={runs}
            onChange={(value) => onChange(withValue(settings, field.path, value))}
            onReset={() => onChange(resetField(settings, preset.settings, field.path))}
          />
        </div>
      ))}
    </div>
  );

  return (
    <Card
      className={styles.panel}
      title={
        <span className="row">
          All settings{changed.size > 0 && <Chip tone="accent">{changed.size} changed</Chip>}
        </span>
      }
      padded={false}
      divided={false}
      aside={
        changed.size > 0 && (
          <Button size="small" kind="text" onClick={() => onChange(preset.settings)}>
            Reset all
          </Button>
        )
      }
    >
      <div className={styles.panelFind}>
        <SearchField
          label="Find a setting"
          placeholder="Find a setting, such as warm-up"
          value={query}
          onChange={setQuery}
        />
      </div>
      <div className={styles.groups}>
        {groups.length === 0 && <p className={`${styles.inset} muted`}>No setting has these words.</p>}
        {groups.map((group) => {
          const faulty = group.fields.some((field) => faults[field.path]);
          const shown = searching || faulty || open.has(group.id);
          const Chevron = shown ? IconChevronDown : IconChevronRight;
          const marked = group.fields.some((field) => changed.has(field.path));
          return (
            <section key={group.id} className={styles.group}>
              <h3>
                <button
                  type="button"
                  className={styles.groupHead}
                  aria-expanded={shown}
                  onClick={() => toggle(group.id)}
                >
                  <Chevron size={16} stroke={1.75} aria-hidden />
                  {group.label}
                  {marked && !shown && <span className={styles.dot} title="Changed" />}
                  <span className={styles.groupSummary}>{group.summary(settings, task)}</span>
                </button>
              </h3>
              {shown && row(group)}
            </section>
          );
        })}
      </div>
      <HelpLine path={focused} help={help} preset={preset.settings} />
    </Card>
  );
}

function HelpLine({
  path,
  help,
  preset,
}: {
  path: string;
  help: Capabilities['settingHelp'];
  preset: TrainSettings;
}) {
  const field = FIELDS.find((one) => one.path === path);
  if (!field) return null;
  const value = valueAt(preset, path);
  const text = value === undefined ? '' : valueText(field, value);
  return (
    <p className={styles.help}>
      <strong>{help[path]?.label ?? field.label}</strong> {help[path]?.help}
      {help[path]?.unit ? ` Unit: ${help[path].unit}.` : ''}
      {text ? ` Preset: ${text}.` : ''}
    </p>
  );
}
