// Runs as the command line lists and shows them: the measure that each was judged by, and which is the best.
import { expect, onTestFinished, test } from 'vitest';
import type { TrainSettings } from '../../../main/contract/runs.ts';
import { commandLineIn } from '../../helpers/command-line.ts';
import { openTestBackend, temporaryFolder } from '../../helpers/home.ts';
import { newTestRun, testSettings } from '../../helpers/run.ts';

test('runs are ranked by the measure they share, which their text names', async () => {
  const home = temporaryFolder();
  onTestFinished(home.remove);
  const { json, tunesmith } = commandLineIn(home.folder);
  const { id } = await json('project', 'create', 'Ranking');
  const backend = openTestBackend(home.folder);
  const { runs } = backend.services.store.project(id);
  const insert = (
    validationMetric: TrainSettings['validationMetric'],
    validationLoss: number,
    score: number | null,
  ) => {
    const run = newTestRun(id);
    const settings = { ...testSettings, validationMetric };
    const judged = { validationLoss, validationScore: score, bestStep: 40 };
    return runs.insert({ ...run, ...judged, recipe: { ...run.recipe, settings }, state: 'finished' });
  };
  insert('entities-f1', 0.2, 0.8125);
  insert('entities-f1', 0.4, 0.93);
  await backend.close();

  const rows = async () => (await tunesmith('run', 'list', 'Ranking')).out.split('\n');
  const before = await rows();
  expect(before.find((row) => row.startsWith('1'))).toMatch(/0\.2000 +entities-f1 0\.8125 *$/);
  expect(before.find((row) => row.startsWith('2'))).toMatch(/0\.4000 +entities-f1 0\.9300 +best$/);
  const { out } = await tunesmith('run', 'show', 'Ranking', '2');
  expect(out).toContain('validation 0.4000, entities-f1 0.9300 (best at step 40)');

  const again = openTestBackend(home.folder);
  const { runs: same } = again.services.store.project(id);
  const plain = newTestRun(id, { validationLoss: 0.3, bestStep: 20, state: 'finished' });
  same.insert(plain);
  await again.close();
  const after = await rows(); // not all have the measure: the loss ranks them
  expect(after.filter((row) => row.endsWith('best'))).toHaveLength(1);
  expect(after.find((row) => row.startsWith('1'))).toMatch(/best$/);
});
