// Models with more tokens than they came with: rows for tokens that the tokenizer has already (FIELD-CASES D01), and tokens
// that a user adds, trained until the model writes them and exported (D02).
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ChatAnswer } from '../../../main/contract/chat.ts';
import type { Preset, TrainSettings } from '../../../main/contract/runs.ts';
import { readGguf } from '../../../main/exporters/gguf/reader.ts';
import { chat } from '../../../main/jobs/chat.ts';
import { exportModel } from '../../../main/jobs/export.ts';
import { growModel } from '../../../main/jobs/grow-model.ts';
import { inspect } from '../../../main/jobs/inspect.ts';
import { modelFacts } from '../../../main/jobs/inspect-model.ts';
import { train } from '../../../main/jobs/train.ts';
import { openModel } from '../../../main/models/load.ts';
import { renderCompletion } from '../../../main/tokens/render.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import {
  conversation,
  interactive,
  jobContext,
  llamaFolder,
  record,
  recordsFile,
  temporaryFolder,
} from '../../helpers/tiny-model.ts';

const wanted = [
  { content: '<SECTION>', special: false },
  { content: '<|case|>', special: true },
];

/** The tiny llama, with a token of the tokenizer that has no row. */
function withPadToken(): string {
  const folder = join(temporaryFolder(), 'padded');
  cpSync(llamaFolder, folder, { recursive: true });
  const file = join(folder, 'tokenizer.json');
  const tokenizer = JSON.parse(readFileSync(file, 'utf8'));
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  tokenizer.added_tokens.push({ id: 512, content: '<|filler|>', ...flags });
  writeFileSync(file, JSON.stringify(tokenizer));
  return folder;
}

async function grow(folder = llamaFolder, tokens = wanted): Promise<string> {
  const target = join(temporaryFolder(), 'grown');
  await growModel({ folder, target, tokens });
  return target;
}

describe('rows for tokens of the tokenizer (D01)', () => {
  test('without them the folder is refused, naming token, id, rows and the way out', async () => {
    await expect(modelFacts(withPadToken())).rejects.toMatchObject({
      code: 'tokenizer-rows',
      message: expect.stringContaining('"<|filler|>" with id 512, but the embedding has only 512 rows'),
      remedy: expect.stringContaining('--resize'),
    });
  });

  test('with them it is a model folder like any other, and the given one stays as it is', async () => {
    const folder = withPadToken();
    const before = readdirSync(folder);
    const target = join(temporaryFolder(), 'grown');
    const made = await growModel({ folder, target, tokens: [] });
    expect(made).toMatchObject({ rows: 513, tokens: [{ id: 512, content: '<|filler|>', wanted: false }] });
    const facts = await modelFacts(target);
    expect(facts).toMatchObject({ vocabularySize: 513, problem: null });
    expect(facts.warnings.join()).toContain('One row is new and not trained yet, for "<|filler|>".');
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(`${target}.part`)).toBe(false);
  });

  test('a model with a row for each token is not copied for nothing', async () => {
    await expect(grow(llamaFolder, [])).rejects.toMatchObject({ code: 'rows-enough' });
  });
});

describe('tokens of the user (D02)', () => {
  const settingsFor = async (modelFolder: string, records: string) => {
    const opened = await interactive<'inspect'>((context) => inspect.run({}, context));
    onTestFinished(() => opened.stop());
    const presets: Preset[] = await opened.ask('presets', {
      modelFolder,
      recordsFile: records,
      isSample: false,
    });
    const { settings } = presets.find(({ suggested }) => suggested) as Preset;
    const checks = async (changed: TrainSettings): Promise<{ state: string; sentence: string }[]> => {
      const limits = { memoryBytes: 8e9, diskBytes: 8e9 };
      const asked = { modelFolder, recordsFile: records, settings: changed, ...limits };
      return ((await opened.ask('plan', asked)) as { checks: [] }).checks;
    };
    return { settings, checks };
  };

  const answer = 'Report <SECTION> closed <|case|>';
  const lines = (folder: string) =>
    recordsFile(
      folder,
      Array.from({ length: 16 }, (_, i) => record(`${i}`, 'train', conversation(`Case ${i}`, answer))),
    );

  test('they are single tokens in texts, although control tokens of the model stay text there', async () => {
    const tokenizer = await loadTokenizer(await grow());
    const base = await loadTokenizer(llamaFolder);
    const { ids } = await renderCompletion(tokenizer, { prompt: 'a', completion: '<SECTION><|case|>' });
    expect(ids.filter((id) => id >= base.idLimit)).toEqual([base.idLimit, base.idLimit + 1]);
    const [control] = base.controlTokens;
    const marked = await renderCompletion(tokenizer, { prompt: 'a', completion: `b${control.content}` });
    expect(marked.ids.slice(1, -1)).not.toContain(control.id);
  });

  test('a token that is there already, or has no text, is refused', async () => {
    const [control] = (await loadTokenizer(llamaFolder)).controlTokens;
    const one = (content: string) => grow(llamaFolder, [{ content, special: false }]);
    await expect(one(control.content)).rejects.toMatchObject({ code: 'token-known' });
    await expect(one(' ')).rejects.toMatchObject({ code: 'token-blank' });
    await expect(grow(llamaFolder, [wanted[0], wanted[0]])).rejects.toThrow('named twice');
  });

  test('the suggested recipe trains their rows, and one that would not is refused with the remedy', async () => {
    const modelFolder = await grow();
    const { settings, checks } = await settingsFor(modelFolder, lines(temporaryFolder()));
    expect(settings.lora.modulesToSave).toEqual(['embed_tokens', 'lm_head']);
    expect(await checks(settings)).toContainEqual({
      state: 'passed',
      sentence: 'The run trains the rows of the 2 new tokens ("<SECTION>", "<|case|>").',
    });
    const idle = { ...settings, lora: { ...settings.lora, modulesToSave: [] } };
    const failed = (await checks(idle)).find(({ state }) => state === 'failed');
    expect(failed?.sentence).toContain('Add embed_tokens and lm_head to the layers that are trained whole');
    const full = { ...idle, method: 'full' as const };
    expect((await checks(full)).filter(({ state }) => state === 'failed')).toEqual([]);
    const frozen = { ...full, freeze: ['embed_tokens'] };
    expect((await checks(frozen)).find(({ state }) => state === 'failed')?.sentence).toContain(
      'freeze neither',
    );
  });

  test('after training, chat and every export have them under the same ids', async () => {
    const modelFolder = await grow();
    const runFolder = temporaryFolder();
    const records = lines(runFolder);
    const { settings: suggested } = await settingsFor(modelFolder, records);
    const settings = { ...suggested, epochs: 30, batchSize: 8, learningRate: 5e-3, threads: 1 };
    const { context, collected } = jobContext<'train'>();
    const limits = { memoryBytes: 4e9, resume: false };
    const input = { runFolder, modelFolder, recordsFile: records, settings, lineage: {}, ...limits };
    const { trainLoss } = await train.run(input, context);
    expect(trainLoss, JSON.stringify(collected.events.slice(-2))).toBeLessThan(0.1);
    const [step] = readdirSync(join(runFolder, 'checkpoints')).slice(-1);
    const tuned = { kind: 'adapter', folder: join(runFolder, 'checkpoints', step) } as const;

    const tokenizer = await loadTokenizer(modelFolder);
    const [section, marker] = wanted.map(({ content }) => tokenizer.idOf(content) as number);
    const spoken = async (folder: string, weights: typeof tuned | null) => {
      const columns = [{ id: 'run', tuned: weights }];
      const opened = await interactive<'chat'>((job) =>
        chat.run({ modelFolder: folder, columns, threads: 1 }, job),
      );
      onTestFinished(() => opened.stop());
      const conversations = { run: [{ role: 'user', content: 'Case 3' }] };
      const options = { maxNewTokens: 24, temperature: 0 };
      const [said]: ChatAnswer[] = await opened.ask('send', { conversations, options });
      return said.text;
    };
    const said = 'Report <SECTION> closed '; // the special one is left out of what people read
    expect(await spoken(modelFolder, tuned)).toBe(said);

    const exported = async (format: string) => {
      const folder = join(temporaryFolder(), format);
      const { parity } = await exportModel.run(
        { format, options: {}, modelFolder, tuned, folder, lineage: {} },
        jobContext<'export'>().context,
      );
      expect([format, parity.same]).toEqual([format, true]);
      return folder;
    };
    const whole = await exported('hugging-face');
    const merged = openModel(whole);
    expect(merged.shape.vocabularySize).toBe(marker + 1);
    expect(merged.newRows).toEqual([]);
    expect(await spoken(whole, null)).toBe(said);
    expect(wanted.map(({ content }) => tokenizer.idOf(content))).toEqual([section, marker]);
    const again = await loadTokenizer(whole);
    expect(wanted.map(({ content }) => again.idOf(content))).toEqual([section, marker]);
    const { ids } = await renderCompletion(again, { prompt: 'Case 3: ', completion: answer });
    expect(ids).toEqual((await renderCompletion(tokenizer, { prompt: 'Case 3: ', completion: answer })).ids);
    const gguf = await exported('gguf');
    const [file] = readdirSync(gguf).filter((name) => name.endsWith('.gguf'));
    const { metadata } = readGguf(join(gguf, file));
    const list = (key: string) => metadata.get(`tokenizer.ggml.${key}`)?.value as unknown[];
    expect([section, marker].map((id) => list('tokens')[id])).toEqual(['<SECTION>', '<|case|>']);
    expect([section, marker].map((id) => list('token_type')[id])).toEqual([4, 3]); // user-defined, control
  });
});
