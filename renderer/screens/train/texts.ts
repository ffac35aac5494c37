// Values of settings as text to read; lists and tables as one line that a person can type, and back. What is no number
// becomes NaN, so that the contract finds the fault.
import type { FieldKind } from './controls.ts';
import { fieldText, parseNumber } from './fields.ts';
import type { Field } from './groups.ts';

type Kind = Extract<FieldKind, { example: string }>['type'];
type ByName = Record<string, number>;

const pieces = (text: string): string[] =>
  text
    .split(/[,;\n]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');

/** "0-3, 8": runs of three numbers or more are drawn together. */
function layersText(layers: readonly number[]): string {
  const sorted = [...new Set(layers)].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end += 1;
    if (end - i < 2) end = i;
    parts.push(end === i ? String(sorted[i]) : `${sorted[i]}-${sorted[end]}`);
    i = end + 1;
  }
  return parts.join(', ');
}

const longestRange = 1000;

function parseLayers(text: string): number[] {
  return pieces(text).flatMap((piece) => {
    const range = /^(\d+)\s*(?:-|–|to)\s*(\d+)$/.exec(piece);
    if (range === null) return parseNumber(piece) ?? Number.NaN;
    const [first, last] = [Number(range[1]), Number(range[2])];
    if (last < first || last - first > longestRange) return Number.NaN;
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

function parseByName(text: string): ByName {
  return Object.fromEntries(
    pieces(text).map((piece) => {
      const [name = '', value = ''] = piece.split(/[=:]/).map((part) => part.trim());
      return [name, parseNumber(value) ?? Number.NaN];
    }),
  );
}

const rules: { [K in Kind]: { text: (value: never) => string; parse: (text: string) => unknown } } = {
  names: { text: (value: readonly string[]) => value.join(', '), parse: pieces },
  layers: { text: layersText, parse: parseLayers },
  numbersByName: {
    text: (value: ByName) =>
      Object.entries(value)
        .map(([name, one]) => `${name} = ${one}`)
        .join(', '),
    parse: parseByName,
  },
};

export function listText(kind: Kind, value: unknown): string {
  return rules[kind].text(value as never);
}

export function parseList(kind: Kind, text: string): unknown {
  return rules[kind].parse(text);
}

/** A value as it is shown where it cannot be changed. */
export function valueText({ kind, zero, empty }: Field, value: unknown): string {
  switch (kind.type) {
    case 'choice':
      return kind.choices.find((choice) => choice.value === value)?.label ?? '';
    case 'run':
      return value === null ? 'base model' : 'another run';
    case 'names':
    case 'layers':
    case 'numbersByName':
      return listText(kind.type, value) || (kind.type === 'layers' ? 'all' : 'none');
    case 'prompts':
      return (value as string[]).join(', ') || 'from validation';
    case 'targets':
      return Array.isArray(value) ? value.join(', ') : 'all linear layers';
    case 'switch':
      return value === true ? 'on' : 'off';
    default:
      if (value === null) return empty ?? '';
      return value === 0 && zero ? zero : fieldText(kind, value);
  }
}
