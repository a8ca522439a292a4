//! Documents, first-visit records and opened files as records of the default profile.

use menjie::patient::{Field, RecordRow};
use menjie::port::{DocumentRef, FileOpened, FileOrder};
use menjie_transport::Shape;

use super::{map, patient};
use crate::lenient::Reader;
use crate::node::Node;

pub(super) fn document_request(document: &DocumentRef) -> Node {
    let mut fields = map([("id_type", Node::text(document.id_type.as_str())), ("id_no", Node::text(document.id_no.reveal()))]);
    if !document.id_subtype.is_empty() {
        fields.put("id_subtype", Node::text(document.id_subtype.as_str()));
    }
    fields
}

/// Fields that were not given are left out; what is not in the default profile is not sent.
pub(super) fn file_request(order: &FileOrder) -> Node {
    let mut request = map([("no", Node::text(order.no.as_str()))]);
    for field in Field::ALL {
        let text = (&order.record).text(*field);
        if !text.is_empty() {
            request.put(field.path(), Node::text(text));
        }
    }
    if order.record.capacity_limited {
        request.put("capacity_limited", Node::Bool(true));
    }
    request
}

/// A file that was there before has to say so: it opens no door.
pub(super) fn opened(r: &Reader<'_>) -> Result<FileOpened, Shape> {
    Ok(FileOpened { file: patient(&r.record("file")?)?, created: r.word("how", &[("created", true), ("existing", false)])? })
}

pub(super) fn file_state(r: &Reader<'_>) -> Result<Option<FileOpened>, Shape> {
    Ok(match r.word("state", &[("done", true), ("not_recorded", false)])? {
        true => Some(opened(&r.record("opened")?)?),
        false => None,
    })
}
