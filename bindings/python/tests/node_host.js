'use strict';
// The npm package as a process that answers: a line {"op", "request"} comes in, the line of its envelope goes out, in order.
const readline = require('node:readline');
const menjie = require(process.argv[2]);

async function answered(op, request) {
  try {
    return `{"response":${await menjie.callText(op, request)}}`;
  } catch (error) {
    if (!(error instanceof menjie.MenjieError)) throw error;
    return JSON.stringify({ error });
  }
}

async function main() {
  const pure = menjie.buildInfo().operations.filter(({ kind }) => kind === 'pure').map(({ name }) => name);
  console.log(JSON.stringify(pure));
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const { op, request } = JSON.parse(line);
    const envelope = await answered(op, request);
    // What is echoed may have line ends between its values; the string of a string has none.
    console.log(JSON.stringify(envelope));
  }
}

main();
