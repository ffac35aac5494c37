// What the "All settings" panel does with fields: reads and changes values, finds fields, names what differs from the
// preset and what is wrong. Which fields there are is in groups.ts.

import type { BaseModel } from '../../../main/contract/models.ts';
import { type OptimizerSettings, TrainSettings } from '../../../main/contract/runs.ts';
import type { Capabilities, Machine } from '../../../main/contract/settings.ts';
import type { Choice, FieldKind } from './controls.ts';
import { FIELDS, type Field, GROUPS, type Group, OPTIMIZER_DEFAULTS } from './groups.ts';

type Help = Capabilities['settingHelp'];
type Task = BaseModel['task'];

/** Whether a run with these settings on a model of this kind reads the field. */
export function countsFor(field: Field, settings: TrainSettings, task: Task): boolean {
  const suits = (field.tasks?.includes(task) ?? true) || (field.stays?.(settings) ?? false);
  return (field.when?.(settings) ?? true) && suits;
}

/** The value at a path such as `lora.rank`; undefined where the recipe has no such field. */
export function valueAt(settings: TrainSettings, path: string): unknown {
  let value: unknown = settings;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** A copy with one value changed. Another optimizer brings its own usual values. */
export function withValue(settings: TrainSettings, path: string, value: unknown): TrainSettings {
  if (path === 'optimizer.kind') {
    const kind = value as OptimizerSettings['kind'];
    return kind === settings.optimizer.kind ? settings : { ...settings, optimizer: OPTIMIZER_DEFAULTS[kind] };
  }
  const [outer, inner] = path.split('.') as [keyof TrainSettings, string | undefined];
  if (inner === undefined) return { ...settings, [outer]: value };
  return { ...settings, [outer]: { ...(settings[outer] as object), [inner]: value } };
}

/** Whether two values of a field are the same; lists are compared item by item. */
export function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What a field is compared with: the preset's value, or the usual one where the preset has no such field. */
function baseAt(settings: TrainSettings, preset: TrainSettings, path: string): unknown {
  if (path.startsWith('optimizer.') && settings.optimizer.kind !== preset.optimizer.kind)
    return valueAt({ ...settings, optimizer: OPTIMIZER_DEFAULTS[settings.optimizer.kind] }, path);
  if (path === 'startFrom.checkpoint' && preset.startFrom === null) return 'best';
  return valueAt(preset, path);
}

/** Fields that count now and differ from the preset. A change of optimizer is one change, not four. */
export function changedFields(settings: TrainSettings, preset: TrainSettings, task: Task): Field[] {
  return FIELDS.filter((field) => {
    if (!countsFor(field, settings, task)) return false;
    if (field.path === 'optimizer.kind') return settings.optimizer.kind !== preset.optimizer.kind;
    return !sameValue(valueAt(settings, field.path), baseAt(settings, preset, field.path));
  });
}

/** Choices of the devices that this computer has, and the chosen one, each with what stands between it and a run. */
export function presentChoices(
  choices: readonly Choice[],
  machine: Pick<Machine, 'devices'> | null,
  chosen: string,
): Choice[] {
  return choices.flatMap(({ value, label }) => {
    const device = machine?.devices.find((one) => one.provider === value && one.state !== 'absent');
    if (value === 'cpu') return [{ value, label }];
    if (device === undefined)
      return value === chosen && machine !== null
        ? [{ value, label: `${label}: not here` }]
        : value === chosen
          ? [{ value, label }]
          : [];
    const notes = {
      'not-checked': ', checked first',
      checking: ', being checked',
      refused: ': computes wrongly',
    };
    const note = notes[device.state as keyof typeof notes] ?? '';
    return [{ value, label: `${label}${note}` }];
  });
}

/** The value that "reset" gives back. */
export function resetField(settings: TrainSettings, preset: TrainSettings, path: string): TrainSettings {
  if (path === 'optimizer.kind') return { ...settings, optimizer: preset.optimizer };
  const value = baseAt(settings, preset, path);
  return value === undefined ? settings : withValue(settings, path, value);
}

/** Groups with only the fields that match: every word of the query occurs in label, help, path or group. */
export function findFields(query: string, settings: TrainSettings, help: Help, task: Task): Group[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (group: Group, field: Field): boolean => {
    if (!countsFor(field, settings, task)) return false;
    const known = help[field.path];
    const text = [group.label, field.label, field.path, known?.label, known?.help].join(' ').toLowerCase();
    const plain = text.replaceAll('-', '');
    return words.every((word) => text.includes(word) || plain.includes(word.replaceAll('-', '')));
  };
  return GROUPS.map((group) => ({
    ...group,
    fields: group.fields.filter((field) => matches(group, field)),
  })).filter((group) => group.fields.length > 0);
}

/** Faults of all fields at once, by path; an empty object when the settings are in order. */
export function faultsOf(settings: TrainSettings): Record<string, string> {
  const result = TrainSettings.safeParse(settings);
  if (result.success) return {};
  const faults: Record<string, string> = {};
  for (const issue of result.error.issues) {
    const path = issue.path.slice(0, 2).join('.');
    const key = FIELDS.some((field) => field.path === path) ? path : String(issue.path[0]);
    faults[key] ??= sentence(issue);
  }
  return faults;
}

type Issue = NonNullable<ReturnType<typeof TrainSettings.safeParse>['error']>['issues'][number];

function sentence(issue: Issue): string {
  if (issue.code === 'invalid_union' || (issue.code === 'too_small' && issue.origin === 'array'))
    return 'Choose at least one layer.';
  if (issue.code === 'too_small')
    return `Enter ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}.`;
  if (issue.code === 'too_big')
    return `Enter ${issue.inclusive ? `${issue.maximum} or less` : `less than ${issue.maximum}`}.`;
  if (issue.code === 'invalid_type')
    return issue.expected === 'int' ? 'Enter a whole number.' : 'Enter a number.';
  return 'Enter another value.';
}

/** A number as a person types it: `2e-4`, `0,05` and a true minus sign are understood; null when it is none. */
export function parseNumber(text: string): number | null {
  const plain = text
    .trim()
    .replace('−', '-')
    .replace(/^(-?\d*),(\d+(?:[eE].*)?)$/, '$1.$2');
  if (plain === '') return null;
  const value = Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** How a value stands in its field. Learning rates keep the form `2.0e-4`. */
export function fieldText(kind: FieldKind, value: unknown): string {
  if (typeof value !== 'number') return value === undefined || value === null ? '' : String(value);
  if (kind.type === 'scientific' && value !== 0) {
    const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent.replace('+', '')}`;
  }
  return String(value);
}
