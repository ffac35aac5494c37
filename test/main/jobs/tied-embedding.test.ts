// Embeddings that are the output layer too, trained whole beside an adapter: through the train and export jobs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logitsOf, parityTexts } from '../../../main/exporters/parity.ts';
import { openTuned } from '../../../main/inference/weights.ts';
import { exportModel } from '../../../main/jobs/export.ts';
import { openModel } from '../../../main/models/load.ts';
import { loadTokenizer } from '../../../main/tokens/tokenizer.ts';
import { checkpointFolder } from '../../../main/training/checkpoint.ts';
import { crashSettings, prepareScenario, runToEnd } from '../../crash/scenario.ts';
import { jobContext } from '../../helpers/tiny-model.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tunesmith-tied-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(['embed_tokens', 'lm_head'])(
  'a tied model whose %s was trained whole gives the same logits after merge and reload (C06)',
  async (module) => {
    const { modelFolder, recordsFile } = prepareScenario(join(folder, module));
    const base = openModel(modelFolder);
    expect(base.rawConfig.tie_word_embeddings).toBe(true);
    const runFolder = join(folder, module, 'run');
    const { result, error } = await runToEnd({
      runFolder,
      modelFolder,
      recordsFile,
      settings: {
        ...crashSettings,
        lora: { ...crashSettings.lora, modulesToSave: [module] },
        epochs: 2,
        evalEvery: 0,
      },
      lineage: {},
      memoryBytes: 4e9,
      resume: false,
    });
    expect(error).toBeUndefined();
    const { step } = result as { step: number };
    expect(step).toBe(20);

    const tuned = { kind: 'adapter', folder: checkpointFolder(runFolder, step) } as const;
    const merged = join(folder, module, 'merged');
    const { parity } = await exportModel.run(
      { format: 'hugging-face', options: {}, modelFolder, tuned, folder: merged, lineage: {} },
      jobContext<'export'>().context,
    );
    expect(parity).toMatchObject({ same: true, topTokenAgreement: 1 });

    const live = openTuned(base, tuned);
    const reloaded = { model: openModel(merged), weights: undefined, lora: undefined };
    const prompts = await parityTexts(await loadTokenizer(modelFolder), base.shape.contextLength);
    let [difference, change] = [0, 0];
    for (const ids of prompts) {
      const [expected, found, before] = [
        await logitsOf(live, ids),
        await logitsOf(reloaded, ids),
        await logitsOf(openTuned(base, null), ids),
      ];
      expected.forEach((logit, i) => {
        difference = Math.max(difference, Math.abs(logit - found[i]));
        change = Math.max(change, Math.abs(logit - before[i]));
      });
    }
    expect(difference).toBeLessThan(1e-4);
    expect(change).toBeGreaterThan(0.1); // it did learn
    // either one tensor in both roles, or two that config.json tells apart
    const config = JSON.parse(readFileSync(join(merged, 'config.json'), 'utf8'));
    expect(openModel(merged).tensors.has('lm_head.weight')).toBe(config.tie_word_embeddings === false);
  },
);
