// Times as the benches read them (one JSON object a line): for peers, and for hosts/node.

/** Prints the times of the runs, in microseconds. */
export const tell = (peer, work, check, us, cpu_us) => console.log(JSON.stringify({ peer, work, us, cpu_us, check }));

// What the calls give is looked at, so that none is left out.
let sink = 0;

/** Runs of `times` calls each, after one that is thrown away; `run` gives a promise when it is `later`. */
export async function measure(peer, runs, work, check, times, run, later = false) {
  const [us, cpu_us] = [[], []];
  for (let at = 0; at <= runs; at += 1) {
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    if (later) for (let i = 0; i < times; i += 1) sink += (await run()) ? 1 : 0;
    else for (let i = 0; i < times; i += 1) sink += run() ? 1 : 0;
    const spent = process.cpuUsage(cpu);
    if (at > 0) {
      us.push(Number(process.hrtime.bigint() - wall) / 1e3 / times);
      cpu_us.push((spent.user + spent.system) / times);
    }
  }
  if (sink < 0) throw new Error('fewer than no calls');
  tell(peer, work, check, us, cpu_us);
}
