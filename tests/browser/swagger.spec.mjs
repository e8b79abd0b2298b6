// Swagger UI, without anything from elsewhere.
import { expect } from "@playwright/test";
import { test, USERS } from "./jeton.mjs";

for (const path of ["/api/schema/swagger-ui/", "/api/v1/schema/swagger-ui/"]) {
  test(`${path} authorizes with a token and calls`, async ({ page, request, jeton }) => {
    const elsewhere = [];
    page.on("request", (asked) => {
      if (!asked.url().startsWith(jeton.url) && !asked.url().startsWith("data:")) {
        elsewhere.push(asked.url());
      }
    });
    await page.goto(path);
    const me = page.locator("#operations-me-me_retrieve");
    await me.locator(".opblock-summary-control").click();
    await me.getByRole("button", { name: "Execute" }).click();
    await expect(me.locator(".live-responses-table tbody .response-col_status").first()).toContainText("401");

    const login = await request.post("/api/token/", { data: { username: "alice", password: USERS.alice } });
    const { access } = await login.json();
    await page.getByRole("button", { name: "Authorize" }).first().click();
    const dialog = page.locator(".modal-ux form").filter({ hasText: "jwtAuth" });
    await dialog.getByLabel("auth-bearer-value").fill(access);
    await dialog.getByRole("button", { name: "Apply credentials" }).click();
    await dialog.getByRole("button", { name: "Close" }).click();
    await me.getByRole("button", { name: "Execute" }).click();
    await expect(me.locator(".live-responses-table tbody .response-col_status").first()).toContainText("200");
    await expect(me.locator(".live-responses-table")).toContainText('"username": "alice"');
    expect(elsewhere).toEqual([]);
  });
}

test("the schema is shown as a document, too", async ({ page }) => {
  const answer = await page.request.get("/api/schema/", { headers: { Accept: "application/vnd.oai.openapi+json" } });
  expect(answer.headers()["content-type"]).toBe("application/vnd.oai.openapi+json");
  expect((await answer.json()).components.securitySchemes.jwtAuth).toEqual({
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
});

test("it is dark where the reader wants it dark", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/api/schema/swagger-ui/");
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  expect(await paper()).toBe("rgb(28, 32, 34)");
  await page.emulateMedia({ colorScheme: "light" });
  await expect.poll(paper).not.toBe("rgb(28, 32, 34)");
});
