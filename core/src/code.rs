//! National code tables (值域代码表) and how other systems write the same things.
//!
//! The tables are files below `code/data`, each with its source in its head; they are read by the compiler, so looking a
//! code or a name up allocates nothing. A [`CodeMap`] says for every value of ours what another system writes, or why it
//! has nothing for it; that refusal is data (domain/hospital.md §1, domain/medins.md §7).

mod area;
mod country;
mod index;
mod map;
mod ops;
mod rows;
mod table;

pub use area::{is_county, is_province};
pub use country::{Country, countries, country, country_of_alpha2, country_of_numeric};
pub use map::{CodeMap, Mapped, code_maps, find_code_map};
pub use ops::{Direction, ListRequest, ListResponse, LookupRequest, LookupResponse, MapRequest, MapResponse};
pub use table::{CodeTable, Entry, code_tables, find_code_table};

pub(crate) use table::{CHRGITM_LV, COUNTRY, DOCUMENT, ETHNIC, HOSP_APPR_FLAG, ID_TYPE, INSUTYPE, MARITAL, PAY_METHOD, PROVINCE, PSN_SETLWAY, RELATION, RELATION_GROUP, SEX};
