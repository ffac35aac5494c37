// What the form of an evaluation offers for each kind of model, drawn to text.
import { MantineProvider } from '@mantine/core';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { StartForm, searchProblem } from '../../../../renderer/screens/evaluate/start-form.tsx';
import { runWith } from '../run/examples.ts';

const drawn = (searches: boolean, writes = true): string =>
  renderToStaticMarkup(
    <MantineProvider>
      <StartForm
        run={runWith()}
        version={undefined}
        searches={searches}
        writes={writes}
        primary
        onStarted={() => undefined}
      />
    </MantineProvider>,
  );

test('beams and their length penalty are asked for only where the model searches', () => {
  for (const words of ['Beams', 'Length penalty']) {
    expect(drawn(true)).toContain(words);
    expect(drawn(false)).not.toContain(words);
  }
  expect(drawn(false)).toContain('Longest answer');
});

test('no length is asked for where answers are given at once', () => {
  expect(drawn(false, false)).not.toContain('Longest answer');
});

test('a search that the backend would refuse is refused in the form, with the limits', () => {
  expect(searchProblem({ beams: 4, lengthPenalty: '-0.5' })).toBeNull();
  expect(searchProblem({ beams: 17, lengthPenalty: 1 })).toContain('1 to 16 beams');
  expect(searchProblem({ beams: '', lengthPenalty: 1 })).toContain('1 to 16 beams');
  expect(searchProblem({ beams: 2, lengthPenalty: 11 })).toContain('-10 to 10');
});
