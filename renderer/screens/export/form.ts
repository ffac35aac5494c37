// The options form of an export format, from the JSON schema that the exporter declares. Only flat objects of choices,
// switches, numbers and short texts are shown; anything else keeps its default. Knows no format by name.

export interface FormField {
  name: string;
  label: string;
  help: string;
  control:
    | { type: 'choice'; values: (string | number)[] }
    | { type: 'switch' }
    | { type: 'number'; whole: boolean; minimum: number | null; maximum: number | null }
    | { type: 'text'; longest: number | null };
  initial: unknown;
}

interface Schema {
  type?: unknown;
  title?: unknown;
  description?: unknown;
  default?: unknown;
  enum?: unknown;
  const?: unknown;
  anyOf?: unknown;
  properties?: unknown;
  minimum?: unknown;
  maximum?: unknown;
  exclusiveMinimum?: unknown;
  maxLength?: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const textOr = (value: unknown, other: string): string => (typeof value === 'string' ? value : other);

/** Fields of an options schema, in its own order; an empty list when the format has no options. */
export function formFields(schema: unknown): FormField[] {
  if (!isObject(schema) || !isObject(schema.properties)) return [];
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const found = isObject(property) ? control(property) : null;
    if (!found) return [];
    const described = property as Schema;
    return [
      {
        name,
        label: textOr(described.title, wordsOf(name)),
        help: textOr(described.description, ''),
        control: found,
        initial: described.default ?? startOf(found),
      },
    ];
  });
}

/** The options that a form starts with. */
export function initialOptions(fields: readonly FormField[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field.name, field.initial]));
}

/** What is wrong with a value, as a sentence; null when it is in order. */
export function optionFault(field: FormField, value: unknown): string | null {
  const { control: kind } = field;
  if (kind.type === 'number') {
    if (typeof value !== 'number' || !Number.isFinite(value)) return 'Enter a number.';
    if (kind.whole && !Number.isInteger(value)) return 'Enter a whole number.';
    if (kind.minimum !== null && value < kind.minimum) return `Enter ${kind.minimum} or more.`;
    if (kind.maximum !== null && value > kind.maximum) return `Enter ${kind.maximum} or less.`;
  }
  if (kind.type === 'text' && kind.longest !== null && String(value).length > kind.longest)
    return `Enter at most ${kind.longest} characters.`;
  return null;
}

function control(schema: Schema): FormField['control'] | null {
  const values = choicesOf(schema);
  if (values) return { type: 'choice', values };
  if (schema.type === 'boolean') return { type: 'switch' };
  if (schema.type === 'integer' || schema.type === 'number')
    return {
      type: 'number',
      whole: schema.type === 'integer',
      minimum: numberOr(schema.minimum) ?? numberOr(schema.exclusiveMinimum),
      maximum: numberOr(schema.maximum),
    };
  if (schema.type === 'string') return { type: 'text', longest: numberOr(schema.maxLength) };
  return null;
}

/** Values of an `enum`, or of an `anyOf` in which every branch is one constant. */
function choicesOf(schema: Schema): (string | number)[] | null {
  const list = Array.isArray(schema.enum)
    ? schema.enum
    : Array.isArray(schema.anyOf)
      ? schema.anyOf.map((branch) => (isObject(branch) ? branch.const : undefined))
      : [];
  const values = list.filter((value) => typeof value === 'string' || typeof value === 'number');
  return values.length > 0 && values.length === list.length ? values : null;
}

function startOf(kind: FormField['control']): unknown {
  if (kind.type === 'choice') return kind.values[0];
  if (kind.type === 'switch') return false;
  return kind.type === 'number' ? (kind.minimum ?? 0) : '';
}

/** How a value of an option is written: "as-base" as "As base", a switch as yes or no. */
export function valueText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return typeof value === 'string' && value.includes('-') ? wordsOf(value) : String(value);
}

/** `shardBytes` and `shard_bytes` as "Shard bytes". */
export function wordsOf(name: string): string {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
