//! The keys of the published vectors, and a hospital configured with them.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use menjie_medins::{AuthorisationConfig, CentreConfig, MedinsConfig};
use serde_json::{Value, json};

pub(crate) const APP_ID: &str = "MADEUPAPPID00000000000000000A001";
pub(crate) const SECRET: &str = "MADEUPSECRET0000000000000000B002";
pub(crate) const D: &str = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
pub(crate) const PUBLIC: &str = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";

pub(crate) mod live;

/// One record of tests/vectors/medins a line.
pub(crate) fn known_answers() -> Vec<Value> {
    include_str!("../../../../tests/vectors/medins/known_answers.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Members of `more` replace or join those of `base`.
pub(crate) fn with(base: Value, more: &Value) -> Value {
    let mut base = base;
    base.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    base
}

/// The centre that signs with the vectors' key, as we do: what we seal it could have sealed.
pub(crate) fn centre_json(more: &Value) -> Value {
    with(
        json!({
            "http": { "peer": "insurer_centre", "base_url": "http://127.0.0.1:9" }, "app_id": APP_ID, "app_secret": SECRET, "private_key": D,
            "centre_public_key": PUBLIC,
        }),
        more,
    )
}

pub(crate) fn centre(more: &Value) -> CentreConfig {
    serde_json::from_value(centre_json(more)).unwrap()
}

pub(crate) fn gateway_json(more: &Value) -> Value {
    with(
        json!({
            "http": { "peer": "insurer_gateway", "base_url": "http://127.0.0.1:9" }, "place": "440500", "institution_name": "演示医院",
            "tif": { "paas_id": "menjie", "secret": "MADEUPTIFSECRET01" },
        }),
        more,
    )
}

pub(crate) fn authorisation(more: &Value) -> AuthorisationConfig {
    let base = json!({
        "http": { "peer": "insurer_authorisation", "base_url": "http://127.0.0.1:9" }, "partner_id": "partner-demo", "partner_secret": "MADEUPPARTNERSECRET",
        "authorize_url": "https://insurer.example/page?to={back}&state={state}",
    });
    serde_json::from_value(with(base, more)).unwrap()
}

/// A hospital with a decoder, and what `more` adds.
pub(crate) fn config(more: &Value) -> MedinsConfig {
    let base = json!({
        "http": { "peer": "insurer", "base_url": "http://127.0.0.1:9" }, "org_id": "H44050000001", "operator_id": "zzj01", "operator_name": "自助机01",
        "office_id": "A32", "office_name": "收费处",
    });
    serde_json::from_value(with(base, more)).unwrap()
}
