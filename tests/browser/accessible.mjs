// What axe-core finds on a page; nothing may be found.
import AxeBuilder from "@axe-core/playwright";
import { expect } from "@playwright/test";

/** No violation of WCAG 2.1 A and AA, nor of axe's best practices, in light and in dark. */
export async function expectAccessible(page, { without = [] } = {}) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    const builder = new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]);
    const { violations } = await without.reduce((axe, selector) => axe.exclude(selector), builder).analyze();
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
    expect(found, colorScheme).toEqual([]);
  }
}
