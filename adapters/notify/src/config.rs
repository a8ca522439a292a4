//! Which gateway, which account.

use std::collections::BTreeMap;

use menjie::access::Private;
use menjie::{Error, Result};
use menjie_transport::ClientConfig;
use serde::Deserialize;

use crate::notice::check_names;

/// What the log must not keep of messages; gateways quote phones in their texts.
const SMS_SECRETS: [&str; 4] = ["PhoneNumber", "PhoneNumberSet", "TemplateParamSet", "Message"];

/// The configuration: one gateway, one official account, or both. [`NotifyConfig::check`] names the wrong field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NotifyConfig {
    /// Short messages.
    pub sms: Option<SmsConfig>,
    /// The official account (公众号).
    pub account: Option<AccountConfig>,
}

/// Exactly one gateway.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsConfig {
    /// Aliyun.
    pub aliyun: Option<AliyunConfig>,
    /// Tencent Cloud.
    pub tencent: Option<TencentConfig>,
}

/// Aliyun dysms.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliyunConfig {
    /// Its address.
    #[serde(default = "aliyun_url")]
    pub base_url: String,
    /// Certificates (PEM) of authorities trusted besides the machine's own.
    #[serde(default)]
    pub extra_ca_pem: Option<String>,
    /// AccessKey id.
    pub access_key_id: String,
    /// AccessKey secret.
    pub access_key_secret: Private,
    /// Signature shown before the text (短信签名).
    pub sign_name: String,
    /// Template.
    pub template_code: String,
    /// The template's variable that takes the code.
    #[serde(default = "code_parameter")]
    pub code_parameter: String,
    /// The template of notices; none sends no notices.
    #[serde(default)]
    pub notice: Option<AliyunNotice>,
}

/// Aliyun's template of notices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliyunNotice {
    /// Template.
    pub template_code: String,
    /// Variable of the template → value of the message (`hospital`, `date`, `day`, `session`, `what`, `todo`).
    pub parameters: BTreeMap<String, String>,
}

/// Tencent Cloud SMS. The template has one variable, the code.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TencentConfig {
    /// Its address.
    #[serde(default = "tencent_url")]
    pub base_url: String,
    /// Certificates (PEM) of authorities trusted besides the machine's own.
    #[serde(default)]
    pub extra_ca_pem: Option<String>,
    /// Region.
    #[serde(default = "region")]
    pub region: String,
    /// SecretId.
    pub secret_id: String,
    /// SecretKey.
    pub secret_key: Private,
    /// Application at the SMS console.
    pub sdk_app_id: String,
    /// Signature shown before the text.
    pub sign_name: String,
    /// Template.
    pub template_id: String,
    /// The template of notices; none sends no notices.
    #[serde(default)]
    pub notice: Option<TencentNotice>,
}

/// Tencent's template of notices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TencentNotice {
    /// Template.
    pub template_id: String,
    /// The values of the message in the order of the template's variables.
    pub parameters: Vec<String>,
}

/// Which kind of message the account sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// Template message (模板消息).
    Template,
    /// Subscription message (订阅通知).
    Subscribe,
}

/// The account's template of notices.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountNotice {
    /// Which kind of message.
    pub kind: MessageKind,
    /// Template.
    pub template_id: String,
    /// Key of the template (`thing1`, `time2` …) → value of the message.
    pub data: BTreeMap<String, String>,
}

/// The official account.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// Its app id.
    pub appid: String,
    /// Its secret.
    pub secret: Private,
    /// Address of its interfaces.
    #[serde(default = "account_url")]
    pub base_url: String,
    /// Certificates (PEM) of authorities trusted besides the machine's own.
    #[serde(default)]
    pub extra_ca_pem: Option<String>,
    /// Where the browser asks who its user is.
    #[serde(default = "authorize_url")]
    pub authorize_url: String,
    /// The template of notices about sessions; none sends no notices.
    #[serde(default)]
    pub notice: Option<AccountNotice>,
    /// The template that tells of an e-invoice; none tells of none.
    #[serde(default)]
    pub invoice: Option<AccountNotice>,
    /// The template that tells of a question about a refund; none tells of none.
    #[serde(default)]
    pub refund: Option<AccountNotice>,
}

fn aliyun_url() -> String {
    "https://dysmsapi.aliyuncs.com".to_owned()
}

fn tencent_url() -> String {
    "https://sms.tencentcloudapi.com".to_owned()
}

fn account_url() -> String {
    "https://api.weixin.qq.com".to_owned()
}

fn authorize_url() -> String {
    "https://open.weixin.qq.com/connect/oauth2/authorize".to_owned()
}

fn region() -> String {
    "ap-guangzhou".to_owned()
}

fn code_parameter() -> String {
    "code".to_owned()
}

impl NotifyConfig {
    /// Refuses a wrong value; the error names the field.
    pub fn check(&self) -> Result<()> {
        if self.sms.is_none() && self.account.is_none() {
            return Err(Error::field("sms", "is missing, and so is account: leave the whole section out instead"));
        }
        if let Some(sms) = &self.sms {
            match (&sms.aliyun, &sms.tencent) {
                (Some(aliyun), None) => aliyun.check().map_err(|e| e.under("sms.aliyun"))?,
                (None, Some(tencent)) => tencent.check().map_err(|e| e.under("sms.tencent"))?,
                (None, None) | (Some(_), Some(_)) => return Err(Error::field("sms", "must name one gateway: aliyun or tencent")),
            }
        }
        self.account.as_ref().map_or(Ok(()), |account| account.check().map_err(|e| e.under("account")))
    }

    /// Every address that is spoken to, with its field.
    pub fn addresses(&self) -> Vec<(&'static str, &str)> {
        let sms = self.sms.as_ref();
        let aliyun = sms.and_then(|s| s.aliyun.as_ref()).map(|a| ("sms.aliyun.base_url", a.base_url.as_str()));
        let tencent = sms.and_then(|s| s.tencent.as_ref()).map(|t| ("sms.tencent.base_url", t.base_url.as_str()));
        let account = self.account.as_ref().map(|a| ("account.base_url", a.base_url.as_str()));
        [aliyun, tencent, account].into_iter().flatten().collect()
    }
}

impl AliyunConfig {
    fn check(&self) -> Result<()> {
        ascii("access_key_id", &self.access_key_id)?;
        ascii("access_key_secret", self.access_key_secret.reveal())?;
        text("sign_name", &self.sign_name)?;
        ascii("template_code", &self.template_code)?;
        ascii("code_parameter", &self.code_parameter)?;
        if let Some(notice) = &self.notice {
            ascii("notice.template_code", &notice.template_code)?;
            notice.parameters.keys().try_for_each(|key| ascii("notice.parameters", key))?;
            check_names("notice.parameters", notice.parameters.values())?;
        }
        self.transport().and_then(|http| http.check())
    }

    /// How the transport reaches it. Requests carry phone and code in the address, which is not logged.
    pub fn transport(&self) -> Result<ClientConfig> {
        client("sms", &self.base_url, self.extra_ca_pem.as_ref(), &SMS_SECRETS)
    }
}

impl TencentConfig {
    fn check(&self) -> Result<()> {
        ascii("region", &self.region)?;
        ascii("secret_id", &self.secret_id)?;
        ascii("secret_key", self.secret_key.reveal())?;
        ascii("sdk_app_id", &self.sdk_app_id)?;
        text("sign_name", &self.sign_name)?;
        ascii("template_id", &self.template_id)?;
        if let Some(notice) = &self.notice {
            ascii("notice.template_id", &notice.template_id)?;
            check_names("notice.parameters", &notice.parameters)?;
        }
        self.transport().and_then(|http| http.check())
    }

    /// How the transport reaches it: the log keeps neither phone nor code.
    pub fn transport(&self) -> Result<ClientConfig> {
        client("sms", &self.base_url, self.extra_ca_pem.as_ref(), &SMS_SECRETS)
    }
}

impl AccountConfig {
    fn check(&self) -> Result<()> {
        ascii("appid", &self.appid)?;
        ascii("secret", self.secret.reveal())?;
        let templates =
            [("notice.template_id", "notice.data", &self.notice), ("invoice.template_id", "invoice.data", &self.invoice), ("refund.template_id", "refund.data", &self.refund)];
        for (id, data, wanted) in templates {
            let Some(wanted) = wanted else { continue };
            ascii(id, &wanted.template_id)?;
            wanted.data.keys().try_for_each(|key| ascii(data, key))?;
            check_names(data, wanted.data.values())?;
        }
        if self.authorize_url.contains(['?', '#']) || ClientConfig::new("account", self.authorize_url.as_str()).check().is_err() {
            return Err(Error::field("authorize_url", "must be an https address without query (plain http on loopback only)"));
        }
        self.transport().and_then(|http| http.check())
    }

    /// How the transport reaches it: the log keeps neither the user nor tokens.
    pub fn transport(&self) -> Result<ClientConfig> {
        client("wechat_account", &self.base_url, self.extra_ca_pem.as_ref(), &["openid", "unionid", "access_token", "refresh_token", "touser", "secret"])
    }
}

fn client(peer: &str, base_url: &str, extra_ca_pem: Option<&String>, redact: &[&str]) -> Result<ClientConfig> {
    // The path is signed, and it starts at the root.
    if base_url.splitn(4, '/').nth(3).is_some() {
        return Err(Error::field("base_url", "must end after the host"));
    }
    let redact = redact.iter().map(|name| (*name).to_owned()).collect();
    Ok(ClientConfig { extra_ca_pem: extra_ca_pem.cloned(), redact, ..ClientConfig::new(peer, base_url) })
}

fn ascii(field: &'static str, text: &str) -> Result<()> {
    let ok = (1..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if ok { Ok(()) } else { Err(Error::field(field, "must have 1 to 256 ASCII characters without blanks")) }
}

fn text(field: &'static str, text: &str) -> Result<()> {
    let ok = (1..=32).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
    if ok { Ok(()) } else { Err(Error::field(field, "must have 1 to 32 characters")) }
}
