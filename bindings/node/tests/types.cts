// The same package by require: checked by tsc --strict, never run.
import menjie = require('menjie');

export const words: string = menjie.invoice.amountInWords.sync({ amount_fen: 1 }).words;
