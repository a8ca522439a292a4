//! Who somebody is to the insurer.

use super::{InsurerStage, Verdict, answered, ask, by_document, holds, of, person, refused, rows, same};
use crate::access::Private;
use crate::insurance::{Authorisation, PersonKey};
use crate::port::{InsurerAnswer, InsurerCall, Outcome};

/// His document, and a token that finds the same person as the document does. A code that nobody has is refused.
pub(super) async fn a_voucher_says_whose_it_is(stage: &dyn InsurerStage) -> Verdict {
    refused("nobody's code", &ask(stage, InsurerCall::Identify { code: Private::new("5100000000000000000000000000") }).await)?;
    let code = stage.show_voucher();
    let holder = answered("a voucher is read", ask(stage, InsurerCall::Identify { code }).await, of!(Identify))?;
    let (name, id_no) = stage.who();
    same("it is his", (&holder.name, &holder.id_no), (&name, &id_no))?;
    let by_token = rows(stage, PersonKey::Voucher { token: holder.ec_token, insured_place: holder.insu_org }).await?;
    same("token and document find the same rows", &by_token, &rows(stage, by_document(stage)).await?)?;
    holds("they are his", by_token.iter().any(|row| row.active) && by_token.iter().all(|row| row.name == name && row.id_no == id_no))
}

/// It says who he is and opens an order; a second time it says nothing.
pub(super) async fn a_consent_works_once(stage: &dyn InsurerStage) -> Verdict {
    let (code, openid) = stage.consent();
    let exchange = InsurerCall::Authorise { code, openid };
    let authorised = answered("a consent is exchanged", ask(stage, exchange.clone()).await, of!(Authorise))?;
    same("it is his", (authorised.name, authorised.id_no), stage.who())?;
    refused("it works once", &ask(stage, exchange).await)?;
    let mut upload = super::upload_of(stage, super::FIRST).await?;
    upload.authorisation = Authorisation::Mobile { pay_auth_no: authorised.pay_auth_no, until: None };
    answered("it opens an order", ask(stage, super::send(&upload)).await, of!(Upload)).map(drop)
}

/// No row, or a no; never somebody else's row.
pub(super) async fn nobody_else_is_insured(stage: &dyn InsurerStage) -> Verdict {
    let id_no = Private::new("440599198501010045");
    let by = PersonKey::Document { id_type: "01".to_owned(), id_no, name: Private::new("陈测无") };
    match ask(stage, InsurerCall::Person { by: Box::new(by) }).await {
        Outcome::Done(InsurerAnswer::Person(rows)) => same("nobody is found", rows, Vec::new())?,
        other => refused("nobody is found", &other)?,
    }
    person(stage).await.map(drop)
}
