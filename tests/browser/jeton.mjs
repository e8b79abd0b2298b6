// A Jeton of its own for each file of tests: a free port, a throw-away folder, users that are made by the command line.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { test as base } from "@playwright/test";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const STARTS_WITHIN = 30_000;

/** The people of these tests; passwords are made up. */
export const USERS = { alice: "correct horse battery", 민정: "비밀번호-하나둘셋" };

/** The binary under test; its absence is a failure, never a reason to skip. */
function binary() {
  const file = path.resolve(ROOT, process.env.JETON_BIN ?? "target/release/jeton");
  if (!existsSync(file)) {
    throw new Error(`${file} is not there: run \`cargo build --release\`, or set JETON_BIN`);
  }
  return file;
}

export class Jeton {
  /** Starts with these settings, as TOML, and the users above. */
  static async start(settings = "") {
    const jeton = new Jeton();
    jeton.folder = mkdtempSync(path.join(tmpdir(), "jeton-browser-"));
    writeFileSync(path.join(jeton.folder, "jeton.toml"), SETTINGS + settings);
    for (const [name, password] of Object.entries(USERS)) {
      jeton.command(["user", "add", name, "--password-stdin"], password);
    }
    jeton.process = spawn(binary(), ["serve", "--listen", "127.0.0.1:0"], {
      cwd: jeton.folder,
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    jeton.printed = "";
    jeton.log = "";
    jeton.process.stderr.on("data", (chunk) => (jeton.log += chunk));
    jeton.url = await jeton.#greeting();
    return jeton;
  }

  /** Runs a command of the operator's. */
  command(words, input = "") {
    const run = spawnSync(binary(), words, { cwd: this.folder, env: environment(), input, encoding: "utf8" });
    if (run.status !== 0) {
      throw new Error(`jeton ${words.join(" ")}: ${run.stdout}${run.stderr}`);
    }
    return run.stdout;
  }

  async stop() {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  #greeting() {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => this.process.kill("SIGKILL"), STARTS_WITHIN);
      createInterface({ input: this.process.stdout }).on("line", (line) => {
        this.printed += `${line}\n`;
        const url = line.match(/http:\/\/127\.0\.0\.1:\d+/);
        if (url) {
          clearTimeout(late);
          resolve(url[0]);
        }
      });
      this.process.once("exit", (code) => reject(new Error(`jeton serve ended with ${code}:\n${this.log}`)));
    });
  }
}

/** Tests with a server: `test.use({ settings })` gives it settings. */
export const test = base.extend({
  settings: ["", { option: true, scope: "worker" }],
  jeton: [
    async ({ settings }, use) => {
      const jeton = await Jeton.start(settings);
      await use(jeton);
      await jeton.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ jeton }, use) => use(jeton.url),
  // What the page itself complains of, its policy's refusals among them, fails the test.
  complaints: [
    async ({ page }, use) => {
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
          complaints.push(message.text());
        }
      });
      await use(complaints);
      if (complaints.length > 0) {
        throw new Error(`the page complains:\n${complaints.join("\n")}`);
      }
    },
    { auto: true },
  ],
});

/** Without the settings that whoever runs the tests may have in the environment. */
function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("JETON_")));
}

const SETTINGS = `\
secret_key = "browser-tests-secret-key-0123456789-abcdefghij"

[database]
url = "sqlite://jeton.db"

[passwords]
pbkdf2_iterations = 1000

[simple_jwt]
ROTATE_REFRESH_TOKENS = true
BLACKLIST_AFTER_ROTATION = true
`;
