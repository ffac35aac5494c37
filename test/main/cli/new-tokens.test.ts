// Models that get more tokens, and conversations that a chat template refuses, on the command line: real backend and
// engine. What the parts do is tested where they are.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandLineIn } from '../../helpers/command-line.ts';
import { root, temporaryFolder } from '../../helpers/home.ts';

const home = temporaryFolder();
const { tunesmith, json } = commandLineIn(home.folder);
afterAll(() => home.remove());

function copyOfLlama(name: string, edit: (file: (name: string) => string) => void): string {
  const folder = join(home.folder, name);
  cpSync(join(root, 'test', 'reference', 'llama'), folder, { recursive: true });
  edit((file) => join(folder, file));
  return folder;
}

const change = (file: string, edit: (value: Record<string, unknown>) => object) =>
  writeFileSync(file, JSON.stringify(edit(JSON.parse(readFileSync(file, 'utf8')))));

beforeAll(() => mkdirSync(home.folder, { recursive: true }));

test('a folder without a row for each token is refused, and added with --resize', async () => {
  const folder = copyOfLlama('padded', (file) =>
    change(file('tokenizer.json'), (value) => ({
      ...value,
      added_tokens: [
        ...(value.added_tokens as object[]),
        {
          id: 512,
          content: '<|filler|>',
          single_word: false,
          lstrip: false,
          rstrip: false,
          normalized: false,
          special: true,
        },
      ],
    })),
  );
  const refused = await tunesmith('model', 'add', folder);
  expect(refused.code).not.toBe(0);
  expect(refused.err).toContain('--resize');
  const model = await json('model', 'add', folder, '--resize');
  expect(model).toMatchObject({ name: 'padded with new rows', origin: 'grown', vocabularySize: 513 });
  expect(model.folder).toBe(join(home.folder, 'models', 'padded with new rows'));
});

test('tokens are added to a model of the list, and the new model is another one', async () => {
  const { id } = await json(
    'model',
    'add',
    copyOfLlama('plain', () => {}),
  );
  const grown = await json('model', 'add-tokens', id, '--token', '<SECTION>', '--special', '<|case|>');
  expect(grown).toMatchObject({ name: 'plain with 2 new tokens', vocabularySize: 514 });
  expect((await json('model', 'list')).map((one: { name: string }) => one.name)).toEqual(
    expect.arrayContaining(['plain', 'plain with 2 new tokens']),
  );
  const none = await tunesmith('model', 'add-tokens', id);
  expect(none.err).toContain('--token');
  const again = await tunesmith('model', 'add-tokens', grown.id, '--token', '<SECTION>');
  expect(again.err).toContain('has "<SECTION>" already');
});

test('a build says what the template refuses with the options that help, and takes them', async () => {
  const strict = copyOfLlama('strict', (file) =>
    change(file('tokenizer_config.json'), (value) => ({
      ...value,
      chat_template:
        "{% if messages[0].role == 'system' %}{{ raise_exception('No system role') }}{% endif %}" +
        '{% for m in messages %}{{ m.role + m.content + eos_token }}{% endfor %}',
    })),
  );
  const { id } = await json('model', 'add', strict);
  const talks = join(home.folder, 'talks.jsonl');
  const rows = Array.from({ length: 20 }, (_, i) => ({
    messages: [
      ...(i < 4 ? [{ role: 'system', content: 'Be brief.' }] : []),
      { role: 'user', content: `What is ${i}?` },
      { role: 'assistant', content: `It is ${i}.` },
    ],
  }));
  writeFileSync(talks, rows.map((row) => JSON.stringify(row)).join('\n'));
  await json('project', 'create', 'Talks');
  await json('documents', 'import', 'Talks', talks, '--rights', 'own-work', '--who', 'Ada');
  const { code, out, err } = await tunesmith('dataset', 'build', 'Talks', '--model', id);
  expect([code, err]).toEqual([0, expect.anything()]);
  expect(out).toContain('4 records: the chat template of this model has no system role.');
  expect(out).toContain('--system merge  makes 4 of them acceptable');
  expect((await tunesmith('dataset', 'tokens', 'Talks')).out).toContain('--system leave-out  leaves out 4');
  const merged = await tunesmith('dataset', 'build', 'Talks', '--system', 'merge');
  expect(merged.out).toContain('the system text of 4 records was put in front of the first question');
  expect(merged.out).not.toContain('no system role');
  const wrong = await tunesmith('dataset', 'build', 'Talks', '--system', 'drop');
  expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('keep, merge, leave-out') });
});
