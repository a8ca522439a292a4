import menjie from './index.js';

export default menjie;
export const {
  version, buildInfo, faults, open, Client, call, callText, callSync, batch, done, refused, unsent, unknown, wechat,
  age, bill, channel, charge, code, crypto, echo, idDocument, insurance, invoice, name, patient, policy, reconcile, refund, report, seal, text,
  MenjieError, MisuseError, ValidationError, ConflictError, NotFoundError, CounterpartError, StoreError, CryptoError, InternalError, AbortedError,
} = menjie;
