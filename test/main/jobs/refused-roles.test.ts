// FIELD-CASES B04: a template without a system role that wants turns to alternate, and 100 records of which 7 have a
// system text and 3 have two questions in a row. From the build's report to training and chat.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import { type DatasetRecipe, DatasetRecord, type RoleChoices } from '../../../main/contract/datasets.ts';
import { createPartsWriter } from '../../../main/documents/parts.ts';
import { buildDataset } from '../../../main/jobs/build-dataset.ts';
import { chat } from '../../../main/jobs/chat.ts';
import { inspect } from '../../../main/jobs/inspect.ts';
import type { SourceFile } from '../../../main/jobs/job.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { encodeRecords } from '../../../main/training/data.ts';
import { interactive, jobContext, llamaFolder, temporaryFolder } from '../../helpers/tiny-model.ts';
import { readAll } from '../documents/packages.ts';

const template =
  "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" +
  "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}" +
  "{{ raise_exception('Roles must alternate user/assistant/user/assistant/...') }}{% endif %}" +
  "{{ '<|' + m.role + '|>' + m.content + eos_token }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

const system = { role: 'system', content: 'Be brief.' };
const ask = (at: number) => ({ role: 'user', content: `What is ${at}?` });
const answer = (at: number) => ({ role: 'assistant', content: `It is ${at}.` });

function conversationOf(at: number) {
  if (at < 7) return [system, ask(at), answer(at)];
  return at < 10 ? [ask(at), ask(at + 1), answer(at)] : [ask(at), answer(at)];
}

/** The tiny llama with that template. */
function strictModel(): string {
  const folder = join(temporaryFolder(), 'strict');
  cpSync(llamaFolder, folder, { recursive: true });
  const file = join(folder, 'tokenizer_config.json');
  const config = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...config, chat_template: template }));
  return folder;
}

async function conversations(folder: string): Promise<SourceFile> {
  const lines = Array.from({ length: 100 }, (_, at) => JSON.stringify({ messages: conversationOf(at) }));
  const { parts, columns, format } = await readAll('talks.jsonl', lines.join('\n'));
  const partsFile = join(folder, 'talks.parts');
  const writer = createPartsWriter(partsFile);
  for (const part of parts) writer.add(part);
  writer.finish();
  return { id: 'talks', name: 'talks.jsonl', format, partsFile, columns };
}

async function build(modelFolder: string, roles?: RoleChoices) {
  const folder = temporaryFolder();
  const recipe: DatasetRecipe = {
    name: 'Talks',
    sourceIds: ['talks'],
    steps: [],
    shape: {
      type: 'messages',
      key: 'messages',
      roleKey: 'role',
      contentKey: 'content',
      roles: { system: 'system', user: 'user', assistant: 'assistant' },
    },
    ...(roles && { roles }),
    split: { seed: 1, validation: 0, test: 0, column: null, groupBy: null },
  };
  const recordsFile = join(folder, 'records.jsonl');
  const sources = [await conversations(folder)];
  const input = { recipe, sources, tokenizerFolder: modelFolder, mode: 'build', recordsFile } as const;
  const { report } = await buildDataset.run(input, jobContext<'build-dataset'>().context);
  const records = readFileSync(recordsFile, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => DatasetRecord.parse(JSON.parse(line)));
  return { report, records, recordsFile };
}

test('the build counts what the template refuses and for each choice what it helps (B04)', async () => {
  const model = strictModel();
  const { report, records, recordsFile } = await build(model);
  const refused = [
    {
      sentence: 'System role not supported',
      reason: 'no-system-role',
      count: 7,
      repairs: [{ steps: ['merge-system'], count: 7 }],
    },
    {
      sentence: 'Roles must alternate user/assistant/user/assistant/...',
      reason: 'roles-do-not-alternate',
      count: 3,
      repairs: [{ steps: ['join-turns'], count: 3 }],
    },
  ];
  expect(records).toHaveLength(100);
  expect(report.refused).toHaveLength(2);
  expect(report.refused).toEqual(expect.arrayContaining(refused));
  expect(report.roles).toBeUndefined();
  const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
  onTestFinished(() => opened.stop());
  const stats = await opened.ask('tokenStats', { modelFolder: model, recordsFile, maxLength: 0 });
  expect(stats).toMatchObject({ refused: expect.arrayContaining(refused) });
});

test('with the choices made, every record is learned and says what was changed', async () => {
  const model = strictModel();
  const { report, records } = await build(model, { system: 'merge', turns: 'join' });
  expect(report).toMatchObject({ refused: [], roles: { merged: 7, joined: 3, leftOut: 0 } });
  expect(records.filter(({ repaired }) => repaired?.includes('merge-system'))).toHaveLength(7);
  const encoded = await encodeRecords(await loadTokenizer(model), records, 256);
  expect(encoded).toMatchObject({ refused: [], withoutLabel: [] });
  expect(encoded.records).toHaveLength(100);
  const left = await build(model, { system: 'leave-out', turns: 'leave-out' });
  expect(left.records).toHaveLength(90);
  expect(left.report).toMatchObject({ refused: [], roles: { merged: 0, joined: 0, leftOut: 10 } });
});

test('the plan of a run says what was changed, and what the template still refuses', async () => {
  const modelFolder = strictModel();
  const { recordsFile } = await build(modelFolder, { system: 'merge', turns: 'keep' });
  const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
  onTestFinished(() => opened.stop());
  const presets: { settings: object }[] = await opened.ask('presets', {
    modelFolder,
    recordsFile,
    isSample: false,
  });
  const plan: { checks: { sentence: string }[] } = await opened.ask('plan', {
    modelFolder,
    recordsFile,
    settings: presets[0].settings,
    memoryBytes: 8e9,
    diskBytes: 8e9,
  });
  const said = plan.checks.map(({ sentence }) => sentence).join('\n');
  expect(said).toContain('Of 100 training records, 7 have their system text in front of the first question');
  expect(said).toContain('The chat template refuses 3 of 100 records');
  expect(said).toContain('They are left out.');
});

test('chat with a run of such a dataset asks as its records were made', async () => {
  const modelFolder = strictModel();
  const columns = [{ id: 'run', tuned: null, repairs: ['merge-system' as const] }];
  const open = async (given: typeof columns) => {
    const input = { modelFolder, columns: given, threads: 1 };
    const opened = await interactive<'chat'>((context) => chat.run(input, context));
    onTestFinished(() => opened.stop());
    return opened;
  };
  const options = { maxNewTokens: 4, temperature: 0 };
  const conversations = { run: [system, ask(1)] };
  const [repaired]: ChatAnswer[] = await (await open(columns)).ask('send', { conversations, options });
  const merged = { run: [{ role: 'user', content: 'Be brief.\n\nWhat is 1?' }] };
  const plain = await open([{ ...columns[0], repairs: [] }]);
  const [same]: ChatAnswer[] = await plain.ask('send', { conversations: merged, options });
  expect(repaired).toMatchObject({ text: same.text, promptTokens: same.promptTokens });
  await expect(plain.ask('send', { conversations, options })).rejects.toThrow('System role not supported');
});
