// Verifies one token with one public JWK, both from standard input; prints the claims.
import { webcrypto } from "node:crypto";
import { text } from "node:stream/consumers";

// Older versions of Node have it, but not as a global.
globalThis.crypto ??= webcrypto;
const { importJWK, jwtVerify } = await import("jose");

const { jwk, token } = JSON.parse(await text(process.stdin));
const { payload } = await jwtVerify(token, await importJWK(jwk), { algorithms: [jwk.alg] });
process.stdout.write(JSON.stringify(payload));
