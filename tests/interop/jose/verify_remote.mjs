// Verifies one token with the keys at a URL, both from standard input; prints the claims.
import { webcrypto } from "node:crypto";
import { text } from "node:stream/consumers";

globalThis.crypto ??= webcrypto;
const { createRemoteJWKSet, jwtVerify } = await import("jose");

const { url, token } = JSON.parse(await text(process.stdin));
const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(url)));
process.stdout.write(JSON.stringify(payload));
