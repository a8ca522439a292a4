//! How far the work of a line is: execution, laboratory, imaging, dispensing (domain/hospital.md §2.5).

use serde::{Deserialize, Serialize};

/// What the executing department has said (执行, 确费).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// Not executed.
    #[default]
    None,
    /// Executed (已执行, 已确费).
    Done,
    /// Executed and taken back by the department that did it (反确认, 取消执行).
    Undone,
}

/// What the laboratory system says of the specimen (LIS 0–10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LabState {
    /// 0: label printed.
    Printed,
    /// 1: specimen collected.
    Collected,
    /// 2: sent.
    Sent,
    /// 3: received.
    Received,
    /// 4: reported.
    Reported,
    /// 5: sending undone; the specimen is there.
    SendUndone,
    /// 6: collection undone.
    CollectionUndone,
    /// 7: the specimen was sent back.
    Returned,
    /// 8: printing undone.
    PrintUndone,
    /// 9: on the analyser.
    Analysing,
    /// 10: the report was recalled; the work was done.
    ReportRecalled,
    /// Any other code.
    Unknown,
}

impl LabState {
    /// From the laboratory's number.
    pub const fn from_code(code: u32) -> LabState {
        match code {
            0 => LabState::Printed,
            1 => LabState::Collected,
            2 => LabState::Sent,
            3 => LabState::Received,
            4 => LabState::Reported,
            5 => LabState::SendUndone,
            6 => LabState::CollectionUndone,
            7 => LabState::Returned,
            8 => LabState::PrintUndone,
            9 => LabState::Analysing,
            10 => LabState::ReportRecalled,
            _ => LabState::Unknown,
        }
    }

    /// Free before the specimen is taken; then the department must take its confirmation back; over once it is analysed.
    pub const fn progress(self) -> Progress {
        match self {
            LabState::Printed | LabState::CollectionUndone | LabState::PrintUndone => Progress::Free,
            LabState::Collected | LabState::Sent | LabState::Received | LabState::SendUndone | LabState::Returned => Progress::Confirmed,
            LabState::Reported | LabState::Analysing | LabState::ReportRecalled => Progress::Over,
            LabState::Unknown => Progress::Unknown,
        }
    }
}

/// What the imaging system says (PACS); the field has no common numbers, adapters map theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImagingState {
    /// Booked or registered.
    Booked,
    /// Taken back.
    Cancelled,
    /// The patient has arrived.
    Arrived,
    /// Examined.
    Examined,
    /// Reported.
    Reported,
    /// Any other state.
    Unknown,
}

impl ImagingState {
    /// Free until the patient arrives; over once he is examined.
    pub const fn progress(self) -> Progress {
        match self {
            ImagingState::Booked | ImagingState::Cancelled => Progress::Free,
            ImagingState::Arrived => Progress::Confirmed,
            ImagingState::Examined | ImagingState::Reported => Progress::Over,
            ImagingState::Unknown => Progress::Unknown,
        }
    }
}

/// How far the pharmacy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Dispensing {
    /// No drug, or not begun.
    #[default]
    None,
    /// Prepared (已配药).
    Prepared,
    /// Given out (已发药).
    Dispensed,
}

/// What all of it means for a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Progress {
    /// Nothing in the way.
    Free,
    /// The executing department must take its confirmation back first (反确认).
    Confirmed,
    /// The work is done.
    Over,
    /// A state that nobody has explained: a person decides.
    Unknown,
}

impl Execution {
    /// Executed work can be taken back, by the department that did it.
    pub const fn progress(self) -> Progress {
        match self {
            Execution::None | Execution::Undone => Progress::Free,
            Execution::Done => Progress::Confirmed,
        }
    }
}
