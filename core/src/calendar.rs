//! Time as the hospital counts it: instants in milliseconds, business dates and settlement months in UTC+8.
//!
//! China has had no daylight saving since 1991, so the offset is a constant; nothing here reads a clock. Years, months and
//! days can be taken apart here only: who asks from outside gets an answer or a text, never a part to calculate with.

mod date;
mod instant;
mod month;
mod span;

use time::{UtcOffset, macros::offset};

pub use date::BizDate;
pub use instant::Timestamp;
pub use month::BizMonth;
pub use span::{Span, completed_years};

const SHANGHAI: UtcOffset = offset!(+8);
