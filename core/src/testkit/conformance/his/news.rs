//! What HIS lists: unpaid lines, notices, the day file.

use super::{ANNA, BEN, HisStage, Verdict, answered, ask, holds, of, posted, same, unpaid};
use crate::ident::{LineKey, PatientId};
use crate::port::{DayRow, DayRowKind, HisCall, HisNotice, HisNoticeKind};

/// Nobody else's, with their visits; locked ones stay on the list.
pub(super) async fn unpaid_lines_are_the_patients_own(stage: &dyn HisStage) -> Verdict {
    let bill = super::bill(stage, "S1", ANNA).await?;
    answered("a bill is locked", ask(stage, HisCall::Lock { bill }).await, of!(Lock))?;
    for (patient, lines) in [(ANNA, ["L1", "L2"]), (BEN, ["L3", "L4"])] {
        let found = unpaid(stage, patient).await?;
        let mut keys: Vec<&str> = found.lines.iter().map(|line| line.line_id.as_str()).collect();
        keys.sort_unstable();
        same("the lines of a patient", keys, lines.to_vec())?;
        let patient = PatientId::new(patient)?;
        holds("nobody else's", found.lines.iter().all(|l| l.patient_id == patient) && found.visits.iter().all(|v| v.patient_id == patient))?;
    }
    Ok(())
}

async fn after(stage: &dyn HisStage, cursor: Option<String>) -> Verdict<Vec<HisNotice>> {
    answered("notices are listed", ask(stage, HisCall::Notices { after: cursor }).await, of!(Notices))
}

/// From the cursor on: ascending, each once, nothing left out, the same again for the same cursor.
pub(super) async fn notices_come_in_order_and_once(stage: &dyn HisStage) -> Verdict {
    same("nothing has happened", after(stage, None).await?, Vec::new())?;
    for line in ["L1", "L3", "L2"] {
        stage.pay_at_window(&LineKey::new(line)?);
    }
    let all = after(stage, None).await?;
    let lines: Vec<Vec<LineKey>> = all.iter().filter_map(|notice| if let HisNoticeKind::LinesChanged { lines } = &notice.what { Some(lines.clone()) } else { None }).collect();
    same("everything is told as it happened", lines, [["L1"], ["L3"], ["L2"]].iter().map(|l| l.iter().map(|l| LineKey::new(l)).collect()).collect::<Result<_, _>>()?)?;
    holds("ids ascend", all.is_sorted_by(|a, b| a.id < b.id))?;
    for (at, notice) in all.iter().enumerate() {
        same("after a cursor comes the rest", after(stage, Some(notice.id.clone())).await?, all.iter().skip(at + 1).cloned().collect())?;
    }
    Ok(())
}

/// Of its day, under our number, with its receipt and amount.
pub(super) async fn the_day_file_has_a_posting_once(stage: &dyn HisStage) -> Verdict {
    let (_, receipt) = posted(stage, "S1", ANNA).await?;
    let of_day = async |date| answered("the day file is fetched", ask(stage, HisCall::DayFile { date }).await, of!(DayFile));
    let date = receipt.posted_at.biz_date();
    let row = DayRow { kind: DayRowKind::Posted, settlement_no: receipt.no, receipt_no: receipt.receipt_no, amount_fen: receipt.total_fen, at: receipt.posted_at };
    same("the posting is a row", of_day(date).await?, vec![row])?;
    same("of its day only", of_day(date.next()).await?, Vec::new())
}
