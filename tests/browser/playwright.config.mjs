// Chromium as Debian packages it; nothing is downloaded.
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { defineConfig } from "@playwright/test";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

function chromium() {
  for (const folder of (process.env.PATH ?? "").split(path.delimiter)) {
    for (const name of NAMES) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Look on.
      }
    }
  }
  throw new Error(`no ${NAMES.join(", ")} on PATH: install Debian's package chromium`);
}

const isRoot = process.getuid?.() === 0;

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.mjs",
  outputDir: process.env.JETON_BROWSER_OUT ?? "../../target/browser",
  reporter: [["./reporter.mjs"]],
  // Two cores, one of them for the servers.
  workers: 1,
  timeout: 60_000,
  retries: 0,
  forbidOnly: true,
  use: {
    launchOptions: { executablePath: chromium(), args: isRoot ? ["--no-sandbox"] : [] },
    viewport: { width: 1100, height: 900 },
    locale: "en-GB",
    screenshot: "only-on-failure",
  },
});
