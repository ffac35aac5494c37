// Measures what the sample project promises, by hand: node main/bootstrap.mjs test/sample-check.ts [--dataset messages]
// [--threads 2]. Trains both datasets (or the named one) with their suggested presets on the starter model, each in a
// fresh home folder, and prints exact matches of base and tuned and the seconds of training.
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { sample } from '../resources/sample/sample.ts';
import { openTestBackend, temporaryFolder } from './helpers/home.ts';
import { type SampleDatasetId, type SampleRun, trainSampleDataset, waitForSample } from './helpers/sample.ts';

const { values } = parseArgs({
  options: { dataset: { type: 'string' }, threads: { type: 'string', default: '0' } },
});

const asked: { datasetId: SampleDatasetId; splits: { split: 'test' | 'train'; what: string }[] }[] = [
  { datasetId: 'messages', splits: [{ split: 'test', what: 'held-out messages' }] },
  {
    datasetId: 'facts',
    splits: [
      { split: 'train', what: 'trained phrasings' },
      { split: 'test', what: 'held-out phrasing' },
    ],
  },
];

async function measure({ datasetId, splits }: (typeof asked)[number]): Promise<boolean> {
  const home = temporaryFolder();
  const backend = openTestBackend(home.folder, { makeSample: true });
  try {
    await waitForSample(backend);
    const names = splits.map(({ split }) => split);
    const threads = Number(values.threads);
    return report(
      datasetId,
      splits,
      await trainSampleDataset(backend, { datasetId, splits: names, threads }),
    );
  } finally {
    await backend.close();
    home.remove();
  }
}

/** Prints one line for each split; true when all targets are met. */
function report(
  datasetId: SampleDatasetId,
  splits: (typeof asked)[number]['splits'],
  run: SampleRun,
): boolean {
  const dataset = sample.datasets.find(({ id }) => id === datasetId)!;
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  console.log(
    `\n${dataset.name}: ${run.steps} steps in ${run.seconds.toFixed(0)} s (updates ${run.stepSeconds.toFixed(0)} s)`,
  );
  const met = splits.map(({ split, what }) => {
    const { base, tuned, records } = run.exact[split]!;
    const target = split === 'test' ? dataset.target.test : dataset.target.trained;
    const ok = tuned >= target && base < 0.05;
    const goal = `(goal: base < 5 %, tuned >= ${percent(target)})`;
    console.log(
      `  ${what}, ${records}: base ${percent(base)}, tuned ${percent(tuned)} ${goal} ${ok ? 'met' : 'NOT MET'}`,
    );
    return ok;
  });
  return met.every(Boolean);
}

console.log(`${availableParallelism()} cores, load before the start ${loadavg()[0].toFixed(1)}`);
let allMet = true;
for (const one of asked)
  if (values.dataset === undefined || values.dataset === one.datasetId)
    allMet = (await measure(one)) && allMet;
process.exit(allMet ? 0 : 1);
