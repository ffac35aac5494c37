// Wrong command lines: what was probably meant, and what a newcomer types first.
import { expect, test } from 'vitest';
import { nearest } from '../../../main/cli/usage.ts';
import { runCommandLine } from '../../../main/cli.ts';

async function typed(line: string): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' };
  const code = await runCommandLine(
    line.split(' ').filter(Boolean),
    {
      out: (text) => {
        said.out += `${text}\n`;
      },
      err: (text) => {
        said.err += `${text}\n`;
      },
      isTerminal: false,
    },
    () => {
      throw new Error('a wrong command line opens nothing');
    },
  );
  return { code, ...said };
}

test('a noun alone is told its verbs, and with --help it is no mistake', async () => {
  const alone = await typed('project');
  expect(alone).toMatchObject({ code: 2, out: '' });
  expect(alone.err).toContain('"project" needs a second word: create, list, rename');
  const asked = await typed('documents --help');
  expect(asked).toMatchObject({ code: 0, err: '' });
  expect(asked.out).toContain('documents import <project> <path...>');
  expect(asked.out).not.toContain('model list');
});

test('a misspelt command is named with the one that was meant, and only its noun is listed', async () => {
  for (const line of ['documents lst', 'document list']) {
    const { code, err } = await typed(line);
    expect(code).toBe(2);
    expect(err).toContain(`There is no command "${line}". Did you mean "documents list"?`);
    expect(err).not.toContain('model list');
  }
  const { err } = await typed('frobnicate now');
  expect(err).not.toContain('Did you mean');
  expect(err).toContain('model list'); // everything, as nothing is near
});

test('a wrong option is said in our words, with the nearest one or the way to a setting', async () => {
  expect((await typed('dataset build p --sorce x')).err).toContain(
    'There is no option --sorce. Did you mean --source?',
  );
  expect((await typed('run start p --epochs 3')).err).toContain(
    'There is no option --epochs. A setting is changed with --set name=value.',
  );
  expect((await typed('dataset build p --name')).err).toContain('--name needs a value behind it.');
  expect((await typed('project list --json=yes')).err).toContain('--json takes no value.');
  const { code, err } = await typed('dataset build p --sorce x');
  expect([code, err.includes('All options: tunesmith dataset build --help')]).toEqual([2, true]);
});

test('what differs too much is not guessed', () => {
  expect(nearest('exprt', ['export', 'exports list'])).toBe('export');
  expect(nearest('xyz', ['export', 'run show'])).toBeNull();
});
