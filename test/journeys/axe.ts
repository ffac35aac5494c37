// Asks axe about the page as it stands, in the light and in the dark theme.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Fails with the rule and the elements when axe finds a serious or critical violation in either theme. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await page.waitForFunction(
      (scheme) => document.documentElement.dataset.mantineColorScheme === scheme,
      colorScheme,
    );
    const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
    const grave = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${what}, ${colorScheme}: ${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join('; ')}`,
      );
    expect(grave).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
}
