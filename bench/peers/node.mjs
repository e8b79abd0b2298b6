// fast-jwt and jose as peers of the bench; bench/src/peer.rs has the protocol. Argument: a node_modules folder.

import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const require = createRequire(join(folder, "bench.js"));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const setup = JSON.parse((await lines.next()).value);
const { secret, tokens } = setup;
const payloads = setup.payloads.map((payload) => JSON.parse(payload));
let turn = 0;
const next = (list) => list[(turn = (turn + 1) % list.length)];

const cases = [];
const version = (name) => require(join(folder, name, "package.json")).version;

const { createSigner, createVerifier } = require("fast-jwt");
const fast = `fast-jwt ${version("fast-jwt")}`;
const verify = createVerifier({ key: secret, algorithms: ["HS256"] });
const verifyCached = createVerifier({ key: secret, algorithms: ["HS256"], cache: 4096 });
const sign = createSigner({ key: secret, algorithm: "HS256" });
cases.push(["HS256 verify", fast, async (times) => { for (let i = 0; i < times; i++) verify(next(tokens)); }]);
cases.push(["HS256 verify", `${fast}, cache hit`, async (times) => { for (let i = 0; i < times; i++) verifyCached(next(tokens)); }]);
cases.push(["HS256 mint", fast, async (times) => { for (let i = 0; i < times; i++) sign(next(payloads)); }]);

try {
  const { jwtVerify, SignJWT } = await import(pathToFileURL(require.resolve("jose")));
  const { createSecretKey } = await import("node:crypto");
  const key = createSecretKey(Buffer.from(secret));
  const jose = `jose ${version("jose")}`;
  cases.push(["HS256 verify", jose, async (times) => { for (let i = 0; i < times; i++) await jwtVerify(next(tokens), key); }]);
  cases.push(["HS256 mint", jose, async (times) => {
    for (let i = 0; i < times; i++) await new SignJWT(next(payloads)).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
  }]);
} catch (error) {
  if (error.code !== "MODULE_NOT_FOUND" && error.code !== "ERR_MODULE_NOT_FOUND") throw error;
}

console.log(JSON.stringify(cases.map(([group, name]) => [group, name])));
for await (const line of lines) {
  const [index, times] = line.split(" ").map(Number);
  const start = process.cpuUsage();
  await cases[index][2](times);
  const { user, system } = process.cpuUsage(start);
  console.log((user + system) * 1000);
}
