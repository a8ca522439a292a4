//! The stage of the insurer: the patient of [`patient_file`](menjie::testkit::world::patient_file) is insured.

use menjie::access::Private;
use menjie::ident::BusinessNo;
use menjie::insurance::Authorisation;
use menjie::port::{Authorised, CallCx, Insurer, VoucherHolder};
use menjie::testkit::conformance::{Mishap, Passing, Told, insurer};
use menjie::testkit::world::FakeChannel;

use crate::Wireless;

impl insurer::InsurerStage for Wireless {
    fn insurer(&self) -> &dyn Insurer {
        &*self.insurer
    }

    fn cx(&self) -> CallCx {
        Wireless::cx(self)
    }

    fn mishap(&self, interface: &'static str, mishap: Mishap) {
        Wireless::mishap(self, interface, mishap);
    }

    fn who(&self) -> (Private, Private) {
        (Private::new("测试甲"), Private::new("440599199003070058"))
    }

    fn show_voucher(&self) -> Private {
        let (name, id_no) = self.who();
        let holder = VoucherHolder { id_type: "01".to_owned(), id_no, name, ec_token: Private::new("EC"), insu_org: "440500".to_owned(), sex_code: None, birth_date: None };
        self.world.insurer.issue("VOUCHER", holder);
        Private::new("VOUCHER")
    }

    fn consent(&self) -> (Private, Private) {
        let (name, id_no) = self.who();
        self.world.insurer.grant("CONSENT", Authorised { pay_auth_no: Private::new("AUTH-2"), name, id_no });
        (Private::new("CONSENT"), Private::new("o-anna"))
    }

    fn authorise(&self) -> Authorisation {
        Authorisation::Mobile { pay_auth_no: Private::new("AUTH-1"), until: None }
    }

    fn confirm(&self, order_no: &BusinessNo) -> bool {
        self.world.insurer.confirm(order_no)
    }

    fn callbacks(&self) -> Vec<Told> {
        self.world.insurer.take_callbacks().into_iter().map(|body| Told { headers: FakeChannel::headers(&body), body }).collect()
    }

    fn pass(&self, ms: i64) -> Passing<'_> {
        Wireless::pass(self, ms)
    }
}
