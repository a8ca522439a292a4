//! The arrays over a chunk of another program: of the types alone that `format.rs` knows. `arrow_array::make_array` knows all that Arrow has,
//! three times as many, and would carry their code into every kiosk.

use std::sync::Arc;

use arrow_array::types::{
    ArrowDictionaryKeyType, Date32Type, Date64Type, Decimal128Type, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, DictionaryArray, LargeStringArray, NullArray, PrimitiveArray, StringArray, StringViewArray};
use arrow_buffer::ScalarBuffer;
use arrow_data::{ArrayData, ByteView};
use arrow_schema::{DataType, TimeUnit};

/// The array of a column that `check.rs` has looked at. `None`: what it had left to look at, keys of dictionaries and views, leads nowhere.
pub(super) fn array_of(column: ArrayData) -> Option<ArrayRef> {
    Some(match column.data_type() {
        DataType::Null => Arc::new(NullArray::from(column)),
        DataType::Boolean => Arc::new(BooleanArray::from(column)),
        DataType::Int8 => values::<Int8Type>(column),
        DataType::UInt8 => values::<UInt8Type>(column),
        DataType::Int16 => values::<Int16Type>(column),
        DataType::UInt16 => values::<UInt16Type>(column),
        DataType::Int32 => values::<Int32Type>(column),
        DataType::UInt32 => values::<UInt32Type>(column),
        DataType::Int64 => values::<Int64Type>(column),
        DataType::UInt64 => values::<UInt64Type>(column),
        DataType::Float16 => values::<Float16Type>(column),
        DataType::Float32 => values::<Float32Type>(column),
        DataType::Float64 => values::<Float64Type>(column),
        DataType::Date32 => values::<Date32Type>(column),
        DataType::Date64 => values::<Date64Type>(column),
        DataType::Decimal128(..) => values::<Decimal128Type>(column),
        DataType::Timestamp(TimeUnit::Second, _) => values::<TimestampSecondType>(column),
        DataType::Timestamp(TimeUnit::Millisecond, _) => values::<TimestampMillisecondType>(column),
        DataType::Timestamp(TimeUnit::Microsecond, _) => values::<TimestampMicrosecondType>(column),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => values::<TimestampNanosecondType>(column),
        DataType::Utf8 => Arc::new(StringArray::from(column)),
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from(column)),
        DataType::Utf8View => views(column)?,
        DataType::Dictionary(keys, _) => match keys.as_ref() {
            DataType::Int8 => dictionary::<Int8Type>(column)?,
            DataType::UInt8 => dictionary::<UInt8Type>(column)?,
            DataType::Int16 => dictionary::<Int16Type>(column)?,
            DataType::UInt16 => dictionary::<UInt16Type>(column)?,
            DataType::Int32 => dictionary::<Int32Type>(column)?,
            DataType::UInt32 => dictionary::<UInt32Type>(column)?,
            DataType::Int64 => dictionary::<Int64Type>(column)?,
            DataType::UInt64 => dictionary::<UInt64Type>(column)?,
            _ => return None,
        },
        _ => return None,
    })
}

fn values<T: ArrowPrimitiveType>(column: ArrayData) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::from(column))
}

fn views(column: ArrayData) -> Option<ArrayRef> {
    let (_, rows, nulls, offset, buffers, _) = column.into_parts();
    let mut buffers = buffers.into_iter();
    let views: ScalarBuffer<u128> = ScalarBuffer::new(buffers.next()?, offset, rows);
    // Where pointers have 32 bits, the Arrow crates' sum of an offset and a length overflows.
    if usize::BITS <= 32 && views.iter().any(|view| ends_beyond(ByteView::from(*view))) {
        return None;
    }
    let texts = StringViewArray::try_new(views, buffers.collect::<Vec<_>>(), nulls).ok()?;
    Some(Arc::new(texts))
}

const fn ends_beyond(view: ByteView) -> bool {
    view.offset.checked_add(view.length).is_none()
}

fn dictionary<K: ArrowDictionaryKeyType>(column: ArrayData) -> Option<ArrayRef> {
    let (_, rows, nulls, offset, buffers, values) = column.into_parts();
    let keys = PrimitiveArray::<K>::new(ScalarBuffer::new(buffers.into_iter().next()?, offset, rows), nulls);
    let texts = DictionaryArray::try_new(keys, array_of(values.into_iter().next()?)?).ok()?;
    Some(Arc::new(texts))
}
