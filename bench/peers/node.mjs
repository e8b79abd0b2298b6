// fast-jwt and jose as peers of the bench; bench/src/peer.rs has the protocol. Argument: a node_modules folder.

import { createPrivateKey, createPublicKey, createSecretKey } from "node:crypto";
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

for (const { algorithm, private_pem: key, public_jwk: jwk, token, payload } of setup.pairs) {
  const publicKey = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
  const verify = createVerifier({ key: publicKey, algorithms: [algorithm] });
  const verifyCached = createVerifier({ key: publicKey, algorithms: [algorithm], cache: 4096 });
  const sign = createSigner({ key, algorithm });
  cases.push([`${algorithm} verify`, fast, async (times) => { for (let i = 0; i < times; i++) verify(token); }]);
  cases.push([`${algorithm} verify`, `${fast}, cache hit`, async (times) => { for (let i = 0; i < times; i++) verifyCached(token); }]);
  cases.push([`${algorithm} mint`, fast, async (times) => { for (let i = 0; i < times; i++) sign(payload); }]);
}

try {
  const { jwtVerify, SignJWT } = await import(pathToFileURL(require.resolve("jose")));
  const key = createSecretKey(Buffer.from(secret));
  const jose = `jose ${version("jose")}`;
  cases.push(["HS256 verify", jose, async (times) => { for (let i = 0; i < times; i++) await jwtVerify(next(tokens), key); }]);
  cases.push(["HS256 mint", jose, async (times) => {
    for (let i = 0; i < times; i++) await new SignJWT(next(payloads)).setProtectedHeader({ alg: "HS256", typ: "JWT" }).sign(key);
  }]);
  for (const { algorithm, private_pem, public_jwk, token, payload } of setup.pairs) {
    const publicKey = createPublicKey({ key: public_jwk, format: "jwk" });
    const privateKey = createPrivateKey(private_pem);
    cases.push([`${algorithm} verify`, jose, async (times) => { for (let i = 0; i < times; i++) await jwtVerify(token, publicKey); }]);
    cases.push([`${algorithm} mint`, jose, async (times) => {
      for (let i = 0; i < times; i++) await new SignJWT(payload).setProtectedHeader({ alg: algorithm, typ: "JWT" }).sign(privateKey);
    }]);
  }
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
