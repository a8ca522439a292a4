//! Who stands there: phone numbers, one-time codes by SMS, and whether a verified document belongs to a patient file.

mod code;
mod holder;
mod phone;

pub use code::{Checked, CodePurpose, CodeSecret, NoCode, PhoneCodes};
pub use holder::belongs_to;
pub use phone::MobileNo;
