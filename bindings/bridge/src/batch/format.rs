//! Names of Arrow types: as the C data interface writes them, and as errors say them.

use std::sync::Arc;

use arrow_schema::{DataType, TimeUnit};

/// The type behind a format of the C data interface; `None` for one that no column of ours could have in any form.
pub(super) fn type_of(format: &str) -> Option<DataType> {
    Some(match format {
        "n" => DataType::Null,
        "b" => DataType::Boolean,
        "c" => DataType::Int8,
        "C" => DataType::UInt8,
        "s" => DataType::Int16,
        "S" => DataType::UInt16,
        "i" => DataType::Int32,
        "I" => DataType::UInt32,
        "l" => DataType::Int64,
        "L" => DataType::UInt64,
        "e" => DataType::Float16,
        "f" => DataType::Float32,
        "g" => DataType::Float64,
        "u" => DataType::Utf8,
        "U" => DataType::LargeUtf8,
        "vu" => DataType::Utf8View,
        "tdD" => DataType::Date32,
        "tdm" => DataType::Date64,
        _ => return decimal(format).or_else(|| timestamp(format)),
    })
}

/// `d:12,4` or `d:12,4,128`.
fn decimal(format: &str) -> Option<DataType> {
    let mut parts = format.strip_prefix("d:")?.split(',');
    let (precision, scale) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let width = parts.next().unwrap_or("128");
    let whole = (1..=38).contains(&precision) && width == "128" && parts.next().is_none();
    whole.then_some(DataType::Decimal128(precision, scale))
}

/// `tsm:Asia/Shanghai`.
fn timestamp(format: &str) -> Option<DataType> {
    let (unit, zone) = format.strip_prefix("ts")?.split_once(':')?;
    let unit = match unit {
        "s" => TimeUnit::Second,
        "m" => TimeUnit::Millisecond,
        "u" => TimeUnit::Microsecond,
        "n" => TimeUnit::Nanosecond,
        _ => return None,
    };
    Some(DataType::Timestamp(unit, (!zone.is_empty()).then(|| Arc::from(zone))))
}

/// What errors call a type; never with anything that the caller has named.
pub(super) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Null => "null".to_owned(),
        DataType::Utf8 => "utf8".to_owned(),
        DataType::LargeUtf8 => "large_utf8".to_owned(),
        DataType::Utf8View => "utf8_view".to_owned(),
        DataType::Decimal128(..) => "decimal128".to_owned(),
        DataType::Timestamp(..) => "timestamp".to_owned(),
        DataType::Dictionary(..) => "a dictionary of another type".to_owned(),
        kind if kind.is_numeric() || matches!(kind, DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Binary) => format!("{kind}").to_ascii_lowercase(),
        _ => "of another type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_or_refused() {
        assert_eq!(type_of("d:12,4"), Some(DataType::Decimal128(12, 4)));
        assert_eq!(type_of("d:12,-4,128"), Some(DataType::Decimal128(12, -4)));
        assert_eq!(type_of("tsu:Asia/Shanghai"), Some(DataType::Timestamp(TimeUnit::Microsecond, Some("Asia/Shanghai".into()))));
        assert_eq!(type_of("tss:"), Some(DataType::Timestamp(TimeUnit::Second, None)));
        for format in ["", "x", "d:", "d:12", "d:0,0", "d:39,0", "d:12,4,256", "d:12,4,128,1", "d:a,b", "ts", "tsx:UTC", "+s", "+l", "w:8", "z", "uu", "d:999,1"] {
            assert_eq!(type_of(format), None, "{format}");
        }
        assert_eq!((type_name(&DataType::Int32), type_name(&DataType::Float64)), ("int32".to_owned(), "float64".to_owned()));
    }
}
