export * from './index.js';
import * as menjie from './index.js';
export default menjie;
