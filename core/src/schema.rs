//! JSON Schema of the types that write their own JSON: amounts, decimals, ids, times, private texts. All others derive it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::access::Private;
use crate::calendar::{BizDate, BizMonth, Timestamp};
use crate::ident::{
    BatchId, BillId, BusinessNo, ChannelCode, CheckInId, DeptCode, FilingId, HospitalId, InvoiceId, LineKey, NoticeId, PatientId, PaymentId, QuoteId, RefundId, RequestKey,
    ScheduleId, SettlementId, StaffId, StopId, SuspensionId, TermsHash, VisitId, WorkerName,
};
use crate::money::{MAX_FEN, Money, Quantity, UnitPrice};
use crate::report::Partial;

macro_rules! schemas {
    ($($type:ident => { $($json:tt)+ };)+) => {$(
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ $($json)+ })
            }
        }
    )+};
}

macro_rules! number_ids {
    ($($type:ident),+) => { schemas! { $($type => { "type": "string", "pattern": "^[0-9]{1,19}$", "description": "A positive 63-bit number as a decimal string." };)+ } };
}

macro_rules! text_ids {
    ($($type:ident $max:literal),+) => { schemas! { $($type => { "type": "string", "minLength": 1, "maxLength": $max, "description": "No control characters, no blanks at the ends." };)+ } };
}

number_ids! { PaymentId, SettlementId, RefundId, InvoiceId, BatchId, QuoteId, CheckInId, StopId, SuspensionId, NoticeId, FilingId }

text_ids! {
    HospitalId 16, PatientId 64, VisitId 64, LineKey 64, BillId 64, DeptCode 32, BusinessNo 64, RequestKey 64, ChannelCode 16, TermsHash 64, StaffId 64, WorkerName 64,
    ScheduleId 64
}

schemas! {
    Money => { "type": "integer", "minimum": -MAX_FEN, "maximum": MAX_FEN, "description": "Whole fen (分)." };
    UnitPrice => { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,6})?$", "description": "Yuan, at most 6 decimals; never a JSON number." };
    Quantity => { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,4})?$", "description": "At most 4 decimals; never a JSON number." };
    Timestamp => { "type": "string", "format": "date-time", "description": "RFC 3339; written with +08:00 and milliseconds." };
    BizDate => { "type": "string", "format": "date", "description": "A calendar date in UTC+8." };
    BizMonth => { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$", "description": "A settlement month in UTC+8." };
    Partial => { "type": "object", "required": ["version"], "properties": { "version": { "const": 1 } }, "description": "A partial of reports: kept as it is, and merged with others." };
    Private => { "type": "string", "description": "Personal or secret: never in a URL or a log." };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(schema: &Schema, key: &str) -> String {
        schema.get(key).map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn what_the_schema_says_is_what_the_type_accepts() {
        let generator = &mut SchemaGenerator::default();
        let money = Money::json_schema(generator);
        for (key, inside, outside) in [("maximum", MAX_FEN, MAX_FEN + 1), ("minimum", -MAX_FEN, -MAX_FEN - 1)] {
            assert_eq!(text(&money, key), inside.to_string());
            assert!(serde_json::from_str::<Money>(&inside.to_string()).is_ok() && serde_json::from_str::<Money>(&outside.to_string()).is_err());
        }
        assert!(serde_json::from_str::<Money>("1.0").is_err() && serde_json::from_str::<Money>("\"1\"").is_err());
        let longest = |max: &str| "x".repeat(max.parse().unwrap());
        let max = text(&DeptCode::json_schema(generator), "maxLength");
        assert!(DeptCode::new(&longest(&max)).is_ok() && DeptCode::new(&format!("{}x", longest(&max))).is_err());
        for max in [HospitalId::json_schema(generator), ChannelCode::json_schema(generator)].map(|s| text(&s, "maxLength")) {
            assert_eq!(max, "16");
        }
        assert!(UnitPrice::parse("0.123456").is_ok() && UnitPrice::parse("0.1234567").is_err());
        assert!(Quantity::parse("0.1234").is_ok() && Quantity::parse("0.12345").is_err());
    }
}
