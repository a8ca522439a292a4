// The configuration written by src/rig.rs, with the keys read once.
import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";

export function settings(path) {
  const config = JSON.parse(readFileSync(path, "utf8"));
  return {
    ...config,
    merchantKey: createPrivateKey(config.merchant_key_pem),
    platformKey: createPublicKey(config.platform_key_pem),
    apiKey: Buffer.from(config.apiv3_key),
  };
}

// Connections to each counterpart; menjie has as many calls in flight per counterpart.
export const CONNECTIONS = 64;
