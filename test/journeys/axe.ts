// Asks axe about the page as it stands, in the light and in the dark theme. axe runs in the page itself: its builder for
// Playwright opens a second page for each question and lists all that passes too, which takes five times as long.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const require = createRequire(createRequire(import.meta.url).resolve('@axe-core/playwright'));
const source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export interface Violation {
  id: string;
  impact: string | null;
  nodes: { target: unknown[]; html: string; failureSummary?: string }[];
}

interface Axe {
  axe?: { run(root: Document, options: object): Promise<{ violations: Violation[]; passes: unknown[] }> };
}

/** Every rule of these tags that an element of the page breaks. The pages have no frames. */
export async function violationsOn(page: Page): Promise<Violation[]> {
  if (!(await page.evaluate(() => (window as Axe).axe !== undefined))) await page.evaluate(source);
  const { violations, passed } = await page.evaluate(async (values) => {
    const options = { runOnly: { type: 'tag', values }, resultTypes: ['violations'] };
    const { violations, passes } = await (window as unknown as Required<Axe>).axe.run(document, options);
    return { violations, passed: passes.length };
  }, tags);
  expect(passed).toBeGreaterThan(5); // else it looked at nothing
  return violations;
}

/** Fails with the rule and the elements when axe finds a serious or critical violation in either theme. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForFunction(
      (scheme) => document.documentElement.dataset.mantineColorScheme === scheme,
      colorScheme,
    );
    const grave = (await violationsOn(page))
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${what}, ${colorScheme}: ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`,
      );
    expect(grave).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
