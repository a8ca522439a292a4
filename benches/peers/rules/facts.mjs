// What the rule engines share: the facts of one line as flat values, timing, printing.
//
// A rule engine has no calendar of UTC+8: the months and days are worked out before the clock runs, which favours it.
import fs from 'node:fs';

const [work, runs] = [process.argv[2], Number(process.argv[3])];
const month = (at) => at.slice(0, 7); // the facts are written with +08:00
const day = 86_400_000;

/** One flat object a line. */
function lines(file) {
  const f = JSON.parse(fs.readFileSync(file, 'utf8'));
  return f.lines.map((line) => ({
    settled_month: month(f.insurer_settled_at),
    now_month: month(f.now),
    open_request: f.open_request,
    day_closed: f.day_closed,
    age_days: (Date.parse(f.now) - Date.parse(f.channel.paid_at)) / day,
    most_days: f.channel.refund_age_days,
    invoice: f.invoice,
    back: Number(line.back ?? line.quantity),
    quantity: Number(line.quantity),
    executed: line.execution === 'done',
    work_done: ['reported', 'analysing', 'report_recalled'].includes(line.lab),
    dispensed: line.dispensing === 'dispensed',
    returned: Number(line.returned),
  }));
}

/** `check` gives the reasons of one line. */
export async function bench(peer, check) {
  for (const [count, times] of [[1, 2000], [10, 200]]) {
    for (const name of ['passes', 'fails']) {
      const facts = lines(`${work}/facts_${count}_${name}.json`);
      const all = async () => {
        const reasons = new Set();
        for (const line of facts) for (const reason of await check(line)) reasons.add(reason);
        return reasons;
      };
      const answer = [...(await all())].sort().join(',');
      const [us, cpu_us] = [[], []];
      for (let run = 0; run <= runs; run++) {
        const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
        for (let n = 0; n < times; n++) await all();
        const [used, took] = [process.cpuUsage(cpu), Number(process.hrtime.bigint() - wall) / 1e3];
        if (run > 0) {
          us.push(took / times);
          cpu_us.push((used.user + used.system) / times);
        }
      }
      console.log(JSON.stringify({ peer, work: `b3 ${count} ${name}`, us, cpu_us, check: answer }));
    }
  }
}
