// What a whole run of the sample project holds at its peak, with validations and sample answers, against its plan: an engine
// process as the app starts it, on the bundled starter.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Papa from 'papaparse';
import { expect, onTestFinished, test } from 'vitest';
import type { DatasetRecord } from '../../../main/contract/datasets.ts';
import type { FromEngine, TrainInput } from '../../../main/jobs/job.ts';
import { createLauncher, forkWithNode } from '../../../main/jobs/launcher.ts';
import { readRecords } from '../../../main/jobs/records.ts';
import { openTrainable } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { makePlan } from '../../../main/training/plan.ts';
import { baseSettings } from '../../../main/training/presets.ts';
import { surveyRecords } from '../../../main/training/survey.ts';
import { sample } from '../../../resources/sample/sample.ts';
import { root } from '../../helpers/home.ts';

const modelFolder = join(root, 'resources', 'models', 'starter');

/** The dataset behind the first button, as the app shapes it. */
function messagesFile(folder: string): string {
  const csv = readFileSync(join(root, 'resources', 'sample', 'documents', 'customer-messages.csv'), 'utf8');
  const { data } = Papa.parse<Record<string, string>>(csv, { header: true, skipEmptyLines: true });
  const [dataset] = sample.datasets;
  const filled = (template: string, row: Record<string, string>) =>
    template.replace(/\{(\w+)\}/g, (_, name: string) => row[name]);
  const records = data.map(
    (row, i): DatasetRecord => ({
      id: `r${i}`,
      split: row.split as DatasetRecord['split'],
      content: {
        type: 'chat',
        messages: [
          { role: 'user', content: filled(dataset.user, row) },
          { role: 'assistant', content: filled(dataset.assistant, row) },
        ],
      },
      provenance: [],
      group: `g${i}`,
    }),
  );
  const file = join(folder, 'records.jsonl');
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  return file;
}

test.skipIf(process.platform !== 'linux')(
  'a whole run with validations and answers peaks within 15 % of its plan, whose parts add up',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tunesmith-memory-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const recordsFile = messagesFile(folder);
    const [model, tokenizer] = [openTrainable(modelFolder), await loadTokenizer(modelFolder)];
    const records = await surveyRecords(tokenizer, await readRecords(recordsFile));
    const { training } = sample.datasets[0];
    const facts = { model, records: 1400, validation: true, stated: training, fits: true };
    const settings = { ...baseSettings(facts), epochs: 0.04, warmupSteps: 2, evalEvery: 3, threads: 2 };
    const rest = { endIds: [], memoryBytes: 8e9, diskBytes: 1e12, gflops: 50 };
    const plan = makePlan({ model, records, settings, ...rest });
    expect(plan.memory.map(({ name }) => name)).toEqual([
      'Base model',
      'What is trained, gradients, optimizer',
      'Activations',
      'Output layer chunks',
      'Program',
      'Graphs of other shapes',
      'Sample answers',
      'Records and tokenizer',
    ]);
    const parts = plan.memory.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(Math.abs(parts - plan.peakBytes)).toBeLessThan(10);

    const runFolder = join(folder, 'run');
    mkdirSync(runFolder);
    const input: TrainInput = {
      runFolder,
      modelFolder,
      recordsFile,
      settings,
      lineage: {},
      memoryBytes: 8e9,
      resume: false,
    };
    const launch = createLauncher({
      engineFile: join(root, 'main', 'engine.ts'),
      fork: forkWithNode(process.execPath),
    });
    const frames: FromEngine[] = [];
    const engine = launch('train', input, { logFile: null, onFrame: (frame) => frames.push(frame) });
    onTestFinished(() => engine.kill());
    await engine.exited;
    const done = frames.find((frame) => frame.type === 'done') ?? { result: {} };
    const { peakBytes, step } = done.result as { peakBytes: number; step: number };
    expect(step).toBe(plan.steps);
    expect(JSON.stringify(frames)).toContain('"samples":[{');
    expect(plan.peakBytes / peakBytes).toBeGreaterThan(0.85);
    expect(plan.peakBytes / peakBytes).toBeLessThan(1.15);
  },
  180_000,
);
