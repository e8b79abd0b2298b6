// The front end of examples/frontend: it refreshes once for all who wait, and goes to the login form when refused.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, test as base } from "@playwright/test";
import { expectAccessible } from "./accessible.mjs";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
// The page takes an access token for over two seconds before its end.
const LIFETIME = 5;
const UNTIL_OVER = (LIFETIME - 2) * 1000 + 500;

/** The example's own server, which must have been built. */
const test = base.extend({
  url: [
    async ({}, use) => {
      const program = path.resolve(ROOT, process.env.JETON_FRONTEND ?? "target/debug/frontend");
      if (!existsSync(program)) {
        throw new Error(`${program} is not there: run \`cargo build -p jeton-examples --bin frontend\``);
      }
      const server = spawn(program, ["127.0.0.1:0", String(LIFETIME)], { stdio: ["ignore", "pipe", "inherit"] });
      const lines = createInterface({ input: server.stdout });
      const [line] = await new Promise((resolve, reject) => {
        lines.once("line", (text) => resolve([text]));
        server.once("exit", (code) => reject(new Error(`the example ended with ${code}`)));
      });
      await use(line.match(/http:\S+/)[0]);
      server.kill();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ url }, use) => use(url),
});

/** Signs in, and answers a list that grows with each refresh that the page asks for. */
async function signIn(page) {
  const refreshes = [];
  page.on("response", (answer) => answer.url().endsWith("/api/token/refresh/") && refreshes.push(answer.status()));
  await page.goto("/");
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password").fill("correct horse");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Signed in as ada")).toBeVisible();
  return refreshes;
}

test("three calls with an expired token make one refresh, and all go through", async ({ page }) => {
  const refreshes = await signIn(page);
  await page.getByLabel("Note").fill("buy milk");
  await page.getByRole("button", { name: "Add" }).click();
  await expect(page.getByText("buy milk")).toBeVisible();
  expect(refreshes).toEqual([]);
  await page.waitForTimeout(UNTIL_OVER);
  await page.getByRole("button", { name: "Load again" }).click();
  await expect(page.getByText("Refreshed 1 times")).toBeVisible();
  await expect(page.getByText("buy milk")).toBeVisible();
  expect(refreshes).toEqual([200]);
});

test("a token that is refused before its time is refreshed and the call made again", async ({ page }) => {
  const refreshes = await signIn(page);
  // As if the clocks differed: the server refuses what the page takes for good.
  await page.evaluate(() => {
    const pair = JSON.parse(localStorage.getItem("tokens"));
    localStorage.setItem("tokens", JSON.stringify({ ...pair, access: `${pair.access.slice(0, -3)}AAA` }));
  });
  await page.getByRole("button", { name: "Load again" }).click();
  await expect(page.getByText("Refreshed 1 times")).toBeVisible();
  await expect(page.getByText("Signed in as ada")).toBeVisible();
  expect(refreshes).toEqual([200]);
});

test("two tabs that refresh at once stay signed in, both of them", async ({ page, context }) => {
  const refreshes = await signIn(page);
  const other = await context.newPage();
  other.on("response", (answer) => answer.url().endsWith("/api/token/refresh/") && refreshes.push(answer.status()));
  await other.goto("/");
  await expect(other.getByText("Signed in as ada")).toBeVisible();
  for (const round of [1, 2]) {
    await page.waitForTimeout(UNTIL_OVER);
    await Promise.all([page, other].map((tab) => tab.evaluate(() => document.getElementById("load").click())));
    // The lock lets one tab ask; the other reads what that one stored. Browsers may show it a little late, and then it
    // asks as well: with the token that was just used up, for which the service gives the same successor.
    await expect.poll(() => refreshes.length).toBeGreaterThanOrEqual(round);
    for (const tab of [page, other]) {
      await expect(tab.getByText("Signed in as ada")).toBeVisible();
      await expect(tab.locator("#message")).toBeEmpty();
    }
  }
  expect(refreshes.length).toBeLessThanOrEqual(4);
  expect(new Set(refreshes)).toEqual(new Set([200]));
});

test("when the refresh is refused the login form is back", async ({ page }) => {
  const refreshes = await signIn(page);
  await page.evaluate(async () => {
    const { refresh } = JSON.parse(localStorage.getItem("tokens"));
    const headers = { "Content-Type": "application/json" };
    await fetch("/api/token/blacklist/", { method: "POST", headers, body: JSON.stringify({ refresh }) });
  });
  await page.waitForTimeout(UNTIL_OVER);
  await page.getByRole("button", { name: "Load again" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await expect(page.getByText("Please sign in")).toBeVisible();
  expect(refreshes).toEqual([401]);
  expect(await page.evaluate(() => localStorage.getItem("tokens"))).toBeNull();
});

test("signing out ends the tokens, and the page is accessible in and out", async ({ page }) => {
  await signIn(page);
  await expectAccessible(page);
  const refresh = await page.evaluate(() => JSON.parse(localStorage.getItem("tokens")).refresh);
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("Signed out.")).toBeVisible();
  await expectAccessible(page);
  await expect
    .poll(async () => (await page.request.post("/api/token/refresh/", { data: { refresh } })).status())
    .toBe(401);
});
