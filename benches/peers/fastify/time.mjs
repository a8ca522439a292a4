// Times as the counterparts write them: UTC+8.
const EAST_MS = 8 * 3_600_000;

// 2026-03-02T09:15:00.000+08:00
export function rfc3339(ms) {
  return new Date(ms + EAST_MS).toISOString().replace("Z", "+08:00");
}

// yyyyMMddHHmmssSSS
export function digits(ms) {
  return new Date(ms + EAST_MS).toISOString().replace(/\D/g, "");
}
