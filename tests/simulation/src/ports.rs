//! The counterparts as the engine sees them, with the book in between.

use std::sync::Arc;

use async_trait::async_trait;

use menjie::Timestamp;
use menjie::ident::ChannelCode;
use menjie::payment::{ChannelTraits, Notice, RawNotice};
use menjie::port::{
    Answer, Call, CallCx, ChannelAnswer, ChannelCall, DesignationRule, His, HisAnswer, HisCall, HisTraits, Insurer, InsurerAnswer, InsurerCall, InsurerNotice, InvoiceAnswer,
    InvoiceCall, InvoicePlatform, Notifier, NotifierTraits, NotifyAnswer, NotifyCall, Outcome, PaymentChannel,
};
use menjie::service::Hospital;

use crate::book::{Shared, open};
use crate::contradiction::Contradicts;
use crate::fault::Fault;

/// A port that is watched.
struct Watched<P: ?Sized> {
    port: Arc<P>,
    book: Shared,
}

/// A call on its way: whoever drops it has died.
struct OnTheWay<'a> {
    book: &'a Shared,
    number: Option<u64>,
    call: Call,
}

impl Drop for OnTheWay<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let mut book = open(self.book);
            book.may_be_open(&self.call);
            book.died(number);
        }
    }
}

async fn carried<A: Clone + Contradicts>(book: &Shared, call: Call, work: impl Future<Output = Outcome<A>> + Send, answer: fn(A) -> Answer) -> Outcome<A> {
    let number = open(book).leaves(&call);
    let refused = open(book).refuses(&call);
    let mut on_the_way = OnTheWay { book, number: Some(number), call };
    let mut outcome = match refused {
        Some(no) => Outcome::Refused(no),
        None => work.await,
    };
    let how = if matches!(outcome, Outcome::Done(_)) { open(book).contradicts(&on_the_way.call) } else { None };
    if let (Outcome::Done(answer), Some(how)) = (&mut outcome, how)
        && answer.contradict(how)
    {
        let mut book = open(book);
        book.met(Fault::Contradicts);
        book.touch(&on_the_way.call);
    }
    on_the_way.number = None;
    open(book).came(number, &outcome.clone().map(answer));
    outcome
}

#[async_trait]
impl His for Watched<dyn His> {
    fn traits(&self) -> HisTraits {
        self.port.traits()
    }

    async fn call(&self, cx: &CallCx, call: &HisCall) -> Outcome<HisAnswer> {
        carried(&self.book, Call::His { call: call.clone() }, self.port.call(cx, call), Answer::His).await
    }
}

#[async_trait]
impl PaymentChannel for Watched<dyn PaymentChannel> {
    fn traits(&self) -> ChannelTraits {
        self.port.traits()
    }

    async fn call(&self, cx: &CallCx, call: &ChannelCall) -> Outcome<ChannelAnswer> {
        let channel = ChannelCode::new("wechat").unwrap();
        carried(&self.book, Call::Channel { channel, call: call.clone() }, self.port.call(cx, call), Answer::Channel).await
    }

    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> menjie::Result<Notice> {
        self.port.accept(notice, now)
    }
}

#[async_trait]
impl Insurer for Watched<dyn Insurer> {
    fn authorise_url(&self, back: &str, state: &str) -> Option<String> {
        self.port.authorise_url(back, state)
    }

    fn designation_rule(&self) -> Option<DesignationRule<'_>> {
        self.port.designation_rule()
    }

    async fn call(&self, cx: &CallCx, call: &InsurerCall) -> Outcome<InsurerAnswer> {
        carried(&self.book, Call::Insurer { call: call.clone() }, self.port.call(cx, call), Answer::Insurer).await
    }

    fn accept(&self, notice: &RawNotice<'_>, now: Timestamp) -> menjie::Result<InsurerNotice> {
        self.port.accept(notice, now)
    }
}

#[async_trait]
impl InvoicePlatform for Watched<dyn InvoicePlatform> {
    async fn call(&self, cx: &CallCx, call: &InvoiceCall) -> Outcome<InvoiceAnswer> {
        carried(&self.book, Call::Invoice { call: call.clone() }, self.port.call(cx, call), Answer::Invoice).await
    }
}

#[async_trait]
impl Notifier for Watched<dyn Notifier> {
    fn traits(&self) -> NotifierTraits {
        self.port.traits()
    }

    fn login_url(&self, back: &str, state: &str) -> Option<String> {
        self.port.login_url(back, state)
    }

    async fn call(&self, cx: &CallCx, call: &NotifyCall) -> Outcome<NotifyAnswer> {
        carried(&self.book, Call::Notify { call: call.clone() }, self.port.call(cx, call), Answer::Notify).await
    }
}

/// The hospital with the book between engine and counterparts.
pub fn watched(hospital: Hospital, book: &Shared) -> Hospital {
    fn watch<P: ?Sized>(port: Arc<P>, book: &Shared) -> Arc<Watched<P>> {
        Arc::new(Watched { port, book: Arc::clone(book) })
    }
    Hospital {
        his: watch(hospital.his, book),
        channels: hospital.channels.into_iter().map(|(code, port)| (code, watch(port, book) as Arc<dyn PaymentChannel>)).collect(),
        invoice: watch(hospital.invoice, book),
        insurer: hospital.insurer.map(|port| watch(port, book) as Arc<dyn Insurer>),
        notifier: hospital.notifier.map(|port| watch(port, book) as Arc<dyn Notifier>),
        ..hospital
    }
}
