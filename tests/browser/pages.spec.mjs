// The browsable pages: the same answers, to look at and to try.
import { expect } from "@playwright/test";
import { expectAccessible } from "./accessible.mjs";
import { test, USERS } from "./jeton.mjs";

test.describe("without script", () => {
  test.use({ javaScriptEnabled: false });

  test("the form of a token pair is used by keyboard alone", async ({ page }) => {
    await page.goto("/api/token/");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Token Obtain Pair");
    await expect(page.getByText("HTTP 405 Method Not Allowed")).toBeVisible();
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await expect(page.getByLabel("Username")).toBeFocused();
    await page.keyboard.type("alice");
    await page.keyboard.press("Tab");
    await page.keyboard.type(USERS.alice);
    await page.keyboard.press("Tab");
    await expect(page.getByRole("button", { name: "Send POST" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByText("HTTP 200 OK")).toBeVisible();
    const { refresh, access } = JSON.parse(await page.locator("section pre").first().innerText());
    expect(refresh.split(".")).toHaveLength(3);
    expect(access.split(".")).toHaveLength(3);
  });

  test("what is wrong with a field stands at the field", async ({ page }) => {
    await page.goto("/api/token/");
    await page.getByLabel("Username").fill("alice");
    await page.getByRole("button", { name: "Send POST" }).click();
    await expect(page.getByText("HTTP 400 Bad Request")).toBeVisible();
    await expect(page.getByLabel("Password")).toHaveAccessibleDescription("This field may not be blank.");
    await expect(page.getByLabel("Username")).not.toHaveAttribute("aria-invalid");
  });

  test("a stranger sees no form where only callers who are known may go", async ({ page }) => {
    const answer = await page.goto("/api/me/");
    expect(answer.status()).toBe(401);
    await expect(page.getByText("Authentication credentials were not provided.")).toBeVisible();
    await expect(page.locator("form")).toHaveCount(0);
  });

  test("a name that is HTML is text on the page", async ({ page }) => {
    await page.goto("/api/token/verify/");
    await page.getByLabel("Token").fill("<img src=x onerror=alert(1)>");
    await page.getByRole("button", { name: "Send POST" }).click();
    await expect(page.getByText("HTTP 401 Unauthorized")).toBeVisible();
    await expect(page.locator("img")).toHaveCount(0);
  });
});

test("a signed-in caller gets a form for each method", async ({ page, request }) => {
  const login = await request.post("/api/token/", { data: { username: "alice", password: USERS.alice } });
  const { access } = await login.json();
  await page.setExtraHTTPHeaders({ Authorization: `Bearer ${access}` });
  await page.goto("/api/me/");
  await expect(page.getByText('"alice"')).toBeVisible();
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();
  await expect(page.getByText("POST /api/me/", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Send GET" })).toBeVisible();
  await page.goto("/api/logout/");
  await page.getByLabel("All my tokens").check();
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("OK, goodbye, all refresh tokens blacklisted")).toBeVisible();
});

for (const path of ["/api/token/", "/api/token/refresh/", "/api/me/", "/nowhere/"]) {
  test(`${path} is accessible, wide and narrow`, async ({ page }) => {
    await page.goto(path);
    await expectAccessible(page);
    await page.setViewportSize({ width: 320, height: 640 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
  });
}

test("an answer with long tokens is accessible and fits a telephone", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto("/api/token/");
  await page.getByLabel("Username").fill("민정");
  await page.getByLabel("Password").fill(USERS["민정"]);
  await page.keyboard.press("Enter");
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await expectAccessible(page);
});
