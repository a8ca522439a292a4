'use strict';
// A host in Node for test_languages.py: node sealed_host.js OPERATION REQUEST. Prints the answer.
const menjie = require('../../node');

const [, , op, request] = process.argv;
menjie.callText(op, request).then(
  (answer) => console.log(answer),
  (error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
