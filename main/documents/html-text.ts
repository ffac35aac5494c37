// HTML elements to readable text: sections with heading paths, lists with their marks, one line a table
// row, cells and paragraphs never glued together. Walks without recursion, since pages nest thousands of
// levels deep. Shared by the HTML and DOCX importers; does not know where the elements come from.

/** The few DOM properties used here; linkedom and browsers have them. */
export interface HtmlNode {
  nodeType: number;
  nodeName: string;
  nodeValue: string | null;
  firstChild: HtmlNode | null;
  nextSibling: HtmlNode | null;
  getAttribute?(name: string): string | null;
}

export interface HtmlSection {
  /** Heading path: "Safety > Brakes"; empty before the first heading. */
  place: string;
  text: string;
}

/** A block under construction. `inline` holds text until the next block border. */
interface Frame {
  join: string;
  blocks: string[];
  inline: string;
  /** What a list item starts with. */
  mark: string;
  /** Lists: number of the next item, or null for bullets. */
  next: number | null;
  style: string;
}

const skipped = new Set(
  (
    'SCRIPT STYLE NOSCRIPT TEMPLATE HEAD SVG MATH IFRAME OBJECT CANVAS SELECT TEXTAREA AUDIO ' +
    'VIDEO BUTTON'
  ).split(' '),
);
const blockTags = new Set(
  (
    'ADDRESS ARTICLE ASIDE BLOCKQUOTE BODY DETAILS DIALOG DIV DD DT FIELDSET FIGCAPTION FIGURE ' +
    'FOOTER FORM HEADER HGROUP HR HTML LEGEND MAIN NAV P PRE SEARCH SECTION SUMMARY CENTER ' +
    'CAPTION THEAD TBODY TFOOT'
  ).split(' '),
);
/** Elements that gather their blocks, with what stands between these. */
const frameTags: Record<string, string> = {
  UL: '\n',
  OL: '\n',
  MENU: '\n',
  DL: '\n',
  LI: '\n',
  TABLE: '\n',
  TR: ' | ',
  TD: '\n',
  TH: '\n',
};

/** Text of `root` by section, in document order. */
export function sectionsOf(root: HtmlNode): HtmlSection[] {
  const sections: HtmlSection[] = [];
  const path: string[] = [];
  let frames: Frame[] = [newFrame('\n\n')];
  let heading: number | null = null;
  let preformatted = 0;

  const flush = () => {
    const frame = frames[frames.length - 1];
    const text = preformatted > 0 ? frame.inline.replace(/^\n/, '').trimEnd() : tidy(frame.inline);
    frame.inline = '';
    if (text !== '') frame.blocks.push(text);
  };
  const closeSection = () => {
    flush();
    const text = frames[0].blocks.join('\n\n');
    if (text !== '') sections.push({ place: path.filter((title) => title !== undefined).join(' > '), text });
    frames = [newFrame('\n\n')];
  };
  const enter = (node: HtmlNode, tag: string) => {
    const top = frames[frames.length - 1];
    if (tag === 'BR') top.inline += '\n';
    else if (tag in frameTags) {
      flush();
      frames.push(frameFor(node, tag, frames));
    } else if (/^H[1-6]$/.test(tag)) {
      flush();
      // A heading inside a list or table is a line of it, not a section.
      if (frames.length === 1 && heading === null) {
        closeSection();
        heading = Number(tag[1]);
      }
    } else if (blockTags.has(tag)) {
      flush();
      if (tag === 'PRE') preformatted++;
    }
  };
  const leave = (node: HtmlNode, tag: string) => {
    if (tag in frameTags) {
      flush();
      const frame = frames.pop() ?? newFrame('\n');
      const parent = frames[frames.length - 1];
      const text = closeFrame(frame, tag);
      if (text !== '' || tag === 'TD' || tag === 'TH') parent.blocks.push(text);
    } else if (/^H[1-6]$/.test(tag)) {
      flush();
      if (heading === Number(tag[1])) {
        path.length = heading - 1;
        const title = frames[0].blocks.join(' ').replace(/\s+/g, ' ').slice(0, 120);
        if (title !== '') path[heading - 1] = title;
        heading = null;
      }
    } else if (blockTags.has(tag)) {
      flush();
      if (tag === 'PRE') preformatted--;
    } else if (tag === 'SUP' || tag === 'SUB') raise(node, tag, frames[frames.length - 1]);
  };

  walk(root, enter, leave, (text) => {
    const frame = frames[frames.length - 1];
    frame.inline += preformatted > 0 ? text : text.replace(/[ \t\r\n\f]+/g, ' ');
  });
  closeSection();
  return sections;
}

/** Depth-first without recursion. Hidden elements and their children are left out. */
function walk(
  root: HtmlNode,
  enter: (node: HtmlNode, tag: string) => void,
  leave: (node: HtmlNode, tag: string) => void,
  onText: (text: string) => void,
): void {
  const parents: HtmlNode[] = [];
  let node: HtmlNode | null = root;
  while (node !== null) {
    let child: HtmlNode | null = null;
    if (node.nodeType === 3) onText(node.nodeValue ?? '');
    else if (node.nodeType === 1 && !isHidden(node)) {
      enter(node, node.nodeName.toUpperCase());
      child = node.firstChild;
      if (child === null) leave(node, node.nodeName.toUpperCase());
    }
    if (child !== null) {
      parents.push(node);
      node = child;
      continue;
    }
    while (node !== root && node.nextSibling === null) {
      const parent: HtmlNode | undefined = parents.pop();
      if (parent === undefined) return;
      node = parent;
      leave(node, node.nodeName.toUpperCase());
    }
    if (node === root) return;
    node = node.nextSibling;
  }
}

function newFrame(join: string): Frame {
  return { join, blocks: [], inline: '', mark: '', next: null, style: '' };
}

function frameFor(node: HtmlNode, tag: string, frames: Frame[]): Frame {
  const frame = newFrame(frameTags[tag]);
  if (tag === 'OL') {
    frame.next = Number.parseInt(node.getAttribute?.('start') ?? '1', 10) || 1;
    frame.style = node.getAttribute?.('type') ?? '1';
  }
  if (tag !== 'LI') return frame;
  const list = frames[frames.length - 1];
  if (list.next === null) frame.mark = '- ';
  else {
    const own = Number.parseInt(node.getAttribute?.('value') ?? '', 10);
    if (!Number.isNaN(own)) list.next = own;
    frame.mark = `${formatNumber(list.next, list.style)}. `;
    list.next++;
  }
  return frame;
}

/** Text of a finished frame. Rows with many-line cells put each cell on its own lines. */
function closeFrame(frame: Frame, tag: string): string {
  if (tag === 'TR') {
    if (frame.blocks.every((cell) => cell === '')) return '';
    const manyLines = frame.blocks.some((cell) => cell.includes('\n'));
    if (manyLines) return frame.blocks.filter((cell) => cell !== '').join('\n');
    return withoutEmptyEnd(frame.blocks.join(frame.join));
  }
  const text = frame.blocks.join(frame.join);
  if (tag !== 'LI' || text === '') return text;
  const [first, ...others] = text.split('\n');
  return [frame.mark + first, ...others.map((line) => `  ${line}`)].join('\n');
}

/** Superscript and subscript digits keep their height, so that 10<sup>-3</sup> does not become "10-3". */
function raise(node: HtmlNode, tag: string, frame: Frame): void {
  const child = node.firstChild;
  const text = child?.nodeType === 3 && child.nextSibling === null ? (child.nodeValue ?? '') : '';
  if (text === '' || !frame.inline.endsWith(text)) return;
  const table = tag === 'SUP' ? superscripts : subscripts;
  const raised = [...text.replaceAll('\u2212', '-')].map((character) => table[character]);
  if (raised.some((character) => character === undefined)) return;
  frame.inline = frame.inline.slice(0, -text.length) + raised.join('');
}

const superscripts = tableOf('0123456789+-=()ni', '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ');
const subscripts = tableOf('0123456789+-=()', '₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎');

function tableOf(from: string, to: string): Record<string, string | undefined> {
  return Object.fromEntries([...from].map((character, at) => [character, [...to][at]]));
}

/** 3 as "3", "c", "C", "iii" or "III". Letters repeat after z as Word does: 27 is "aa", 53 is "aaa". */
export function formatNumber(value: number, style: string): string {
  if (value <= 0) return String(value);
  if (style === 'a' || style === 'A') {
    const letter = String.fromCharCode(97 + ((value - 1) % 26)).repeat(Math.ceil(value / 26));
    return style === 'a' ? letter : letter.toUpperCase();
  }
  if (style === 'i' || style === 'I') {
    const roman = toRoman(value);
    return style === 'I' ? roman : roman.toLowerCase();
  }
  return String(value);
}

function toRoman(value: number): string {
  const digits = 'M 1000 CM 900 D 500 CD 400 C 100 XC 90 L 50 XL 40 X 10 IX 9 V 5 IV 4 I 1'.split(' ');
  let rest = value;
  let roman = '';
  for (let at = 0; at < digits.length; at += 2) {
    const worth = Number(digits[at + 1]);
    roman += digits[at].repeat(Math.floor(rest / worth));
    rest %= worth;
  }
  return roman;
}

function isHidden(node: HtmlNode): boolean {
  if (skipped.has(node.nodeName.toUpperCase())) return true;
  if (node.getAttribute === undefined) return false;
  if (node.getAttribute('hidden') !== null) return true;
  return /display\s*:\s*none/i.test(node.getAttribute('style') ?? '');
}

/** Without a last empty cell. By hand, as a pattern takes minutes for long runs of spaces. */
function withoutEmptyEnd(row: string): string {
  let end = row.length;
  while (row[end - 1] === ' ') end--;
  const cut = row.slice(0, end);
  return cut.endsWith(' |') ? cut.slice(0, -2) : cut;
}

/** Collapses spaces inside lines; line breaks made by <br> stay. */
function tidy(text: string): string {
  return text
    .replace(/[ \t]+/g, ' ')
    .replace(/ ?\n ?/g, '\n')
    .trim();
}
