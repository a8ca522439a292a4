//! The demo for people: where things are and what to try.

use crate::accounts::Account;
use crate::deploy::Deployed;
use crate::say::say;

/// Prints the addresses and waits for Ctrl-C.
pub(crate) async fn run(deployed: &Deployed) -> Result<(), String> {
    let urls = deployed.sim.urls();
    let (wechat, phone) = (format!("{}/wechat", urls.wechat), format!("{}/phone", urls.wechat));
    let (base, admin) = (&deployed.base, &urls.admin);
    let accounts = deployed.accounts.iter().map(Account::line).collect::<Vec<_>>().join("\n");
    let card = deployed.day.patients.first().map(|p| p.card_no.reveal().to_owned()).unwrap_or_default();
    say(&format!(
        "
门结演示已启动 / the demo is running        数据 data: {}

  自助机 kiosk         {base}/k          （登录页有演示读卡按钮 the identify page has buttons that lay a card）
  手机页 phone         {base}/h5
  工作台 staff pages   {base}/a
  服务 server          {base}        {base}/openapi.json   {base}/metrics
  模拟微信 WeChat      {wechat}
  模拟手机 phone       {phone}   (短信、健康码、医保电子凭证 messages, health code, e-voucher)
  模拟HIS等 truth      {admin}/admin/truth    {admin}/admin/day    {admin}/admin/faults
  程序令牌 API token   {}

  演示账号（一次性密码，首次登录须修改；带密钥的须用验证器或 oathtool --totp -b 密钥）
  demo accounts (passwords to be changed at the first login; secrets are for an authenticator, or `oathtool --totp -b SECRET`)
{accounts}

试一试 / try this (就诊卡号 visit cards are in {admin}/admin/day):

  1 登录 identify
    curl -s -c /tmp/mj -H 'content-type: application/json' {base}/api/v1/identify -d '{{\"way\":\"visit_no\",\"token\":\"{card}\"}}'
  2 待缴费 what is unpaid
    curl -s -b /tmp/mj {base}/api/v1/bills/unpaid
  3 报价 quote (bill_id 取自上一步 from step 2)
    curl -s -b /tmp/mj -H 'content-type: application/json' {base}/api/v1/settlements/quote -d '{{\"bill_ids\":[\"…\"]}}'
  4 支付 pay (quote_id 取自上一步 from step 3)
    curl -s -b /tmp/mj -H 'content-type: application/json' -H 'idempotency-key: 1' {base}/api/v1/payments -d '{{\"quote_id\":\"…\",\"channel\":\"wechat\",\"method\":{{\"way\":\"native\"}}}}'
  5 打开模拟微信并确认支付 open {wechat} and confirm
  6 结果 the result
    curl -s -b /tmp/mj '{base}/api/v1/payments/<payment_id>?wait_ms=5000'
  7 已缴费 what was paid
    curl -s -b /tmp/mj {base}/api/v1/settlements
  8 审计 audit
    curl -s -H 'content-type: application/json' -H 'authorization: Bearer {}' {base}/api/v1/staff/audit -d '{{}}'

按 Ctrl-C 结束 / Ctrl-C ends it.",
        deployed.folder.display(),
        deployed.staff.reveal(),
        deployed.staff.reveal(),
    ));
    tokio::signal::ctrl_c().await.map_err(|e| e.kind().to_string())
}
