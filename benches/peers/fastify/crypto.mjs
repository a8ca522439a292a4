// CPU time of one payment's signatures and seals, by the very functions the flows use: an order signed, its answer and a callback
// verified, the callback opened.
//
// crypto.mjs CONFIG.json SAMPLE.json RUNS TIMES; the sample is a genuine answer and callback. Prints one JSON object, as measure.rs reads it.
import { readFileSync } from "node:fs";
import { Channel } from "./channel.mjs";
import { settings } from "./settings.mjs";

const [, , configured, sampled, runs, times] = process.argv;
const channel = new Channel(settings(configured));
const { order, answer, callback } = JSON.parse(readFileSync(sampled, "utf8"));
const resource = JSON.parse(callback.body).resource;

function payment() {
  channel.sign("POST", "/v3/pay/transactions/native", order);
  if (!channel.genuine(answer.headers, answer.body) || !channel.genuine(callback.headers, callback.body)) throw new Error("the sample is not genuine");
  return channel.open(resource).transaction_id;
}

const [us, cpuUs] = [[], []];
for (let run = 0; run <= Number(runs); run += 1) {
  const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
  for (let at = 0; at < Number(times); at += 1) payment();
  const { user, system } = process.cpuUsage(cpu);
  if (run > 0) {
    us.push(Number(process.hrtime.bigint() - wall) / 1e3 / Number(times));
    cpuUs.push((user + system) / Number(times));
  }
}
console.log(JSON.stringify({ peer: "node:crypto", work: "crypto of a payment", us, cpu_us: cpuUs, check: payment() }));
