// A session: signed in by a form, and every further form carries its token.
import { expect } from "@playwright/test";
import { test, USERS } from "./jeton.mjs";

test.use({ settings: '[authentication]\nclasses = ["jwt", "session"]\n', javaScriptEnabled: false });

test("signs in, acts, and signs out, without script", async ({ page, context }) => {
  await page.goto("/api/v1/users/login");
  await page.getByLabel("Username").fill("alice");
  await page.getByLabel("Password").fill(USERS.alice);
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();
  const cookies = await context.cookies();
  expect(cookies.find(({ name }) => name === "sessionid")).toMatchObject({ httpOnly: true });

  await page.goto("/api/me/");
  await expect(page.getByText("Signed in as alice.")).toBeVisible();
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("POST /api/me/", { exact: true })).toBeVisible();
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();

  await page.goto("/api/v1/users/logout");
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();
  await page.goto("/api/me/");
  await expect(page.getByText("HTTP 401 Unauthorized")).toBeVisible();
});

test("a form whose token is wrong does nothing", async ({ browser, jeton }) => {
  const context = await browser.newContext({ baseURL: jeton.url });
  const page = await context.newPage();
  await page.goto("/api/v1/users/login");
  await page.getByLabel("Username").fill("alice");
  await page.getByLabel("Password").fill(USERS.alice);
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();
  await page.goto("/api/me/");
  await page.evaluate(() => {
    document.querySelector("[name=csrfmiddlewaretoken]").value = "x".repeat(64);
  });
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("HTTP 403 Forbidden")).toBeVisible();
  await expect(page.getByText("CSRF Failed")).toBeVisible();
  await context.close();
});
