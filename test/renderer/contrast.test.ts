// Recomputes the WCAG 2 contrast of every colour pair that the interface uses, from the one file that holds colours.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const file = join(import.meta.dirname, '../../renderer/components/styles/tokens.css');
const text = readFileSync(file, 'utf8');

function tokensOf(scheme: 'light' | 'dark'): Record<string, string> {
  const block = text.match(new RegExp(`data-mantine-color-scheme="${scheme}"\\] \\{([^}]*)\\}`))?.[1] ?? '';
  return Object.fromEntries(
    [...block.matchAll(/--(\w+): (#[0-9a-f]{6});/g)].map(([, name, hex]) => [name, hex]),
  );
}

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const texts = [
  'text1',
  'text2',
  'text3',
  'accentText',
  'successText',
  'warningText',
  'dangerText',
  'infoText',
];
const fills = ['accent', 'success', 'warning', 'danger', 'info', 'borderStrong', 'focus'];
const surfaces = ['surface0', 'surface1', 'surface2', 'surface3'];
const soft = ['accent', 'success', 'warning', 'danger', 'info'];
const onFills = [
  ['onAccent', 'accent'],
  ['onAccent', 'accentHover'],
  ['onDanger', 'danger'],
  ['onDanger', 'dangerHover'],
  ['learnText', 'learn'],
  ['text2', 'surface3'],
];

describe.each(['light', 'dark'] as const)('in %s', (scheme) => {
  const tokens = tokensOf(scheme);

  it('text reaches 4.5 to 1 on every surface', () => {
    for (const name of texts)
      for (const surface of surfaces)
        expect(contrast(tokens[name], tokens[surface]), `${name} on ${surface}`).toBeGreaterThanOrEqual(4.5);
  });

  it('fills, icons and control edges reach 3 to 1 on every surface', () => {
    for (const name of fills)
      for (const surface of surfaces)
        expect(contrast(tokens[name], tokens[surface]), `${name} on ${surface}`).toBeGreaterThanOrEqual(3);
  });

  it('chips and notices are readable on their soft backgrounds', () => {
    for (const name of soft)
      for (const word of [`${name}Text`, 'text1', 'text2', 'text3'])
        expect(
          contrast(tokens[word], tokens[`${name}Soft`]),
          `${word} on ${name}Soft`,
        ).toBeGreaterThanOrEqual(4.5);
  });

  it('words on filled buttons and tokens reach 4.5 to 1', () => {
    for (const [word, fill] of onFills)
      expect(contrast(tokens[word], tokens[fill]), `${word} on ${fill}`).toBeGreaterThanOrEqual(4.5);
  });

  it('every chart colour reaches 3 to 1 on a card', () => {
    for (let at = 1; at <= 8; at++)
      expect(contrast(tokens[`chart${at}`], tokens.surface1), `chart${at}`).toBeGreaterThanOrEqual(3);
  });
});
