import { expect, test } from 'vitest';
import { joinPassages, provenanceOf, sectionsOf } from '../../../main/datasets/document.ts';
import { normalise } from '../../../main/datasets/steps/unicode.ts';
import { passage } from './samples.ts';

test('a sentence that goes on over a page end is joined, other pages are apart', () => {
  const pages = ['The tenant shall keep the', 'garden in order.', 'The landlord pays.'].map((text) =>
    passage(text),
  );
  expect(joinPassages(pages).text).toBe('The tenant shall keep the garden in order.\n\nThe landlord pays.');
});

test('spans lead back to the imported text, also after cleaning', () => {
  const original = 'An e\uFB03cient\u00AD way, then \r\n another\u0007 one. THE END of it.';
  const cleaned = normalise(original);
  const page = passage(cleaned, { original, start: 1000, end: 1000 + original.length, place: 'page 4' });
  const start = cleaned.indexOf('THE END');
  const [found] = provenanceOf(joinPassages([page]), start, start + 7);
  expect(found).toMatchObject({ place: 'page 4', sourceName: 'a.txt' });
  expect(original.slice(found.start - 1000, found.end - 1000)).toBe('THE END');
});

test('a span over several places names each of them once', () => {
  const texts = ['One.', 'Two.', 'Three.'];
  let at = 0;
  const passages = texts.map((text, index) => {
    const made = passage(text, { start: at, end: at + text.length, place: index < 2 ? 'A' : 'B' });
    at += text.length + 2;
    return made;
  });
  const running = joinPassages(passages);
  expect(provenanceOf(running, 0, running.text.length)).toEqual([
    { sourceId: 'a', sourceName: 'a.txt', place: 'A', start: 0, end: 10 },
    { sourceId: 'a', sourceName: 'a.txt', place: 'B', start: 12, end: 18 },
  ]);
});

test('sections are of about equal length and keep the order', () => {
  const passages = Array.from({ length: 100 }, (_, at) => passage(`Text number ${at}.`));
  const sections = sectionsOf(passages, 20);
  expect(sections).toHaveLength(20);
  expect(sections.flat()).toEqual(passages);
  expect(Math.max(...sections.map((section) => section.length))).toBeLessThanOrEqual(6);
});
