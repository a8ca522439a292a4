// Yuan texts with two decimals and whole fen.

export function yuan(fen) {
  const digits = String(Math.abs(fen)).padStart(3, "0");
  return `${fen < 0 ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

export function fen(yuan) {
  return Number(yuan.replace(".", ""));
}
