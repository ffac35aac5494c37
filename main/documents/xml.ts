// XML of office files as a plain tree with canonical prefixes, and back to text. Namespaces are matched by
// their address (strict and transitional), so an unusual prefix changes nothing. The parser is linkedom,
// which expands no foreign entities; it is loaded when the first part is parsed.
import { AppError } from '../errors.ts';

export interface XmlElement {
  /** Canonical name, such as `w:p`; the local name alone for unknown namespaces without a prefix. */
  name: string;
  attributes: Record<string, string>;
  children: (XmlElement | string)[];
}

const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** Prefix and the addresses that mean it; the first one is written. */
const namespaces: Record<string, string[]> = {
  w: [word, 'http://purl.oclc.org/ooxml/wordprocessingml/main'],
  r: [relations, 'http://purl.oclc.org/ooxml/officeDocument/relationships'],
  mc: ['http://schemas.openxmlformats.org/markup-compatibility/2006'],
  wps: ['http://schemas.microsoft.com/office/word/2010/wordprocessingShape'],
  m: [
    'http://schemas.openxmlformats.org/officeDocument/2006/math',
    'http://purl.oclc.org/ooxml/officeDocument/math',
  ],
  v: ['urn:schemas-microsoft-com:vml'],
};
const canonicalPrefixes = new Map(
  Object.entries(namespaces).flatMap(([prefix, uris]) => uris.map((uri) => [uri, prefix] as const)),
);

interface DomNode {
  nodeType: number;
  nodeName: string;
  nodeValue: string | null;
  childNodes: Iterable<DomNode>;
  attributes: Iterable<{ name: string; value: string }>;
}

type Prefixes = ReadonlyMap<string, string>;

/**
 * Parses one XML part; a byte-order mark is skipped.
 * @param label names the part in sentences.
 * @throws AppError `xml-broken` without a root element, `xml-too-deep` beyond `nesting` levels.
 */
export async function parseXml(bytes: Uint8Array, label: string, nesting: number): Promise<XmlElement> {
  const { DOMParser } = await import('linkedom');
  const document = new DOMParser().parseFromString(xmlText(bytes), 'text/xml');
  const root = document.documentElement as unknown as DomNode | null | undefined;
  if (root === null || root === undefined) {
    throw new AppError('xml-broken', `${label} holds no XML.`, 'Save the document again, or leave it out.');
  }
  const build = (node: DomNode, outer: Prefixes, depth: number): XmlElement => {
    if (depth > nesting) {
      throw new AppError(
        'xml-too-deep',
        `${label} nests more than ${nesting} levels deep.`,
        'Save the document again in a simpler form, or leave it out.',
      );
    }
    const own = [...node.attributes];
    const prefixes = prefixesIn(own, outer);
    const attributes: Record<string, string> = {};
    for (const { name, value } of own) {
      if (!/^xmlns(?:$|:)/.test(name)) attributes[canonicalName(name, prefixes, false)] = value;
    }
    const children: (XmlElement | string)[] = [];
    for (const child of node.childNodes) {
      if (child.nodeType === 1) children.push(build(child, prefixes, depth + 1));
      else if (child.nodeType === 3 || child.nodeType === 4) children.push(child.nodeValue ?? '');
    }
    return { name: canonicalName(node.nodeName, prefixes, true), attributes, children };
  };
  return build(root, new Map(), 1);
}

/** UTF-8, or UTF-16 by its byte-order mark, which is removed. */
function xmlText(bytes: Uint8Array): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

/** The file's prefixes, each with the canonical prefix of its address (or itself). */
function prefixesIn(attributes: { name: string; value: string }[], outer: Prefixes): Prefixes {
  const declared = attributes.filter(({ name }) => /^xmlns(?:$|:)/.test(name));
  if (declared.length === 0) return outer;
  const prefixes = new Map(outer);
  for (const { name, value } of declared) {
    const prefix = name.slice(6);
    prefixes.set(prefix, canonicalPrefixes.get(value) ?? prefix);
  }
  return prefixes;
}

/** The default namespace counts for elements, not for attributes. */
function canonicalName(name: string, prefixes: Prefixes, isElement: boolean): string {
  const colon = name.indexOf(':');
  const prefix = colon < 0 ? '' : name.slice(0, colon);
  const local = name.slice(colon + 1);
  const canonical = prefix === '' && !isElement ? '' : (prefixes.get(prefix) ?? prefix);
  return canonical === '' ? local : `${canonical}:${local}`;
}

/** Child elements of that name. */
export function childrenOf(element: XmlElement | undefined, name: string): XmlElement[] {
  const found: XmlElement[] = [];
  for (const child of element?.children ?? []) {
    if (typeof child !== 'string' && child.name === name) found.push(child);
  }
  return found;
}

export function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return childrenOf(element, name)[0];
}

/** Value of the `w:val` of a child, the usual way of WordprocessingML to say something. */
export function childValue(element: XmlElement | undefined, child: string): string | undefined {
  return childOf(element, child)?.attributes['w:val'];
}

/** Writes the tree with the transitional namespaces of its canonical prefixes declared at the root. */
export function writeXml(root: XmlElement): string {
  const declarations = Object.entries(namespaces).map(([prefix, uris]) => ` xmlns:${prefix}="${uris[0]}"`);
  const pieces = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'];
  const write = (element: XmlElement, more: string) => {
    pieces.push(`<${element.name}${more}`);
    for (const [name, value] of Object.entries(element.attributes)) {
      // An attribute of a namespace that is not declared here would make the text unreadable.
      if (isKnown(name)) pieces.push(` ${name}="${escapeXml(value)}"`);
    }
    pieces.push('>');
    for (const child of element.children) {
      if (typeof child === 'string') pieces.push(escapeXml(child));
      else if (isKnown(child.name)) write(child, '');
    }
    pieces.push(`</${element.name}>`);
  };
  write(root, declarations.join(''));
  return pieces.join('');
}

function isKnown(name: string): boolean {
  const colon = name.indexOf(':');
  return colon < 0 || name.startsWith('xml:') || name.slice(0, colon) in namespaces;
}

function escapeXml(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[character] ?? '&quot;')
    .replace(/\p{Cc}|[\uFFFE\uFFFF]/gu, (character) => (/[\t\n\r]/.test(character) ? character : ''));
}
