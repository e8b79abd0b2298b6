// The page on which the first administrator is made.
import { expect } from "@playwright/test";
import { expectAccessible } from "./accessible.mjs";
import { test } from "./jeton.mjs";

const CODE = /^ {2}([\w-]{20,})$/m;

test("the first administrator is made with the code from the terminal, by keyboard alone", async ({ page, jeton }) => {
  await page.goto("/setup/");
  await expectAccessible(page);
  await expect.poll(() => jeton.printed).toMatch(CODE);
  const [, code] = jeton.printed.match(CODE);
  await page.keyboard.type(code);
  await page.keyboard.press("Tab");
  await page.keyboard.type("root");
  await page.keyboard.press("Tab");
  await page.keyboard.type("a password of some length");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Welcome, root.");
  await expectAccessible(page);
});
