import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSequencer, type TestSpecification, type Vitest } from 'vitest/node';

/** Files that take half a minute and more begin first, so that no worker is alone with one of them at the end. */
const long = [
  'main/jobs/train.test.ts',
  'conformance/run.test.ts',
  'main/training/provider-check.test.ts',
  'main/training/device-state.test.ts',
  'main/jobs/encoder-tasks.test.ts',
  'main/handlers/create-model.test.ts',
  'journeys/screens.test.ts',
  'journeys/labels.test.ts',
  'journeys/own-model.test.ts',
  'main/backend.test.ts',
  'main/jobs/classifier.test.ts',
  'journeys/keys.test.ts',
  'main/cli.test.ts',
];

/** The usual order (what took longest the last time, else the larger file), behind the long files. */
class LongFirst implements TestSequencer {
  private readonly usual: BaseSequencer;

  constructor(vitest: Vitest) {
    this.usual = new BaseSequencer(vitest);
  }

  shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return this.usual.shard(files);
  }

  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = long.findIndex((name) => moduleId.replaceAll('\\', '/').endsWith(`test/${name}`));
      return at === -1 ? long.length : at;
    };
    return (await this.usual.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongFirst },
    env: { TUNESMITH_TEST: '1' },
    alias: { electron: `${import.meta.dirname}/helpers/electron.ts` },
  },
});
