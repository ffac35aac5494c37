// Rewrites a Word document so that everything a reader sees is plain paragraphs: tracked changes accepted
// (A03), automatic numbers written out (A04), each text box and note once, after its paragraph (A05). What
// comes out is simple WordprocessingML for mammoth. Does not know about zip packages or HTML.
import type { Numbering } from './docx-numbering.ts';
import { childOf, childrenOf, childValue, type XmlElement } from './xml.ts';

export interface Rewritten {
  document: XmlElement;
  /** Insertions, deletions and moves that were accepted; a move counts once. */
  trackedChanges: number;
  textBoxes: number;
  notes: number;
  hiddenRuns: number;
}

/** Parts that the document refers to; any may be missing. */
export interface Companions {
  footnotes: XmlElement | undefined;
  endnotes: XmlElement | undefined;
  numbering: Numbering;
}

type Node = XmlElement | string;

/** A paragraph that is not finished, because the mark at its end is deleted. */
interface OpenParagraph {
  content: XmlElement[];
  /** Text boxes and notes that follow it. */
  after: XmlElement[];
  properties: XmlElement | undefined;
}

/** Wrappers whose content is read as if they were not there. */
const transparent = new Set([
  'w:ins',
  'w:moveTo',
  'w:smartTag',
  'w:customXml',
  'w:sdt',
  'w:sdtContent',
  'w:hyperlink',
  'w:fldSimple',
  'w:dir',
  'w:bdo',
  'w:ruby',
  'w:rubyBase',
  'mc:Choice',
  'mc:Fallback',
  'm:oMathPara',
]);
/** Left out with everything in them. */
const dropped = new Set(['w:del', 'w:moveFrom', 'w:rt', 'w:rubyPr', 'w:sdtPr', 'w:sdtEndPr', 'w:smartTagPr']);
const droppedInRuns = new Set([
  'w:footnoteRef',
  'w:endnoteRef',
  'w:softHyphen',
  'w:commentReference',
  'w:instrText',
  'w:fldChar',
  'w:delText',
  'w:delInstrText',
]);
const pictures = new Set(['w:drawing', 'w:pict', 'w:object', 'v:shape', 'v:group', 'v:rect', 'v:textbox']);

export function rewriteDocument(root: XmlElement, companions: Companions): Rewritten {
  const rewriter = createRewriter(companions);
  const body = childOf(root, 'w:body');
  const blocks = rewriter.blocks(body?.children ?? []);
  const document = element('w:document', [element('w:body', blocks)]);
  return { document, ...rewriter.counts };
}

function createRewriter(companions: Companions) {
  const counts = { trackedChanges: 0, textBoxes: 0, notes: 0, hiddenRuns: 0 };
  const noteTables = {
    'w:footnoteReference': notesOf(companions.footnotes, 'w:footnote'),
    'w:endnoteReference': notesOf(companions.endnotes, 'w:endnote'),
  };

  /** Paragraphs and tables in order. A paragraph whose mark is deleted runs on into the next one. */
  const blocks = (nodes: Node[]): XmlElement[] => {
    const done: XmlElement[] = [];
    const open: OpenParagraph = { content: [], after: [], properties: undefined };
    let isOpen = false;
    const close = () => {
      if (isOpen) done.push(paragraph(open.properties, open.content), ...open.after);
      Object.assign(open, { content: [], after: [], properties: undefined });
      isOpen = false;
    };
    for (const node of flatten(nodes)) {
      if (node.name === 'w:p') {
        isOpen = true;
        open.properties = childOf(node, 'w:pPr');
        open.content.push(...inline(node.children, open.after));
        if (!markIsDeleted(open.properties)) close();
      } else if (node.name === 'w:tbl') {
        close();
        done.push(table(node));
      }
    }
    close();
    return done;
  };

  /** Block elements with wrappers opened and one branch of each alternative taken. */
  const flatten = (nodes: Node[]): XmlElement[] =>
    nodes.flatMap((node) => {
      if (typeof node === 'string') return [];
      if (node.name === 'mc:AlternateContent') return flatten(chosenBranch(node));
      if (dropped.has(node.name)) return dropChange(node);
      if (!transparent.has(node.name)) return [node];
      noteChange(node);
      return flatten(node.children);
    });

  /** Runs of a paragraph; text boxes and notes found on the way are put into `after`. */
  const inline = (nodes: Node[], after: XmlElement[]): XmlElement[] =>
    nodes.flatMap((node) => {
      if (typeof node === 'string' || node.name === 'w:pPr') return [];
      if (node.name === 'mc:AlternateContent') return inline(chosenBranch(node), after);
      if (dropped.has(node.name)) return dropChange(node);
      if (pictures.has(node.name)) return textBoxes(node, after);
      if (node.name === 'm:oMath') return [run([textElement(textOf(node))])];
      if (node.name === 'w:r') return [runOf(node, after)];
      if (!transparent.has(node.name)) return [];
      noteChange(node);
      return inline(node.children, after);
    });

  const runOf = (node: XmlElement, after: XmlElement[]): XmlElement => {
    const properties = childOf(node, 'w:rPr');
    if (isOn(childOf(properties, 'w:vanish'))) {
      counts.hiddenRuns++;
      return run([]);
    }
    const content = node.children.flatMap((child): XmlElement[] => {
      if (typeof child === 'string' || droppedInRuns.has(child.name)) return [];
      if (child.name === 'mc:AlternateContent') return inRun(chosenBranch(child), after);
      return inRun([child], after);
    });
    const raised = childOf(properties, 'w:vertAlign');
    return run(raised === undefined ? content : [element('w:rPr', [raised]), ...content]);
  };
  const inRun = (nodes: Node[], after: XmlElement[]): XmlElement[] =>
    nodes.flatMap((node) => {
      if (typeof node === 'string' || node.name === 'w:rPr') return [];
      if (node.name === 'w:ruby')
        return inline(node.children, after).flatMap(({ children }) => children as XmlElement[]);
      if (pictures.has(node.name)) return textBoxes(node, after);
      const notes = noteTables[node.name as keyof typeof noteTables]?.get(node.attributes['w:id']);
      if (notes === undefined) return node.name in noteTables ? [] : [node];
      counts.notes++;
      after.push(...blocks(notes.children));
      return [];
    });

  /** Text boxes of a picture, also of boxes inside boxes: `blocks` finds those again. */
  const textBoxes = (node: XmlElement, after: XmlElement[]): [] => {
    for (const child of node.children) {
      if (typeof child === 'string') continue;
      if (child.name === 'w:txbxContent') {
        counts.textBoxes++;
        after.push(...blocks(child.children));
      } else if (child.name === 'mc:AlternateContent') {
        textBoxes(element('', chosenBranch(child)), after);
      } else textBoxes(child, after);
    }
    return [];
  };

  const table = (node: XmlElement): XmlElement => {
    const rows = flatten(node.children).flatMap((row) => {
      if (row.name !== 'w:tr') return [];
      const properties = childOf(row, 'w:trPr');
      const change = childOf(properties, 'w:del') ?? childOf(properties, 'w:ins');
      if (change !== undefined) counts.trackedChanges++;
      if (change?.name === 'w:del') return [];
      const cells = flatten(row.children).filter((cell) => cell.name === 'w:tc');
      return [
        element(
          'w:tr',
          cells.map((cell) => cellOf(cell)),
        ),
      ];
    });
    return element('w:tbl', rows);
  };
  const cellOf = (cell: XmlElement): XmlElement => {
    const merge = childrenOf(childOf(cell, 'w:tcPr'), 'w:vMerge');
    const span = childrenOf(childOf(cell, 'w:tcPr'), 'w:gridSpan');
    return element('w:tc', [element('w:tcPr', [...span, ...merge]), ...blocks(cell.children)]);
  };

  /** Writes the automatic number in front; mammoth would drop it. */
  const paragraph = (properties: XmlElement | undefined, content: XmlElement[]): XmlElement => {
    const label = companions.numbering.labelFor(properties);
    const style = childrenOf(properties, 'w:pStyle');
    const hasText = content.some((child) => child.children.some((inner) => typeof inner !== 'string'));
    const number = label === null || label === '' || !hasText ? [] : [run([textElement(label)])];
    return element('w:p', [element('w:pPr', style), ...number, ...content]);
  };

  const dropChange = (node: XmlElement): [] => {
    if (node.name === 'w:del') counts.trackedChanges++;
    return [];
  };
  const noteChange = (node: XmlElement) => {
    if (node.name === 'w:ins' || node.name === 'w:moveTo') counts.trackedChanges++;
  };
  const markIsDeleted = (properties: XmlElement | undefined): boolean => {
    const mark = childOf(properties, 'w:rPr');
    if (childOf(mark, 'w:del') !== undefined) counts.trackedChanges++;
    return childOf(mark, 'w:del') !== undefined || childOf(mark, 'w:moveFrom') !== undefined;
  };

  return { blocks, counts };
}

/** Exactly one branch: the first Choice, else the Fallback (ECMA-376 part 3). */
function chosenBranch(alternate: XmlElement): Node[] {
  return (childOf(alternate, 'mc:Choice') ?? childOf(alternate, 'mc:Fallback'))?.children ?? [];
}

function notesOf(part: XmlElement | undefined, name: string): Map<string, XmlElement> {
  return new Map(childrenOf(part, name).map((note) => [note.attributes['w:id'], note]));
}

function textOf(node: XmlElement): string {
  if (node.name === 'm:t') return node.children.filter((child) => typeof child === 'string').join('');
  return node.children.map((child) => (typeof child === 'string' ? '' : textOf(child))).join('');
}

function isOn(toggle: XmlElement | undefined): boolean {
  return toggle !== undefined && !/^(?:0|false|off)$/.test(toggle.attributes['w:val'] ?? '');
}

function element(name: string, children: Node[]): XmlElement {
  return { name, attributes: {}, children };
}

function run(children: XmlElement[]): XmlElement {
  return element('w:r', children);
}

function textElement(text: string): XmlElement {
  return { name: 'w:t', attributes: { 'xml:space': 'preserve' }, children: [text] };
}

/** Styles as mammoth needs them: names, with every style of an outline level named as that heading. */
export function slimStyles(styles: XmlElement | undefined): XmlElement {
  const all = new Map(childrenOf(styles, 'w:style').map((style) => [style.attributes['w:styleId'], style]));
  const outline = (style: XmlElement | undefined, depth = 0): string | undefined =>
    style === undefined || depth > 20
      ? undefined
      : (childValue(childOf(style, 'w:pPr'), 'w:outlineLvl') ??
        outline(all.get(childValue(style, 'w:basedOn') ?? ''), depth + 1));
  const slim = [...all.values()].map((style): XmlElement => {
    const level = Number(outline(style) ?? 9);
    const name = level < 6 ? `heading ${level + 1}` : (childValue(style, 'w:name') ?? '');
    const attributes = Object.fromEntries(
      Object.entries(style.attributes).filter(([key]) => /^w:(type|styleId|default)$/.test(key)),
    );
    const named: XmlElement = { name: 'w:name', attributes: { 'w:val': name }, children: [] };
    return { name: 'w:style', attributes, children: [named] };
  });
  return element('w:styles', slim);
}
