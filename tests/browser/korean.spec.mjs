// Pages in the language of the browser.
import { expect } from "@playwright/test";
import { expectAccessible } from "./accessible.mjs";
import { test, USERS } from "./jeton.mjs";

test.use({ settings: '[languages]\nnegotiated = true\n', locale: "ko-KR" });

test("the page, its form and its errors speak Korean", async ({ page }) => {
  await page.goto("/api/token/");
  await expect(page.locator("html")).toHaveAttribute("lang", "ko");
  await expect(page.getByRole("heading", { name: "요청" })).toBeVisible();
  await page.getByLabel("사용자 이름").fill("민정");
  await page.getByRole("button", { name: "POST 보내기" }).click();
  await expect(page.getByLabel("비밀번호")).toHaveAccessibleDescription("이 필드는 blank일 수 없습니다.");
  await page.getByLabel("사용자 이름").fill("민정");
  await page.getByLabel("비밀번호").fill(USERS["민정"]);
  await page.getByRole("button", { name: "POST 보내기" }).click();
  await expect(page.getByText("HTTP 200 OK")).toBeVisible();
  await expectAccessible(page);
  await page.goto("/setup/");
  await expect(page.getByRole("button", { name: "관리자 만들기" })).toBeVisible();
});

test("who asks for English gets English", async ({ browser, jeton }) => {
  const context = await browser.newContext({ locale: "en-GB", baseURL: jeton.url });
  const page = await context.newPage();
  await page.goto("/api/token/");
  await expect(page.locator("html")).toHaveAttribute("lang", /^en/);
  await expect(page.getByLabel("Username")).toBeVisible();
  await context.close();
});
