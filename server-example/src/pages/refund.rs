//! Pages 18 to 20, what concerns refunds: what may be asked for, asking, and how far it is (domain/pages.md §3.4). What may go
//! back, which way it takes, how much and where are the engine's words; the pages only show them.

pub mod ask;
pub mod follow;
pub mod offer;
mod path;
