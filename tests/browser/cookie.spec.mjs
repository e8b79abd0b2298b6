// The cookie flow: the refresh token is where no script can read it, and other sites cannot use it.
import { expect } from "@playwright/test";
import { test, USERS } from "./jeton.mjs";

const refreshCookie = async (context) => (await context.cookies()).find(({ name }) => name === "refresh");
const shown = async (page) => JSON.parse(await page.locator("body").innerText());

async function signIn(page) {
  await page.goto("/api/v1/login/");
  await page.getByLabel("Username").fill("alice");
  await page.getByLabel("Password").fill(USERS.alice);
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("login success")).toBeVisible();
}

test("login, refresh and logout, with the token in a cookie", async ({ page, context }) => {
  await signIn(page);
  const { token } = await shown(page);
  expect(token.access.split(".")).toHaveLength(3);
  const first = await refreshCookie(context);
  expect(first).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  expect(await page.evaluate(() => document.cookie)).not.toContain("refresh");

  await page.goto("/api/v1/token/refresh/");
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("new accessToken")).toBeVisible();
  const second = await refreshCookie(context);
  expect(second.value).not.toBe(first.value);
  const me = await page.request.get("/api/me/", {
    headers: { Authorization: `Bearer ${(await shown(page)).token.access}` },
  });
  expect(await me.json()).toMatchObject({ username: "alice" });

  await page.goto("/api/v1/logout/");
  await page.getByRole("button", { name: "Send POST" }).click();
  await expect(page.getByText("logout success")).toBeVisible();
  expect(await refreshCookie(context)).toBeUndefined();
  const ended = await page.request.post("/api/token/refresh/", { data: { refresh: second.value } });
  expect(ended.status()).toBe(401);
});

test("a form of another site signs nobody in", async ({ page, context, jeton }) => {
  await page.route("http://other.example/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<form method="post" action="${jeton.url}/api/v1/login/">
        <input name="username" value="alice"><input name="password" value="${USERS.alice}"><button>Win</button></form>`,
    }),
  );
  await page.goto("http://other.example/");
  const answered = page.waitForResponse(`${jeton.url}/api/v1/login/`);
  await page.getByRole("button", { name: "Win" }).click();
  expect((await answered).status()).toBe(403);
  expect(await refreshCookie(context)).toBeUndefined();
});

test("two tabs that refresh at once both stay signed in", async ({ page, context }) => {
  await signIn(page);
  const other = await context.newPage();
  // Jeton's own pages forbid every script; this one is bare JSON.
  await other.goto("/readyz");
  const refresh = (tab) =>
    tab.evaluate(async () => (await fetch("/api/v1/token/refresh/", { method: "POST" })).status);
  expect(await Promise.all([refresh(page), refresh(other)])).toEqual([200, 200]);
  expect(await refresh(page)).toBe(200);
});
