//! The stage of the invoice platform.

use menjie::ident::BusinessNo;
use menjie::port::{CallCx, InvoicePlatform};
use menjie::testkit::conformance::{Mishap, invoice};

use crate::Wireless;

impl invoice::InvoiceStage for Wireless {
    fn platform(&self) -> &dyn InvoicePlatform {
        &*self.invoices
    }

    fn cx(&self) -> CallCx {
        Wireless::cx(self)
    }

    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        Wireless::mishap(self, interface, mishap);
    }

    fn refuse(&self, refuses: bool) {
        self.world.invoices.refuse(refuses);
    }

    fn print(&self, bus_no: &BusinessNo, printed: bool) {
        self.world.invoices.print(bus_no, printed);
    }

    fn book(&self, bus_no: &BusinessNo, booked: bool) {
        self.world.invoices.book(bus_no, booked);
    }
}
