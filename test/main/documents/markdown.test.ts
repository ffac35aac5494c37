import { expect, test } from 'vitest';
import { readAll } from './packages.ts';

test('sections carry their heading path, and code fences hold no headings', async () => {
  const { parts } = await readAll(
    'guide.md',
    'Intro\n\n# Safety\n\nRead.\n\n## Brakes\n\n```\n# not a heading\n```\n\nTitle two\n=========\nEnd.\n',
  );
  expect(parts.map((part) => part.place)).toEqual(['', 'Safety', 'Safety > Brakes', 'Title two']);
  expect(parts[2].text).toContain('# not a heading');
});
