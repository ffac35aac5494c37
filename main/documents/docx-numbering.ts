// Automatic numbers of a Word document, as Word draws them: "2.1", "(b)", "Article 3:" (field case A04).
// State is the counters; paragraphs must be asked about in document order. Source: ECMA-376 part 1, section
// 17.9.
import { formatNumber } from './html-text.ts';
import { childOf, childrenOf, childValue, type XmlElement } from './xml.ts';

export interface Numbering {
  /**
   * Number of the next paragraph with these properties, with what separates it from the text; null for
   * none.
   */
  labelFor(properties: XmlElement | undefined): string | null;
}

interface Level {
  start: number;
  format: string;
  /** `%1.%2`: counters by level, 1-based. */
  text: string;
  separator: string;
  /** Restarts after a level of this number or higher up (1-based); 0 = never; undefined = after any. */
  restart: number | undefined;
  /** Writes all counters as decimals. */
  legal: boolean;
  style: string | undefined;
}
interface List {
  id: string;
  levels: Map<number, Level>;
  startOverrides: Map<number, number>;
}
interface Style {
  basedOn: string | undefined;
  numbering: XmlElement | undefined;
}

/** Reads `numbering.xml` and the numbering of `styles.xml`; either may be missing. */
export function createNumbering(
  numbering: XmlElement | undefined,
  styles: XmlElement | undefined,
): Numbering {
  const styleTable = stylesOf(styles);
  const lists = listsOf(numbering, styleTable);
  /** By abstract list, so that several lists of one definition count on; undefined = not begun. */
  const counters = new Map<string, (number | undefined)[]>();
  const overridden = new Set<string>();
  return {
    labelFor(properties) {
      const place = placeOf(properties, styleTable, lists);
      if (place === null) return null;
      const { list, number, level } = place;
      const definition = list.levels.get(level);
      if (definition === undefined) return null;
      const counts = counters.get(list.id) ?? [];
      counters.set(list.id, counts);
      const override = list.startOverrides.get(level);
      const key = `${number}:${level}`;
      if (override !== undefined && !overridden.has(key)) {
        overridden.add(key);
        counts[level] = override;
      } else counts[level] = (counts[level] ?? definition.start - 1) + 1;
      restartDeeper(counts, level, list);
      return draw(definition, level, counts, list);
    },
  };
}

/** Levels below begin anew, unless their definition says otherwise. */
function restartDeeper(counts: (number | undefined)[], level: number, list: List): void {
  for (let deeper = level + 1; deeper < counts.length; deeper++) {
    const restart = list.levels.get(deeper)?.restart;
    if (restart === undefined || (restart > 0 && level + 1 <= restart)) counts[deeper] = undefined;
  }
}

function draw(definition: Level, level: number, counts: (number | undefined)[], list: List): string {
  if (definition.format === 'bullet') return '- ';
  const text = definition.text.replace(/%([1-9])/g, (_, digit: string) => {
    const at = Number(digit) - 1;
    const other = list.levels.get(at);
    // A higher level that has no paragraph yet counts as begun.
    if (counts[at] === undefined && at < level) counts[at] = other?.start ?? 1;
    const format = definition.legal ? 'decimal' : (other?.format ?? 'decimal');
    return numberAs(counts[at] ?? 1, format);
  });
  return text.trim() === '' ? '' : text + definition.separator;
}

const letterStyles: Record<string, string> = {
  lowerLetter: 'a',
  upperLetter: 'A',
  lowerRoman: 'i',
  upperRoman: 'I',
};

function numberAs(value: number, format: string): string {
  if (format === 'none') return '';
  if (format === 'decimalZero') return String(value).padStart(2, '0');
  if (format === 'ordinal') {
    const teens = Math.floor((value % 100) / 10) === 1;
    return value + (teens ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th'));
  }
  return formatNumber(value, letterStyles[format] ?? '1');
}

/**
 * List and level of a paragraph: its own properties first, then those of its style and the styles below it.
 */
function placeOf(
  properties: XmlElement | undefined,
  styles: Map<string, Style>,
  lists: Map<string, List>,
): { list: List; number: string; level: number } | null {
  const own = childOf(properties, 'w:numPr');
  let number = childValue(own, 'w:numId');
  let level = childValue(own, 'w:ilvl');
  let styleId = childValue(properties, 'w:pStyle');
  for (let depth = 0; styleId !== undefined && depth < 20; depth++) {
    const style = styles.get(styleId);
    const fromStyle = childValue(style?.numbering, 'w:numId');
    if (number === undefined && fromStyle !== undefined) {
      number = fromStyle;
      // A level may name the style that stands for it.
      const named = [...(lists.get(number)?.levels ?? [])].find(([, { style }]) => style === styleId)?.[0];
      level ??= named === undefined ? childValue(style?.numbering, 'w:ilvl') : String(named);
    }
    styleId = style?.basedOn;
  }
  const list = number === undefined || number === '0' ? undefined : lists.get(number);
  return list === undefined || number === undefined ? null : { list, number, level: Number(level ?? 0) };
}

function stylesOf(styles: XmlElement | undefined): Map<string, Style> {
  return new Map(
    childrenOf(styles, 'w:style').map((style) => {
      const numbering = childOf(childOf(style, 'w:pPr'), 'w:numPr');
      return [style.attributes['w:styleId'] ?? '', { basedOn: childValue(style, 'w:basedOn'), numbering }];
    }),
  );
}

function listsOf(numbering: XmlElement | undefined, styles: Map<string, Style>): Map<string, List> {
  const abstracts = new Map(
    childrenOf(numbering, 'w:abstractNum').map((element) => [element.attributes['w:abstractNumId'], element]),
  );
  const numbers = new Map(
    childrenOf(numbering, 'w:num').map((element) => [element.attributes['w:numId'], element]),
  );
  const abstractOf = (number: XmlElement | undefined, depth = 0): XmlElement | undefined => {
    const abstract = abstracts.get(childValue(number, 'w:abstractNumId') ?? '');
    const link = childValue(abstract, 'w:numStyleLink');
    if (link === undefined || depth > 5) return abstract;
    const linked = childValue(styles.get(link)?.numbering, 'w:numId');
    return abstractOf(numbers.get(linked ?? ''), depth + 1) ?? abstract;
  };
  const lists = new Map<string, List>();
  for (const [id, number] of numbers) {
    const abstract = abstractOf(number);
    if (id === undefined || abstract === undefined) continue;
    const levels = new Map(
      childrenOf(abstract, 'w:lvl').map((level) => [levelNumber(level), levelOf(level)]),
    );
    const startOverrides = new Map<number, number>();
    for (const override of childrenOf(number, 'w:lvlOverride')) {
      const level = childOf(override, 'w:lvl');
      if (level !== undefined) levels.set(levelNumber(override), levelOf(level));
      const start = childValue(override, 'w:startOverride');
      if (start !== undefined) startOverrides.set(levelNumber(override), Number(start));
    }
    lists.set(id, { id: abstract.attributes['w:abstractNumId'], levels, startOverrides });
  }
  return lists;
}

function levelNumber(element: XmlElement): number {
  return Number(element.attributes['w:ilvl'] ?? 0);
}

function levelOf(level: XmlElement): Level {
  const restart = childValue(level, 'w:lvlRestart');
  const suffix = childValue(level, 'w:suff');
  const legal = childOf(level, 'w:isLgl');
  return {
    start: Number(childValue(level, 'w:start') ?? 0),
    format: childValue(level, 'w:numFmt') ?? 'decimal',
    text: childValue(level, 'w:lvlText') ?? '',
    separator: suffix === 'nothing' ? '' : ' ',
    restart: restart === undefined ? undefined : Number(restart),
    legal: legal !== undefined && !/^(?:0|false|off)$/.test(legal.attributes['w:val'] ?? ''),
    style: childValue(level, 'w:pStyle'),
  };
}
