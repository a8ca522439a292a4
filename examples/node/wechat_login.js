'use strict';
// Who came through the official account (网页授权): the browser brings a code of WeChat's authorise page, WeChat tells this back end whose it is.

/** WeChat says: the code is none, used, missing, expired. Whatever else it says is a mistake of ours or a fault of its own. */
const NO_CODE = [40029, 40163, 41008, 42003];

const away = () => Object.assign(new Error('WeChat does not say who it is'), { status: 502 });

/**
 * A function that exchanges a code for the openid, or gives undefined when the code is none. `base` is another address than WeChat's: the simulator's.
 * The address of the request holds the account's secret, so nothing of a failure goes on.
 */
function openids({ appid, secret, base = 'https://api.weixin.qq.com' }) {
  return async (code) => {
    if (typeof code !== 'string' || code === '') return undefined;
    const query = new URLSearchParams({ appid, secret, code, grant_type: 'authorization_code' });
    let told;
    try {
      const response = await fetch(`${base}/sns/oauth2/access_token?${query}`, { signal: AbortSignal.timeout(5_000) });
      // JSON, whatever type it says that it is: text/plain.
      told = JSON.parse(await response.text());
    } catch {
      throw away();
    }
    if (NO_CODE.includes(told?.errcode)) return undefined;
    if (typeof told?.openid !== 'string' || told.openid === '') throw away();
    return told.openid;
  };
}

module.exports = { openids };
