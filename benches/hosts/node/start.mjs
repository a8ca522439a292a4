// How long a process waits for the package and its first answer, in microseconds: `node start.mjs PACKAGE`.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const begun = performance.now();
const menjie = require(process.argv[2]);
const loaded = performance.now();
const { words } = menjie.invoice.amountInWords.sync({ amount_fen: 35619 });
const answered = performance.now();
if (words !== '叁佰伍拾陆元壹角玖分') throw new Error(words);
console.log(JSON.stringify([(loaded - begun) * 1e3, (answered - begun) * 1e3]));
