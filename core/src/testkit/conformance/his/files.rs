//! First visits: one file per number and per document.

use super::{HisStage, Verdict, answered, ask, holds, of, same, twice, unknown};
use crate::access::Private;
use crate::ident::BusinessNo;
use crate::patient::Record;
use crate::port::{DocumentRef, FileOrder, HisCall};

/// A record with everything that HIS may ask for, of nobody; area 440599 was never given.
fn order(no: &str) -> Verdict<FileOrder> {
    let text = |text: &str| text.to_owned();
    let record = Record {
        name: Private::new("陈测新"),
        sex: text("2"),
        birth_date: Private::new("1985-01-01"),
        nationality: text("CHN"),
        marital: text("20"),
        ethnic: text("01"),
        id_type: text("01"),
        id_no: Private::new("440599198501010045"),
        address: Private::new("广东省汕头市龙湖区测试路1号"),
        phone: Private::new("13900000009"),
        contact_name: Private::new("陈测平"),
        contact_relation: text("11"),
        contact_phone: Private::new("13900000010"),
        pay_method: text("7"),
        ..Record::default()
    };
    Ok(FileOrder { no: BusinessNo::new(no)?, record })
}

fn open(order: &FileOrder) -> HisCall {
    HisCall::OpenFile { order: Box::new(order.clone()) }
}

/// Made for this order, found by its document afterwards.
pub(super) async fn a_number_opens_one_file(stage: &dyn HisStage) -> Verdict {
    let order = order("F1")?;
    let find = HisCall::FindFiles { document: DocumentRef::from(&order.record) };
    same("there is no file before", answered("files are looked for", ask(stage, find.clone()).await, of!(FindFiles))?, Vec::new())?;
    let (first, again) = twice("a file is opened", stage, open(&order), of!(OpenFile)).await?;
    holds("it was made for this order", first.created)?;
    same("a repeat gets the same file", (&again.file.patient_id, again.created), (&first.file.patient_id, true))?;
    let found = answered("files are looked for", ask(stage, find).await, of!(FindFiles))?;
    same("there is one file after", found.iter().map(|file| &file.patient_id).collect::<Vec<_>>(), vec![&first.file.patient_id])
}

/// Another order for the same document is told of the file that is there.
pub(super) async fn a_document_has_one_file(stage: &dyn HisStage) -> Verdict {
    let first = answered("a file is opened", ask(stage, open(&order("F1")?)).await, of!(OpenFile))?;
    let other = answered("the document comes again", ask(stage, open(&order("F2")?)).await, of!(OpenFile))?;
    same("it is the same file, and was there", (other.file.patient_id, other.created), (first.file.patient_id, false))
}

/// Before: no record. When the answer was lost: the file.
pub(super) async fn an_opened_file_can_be_asked_about(stage: &dyn HisStage) -> Verdict {
    let order = order("F1")?;
    let query = HisCall::QueryFile { no: order.no.clone() };
    same("there is no record before", answered("an opening is asked about", ask(stage, query.clone()).await, of!(QueryFile))?, None)?;
    stage.lose_answer("his.open_file");
    unknown("an opening without answer", &ask(stage, open(&order)).await)?;
    let found = answered("an opening is asked about", ask(stage, query).await, of!(QueryFile))?;
    let again = answered("it is repeated", ask(stage, open(&order)).await, of!(OpenFile))?;
    same("one file was opened", found, Some(again))
}
