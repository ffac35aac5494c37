import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStopFilter, cutAtStop } from '../../../main/inference/stop.ts';

function stream(pieces: readonly string[], stops: readonly string[]) {
  const filter = createStopFilter(stops);
  const sent = pieces.map((piece) => filter.push(piece));
  return { sent, text: sent.join('') + filter.end(), stoppedBy: filter.stoppedBy };
}

describe('stop strings', () => {
  it('never reach the reader, though they come in several pieces (field case E03)', () => {
    const { sent, text, stoppedBy } = stream(['Paris', '.\n', '\nQ', 'uestion: what'], ['\n\nQuestion:']);
    expect(text).toBe('Paris.');
    expect(stoppedBy).toBe('\n\nQuestion:');
    expect(sent).toEqual(['Paris', '.', '', '']);
  });

  it('that were only begun are sent when the text goes on otherwise or ends', () => {
    expect(stream(['a<', 'b<', '/', 'c'], ['</s>']).sent).toEqual(['a', '<b', '', '</c']);
    expect(stream(['a</'], ['</s>']).text).toBe('a</');
  });

  it('that repeat their own start are found', () => {
    expect(stream([...'aaab'], ['aab']).text).toBe('a');
    expect(stream([...'ababac'], ['abac']).text).toBe('ab');
  });

  it('the one that begins first wins, even when a later one is complete before it', () => {
    expect(stream([...'xabcdz'], ['c', 'bcd']).text).toBe('xa');
    expect(stream([...'xabcez'], ['c', 'bcd']).text).toBe('xab');
    expect(stream([...'xabc'], ['c', 'bcd'])).toMatchObject({ text: 'xab', stoppedBy: 'c' });
  });

  it('hold back nothing that cannot become one', () => {
    const { sent } = stream(['hello ', 'world'], ['END', '###']);
    expect(sent).toEqual(['hello ', 'world']);
    expect(stream(['any'], []).sent).toEqual(['any']);
    expect(stream(['any'], ['']).text).toBe('any');
  });

  it('cut a stream exactly where they cut the whole text, for any pieces', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '👍'), maxLength: 40 });
    const stops = fc.array(
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '👍'), minLength: 1, maxLength: 5 }),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(letters, stops, fc.array(fc.nat(6)), (text, chosen, sizes) => {
        const found = chosen.map((stop) => text.indexOf(stop)).filter((at) => at !== -1);
        const expected = found.length === 0 ? text : text.slice(0, Math.min(...found));
        const characters = Array.from(text);
        const pieces: string[] = [];
        for (const size of [...sizes, ...new Array<number>(41).fill(1)]) {
          pieces.push(characters.splice(0, size).join(''));
        }
        const streamed = stream(pieces, chosen);
        expect(streamed.text).toBe(expected);
        expect(streamed.stoppedBy !== undefined).toBe(found.length > 0);
        expect(cutAtStop(text, chosen)).toEqual({ text: expected, stoppedBy: streamed.stoppedBy });
      }),
      { seed: 3, numRuns: 2000 },
    );
  });
});
