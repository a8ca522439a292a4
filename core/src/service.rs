//! Use cases over ports, the [`Engine`] that commits decisions and the [`Runner`] that performs them.
//!
//! Write, then act, then learn: an event is decided by a pure fold, committed together with the acts it wants, and only
//! then does the runner call anybody; what it learns comes back as the next event.

mod accept;
mod apply;
mod attention;
mod audit;
mod bell;
mod binding;
mod call;
mod callback;
mod engine;
mod feed;
mod first_visit;
mod handoff;
mod identify;
mod insure;
mod login;
mod paid;
mod pay;
mod phone;
mod quote;
mod reconcile;
mod refund;
mod request;
mod runner;
mod staff;
mod status;
mod suspension;
mod unpaid;
mod view;
mod visit;

pub use accept::{PaymentAcceptRequest, PaymentAcceptResponse};
pub use attention::{AttentionItem, AttentionListRequest, AttentionListResponse, AttentionResolveRequest, AttentionResolveResponse, Resolution};
pub use audit::{AuditReport, AuditRunRequest, Figures, Violation, audit_store};
pub use binding::{AuthoriseRequest, AuthoriseResponse, DesignationView, InsuranceBindingRequest, InsuranceBindingResponse};
pub use callback::CallbackAnswer;
pub use engine::{Engine, Hospital, Parts};
pub use feed::FeedResult;
pub use first_visit::{FilingRequest, FilingResponse, RegisterRequest, RegisterResponse};
pub use identify::{IdentifyRequest, IdentifyResponse};
pub use insure::QuotedInsurance;
pub use login::{LoginRequest, LoginResponse};
pub use paid::{PaidListRequest, PaidListResponse, SettlementDetailRequest, SettlementDetailResponse};
pub use pay::{PayRequest, PayResponse, PaymentCancelRequest, PaymentCancelResponse};
pub use phone::{CheckCodeRequest, CheckCodeResponse, Delivery, SendCodeRequest, SendCodeResponse};
pub use quote::{QuoteRequest, QuoteResponse};
pub use reconcile::{
    Day, DayConclusion, DayHead, DaySide, Effect, Item, ItemState, Morning, ReconcileDayRequest, ReconcileDayResponse, ReconcileGetRequest, ReconcileListRequest,
    ReconcileListResponse, ReconcileResolveRequest, ReconcileResolveResponse, Step,
};
pub use refund::{
    CaseDepartment, CaseHang, CaseLine, CaseMoney, CaseMonth, CaseTurn, LineState, LookWhy, PatientInClear, Picked, QuestionState, RefundAnswerRequest, RefundAnswerResponse,
    RefundCase, RefundDecideRequest, RefundDecideResponse, RefundEntry, RefundFollowing, RefundGetRequest, RefundItem, RefundLine, RefundListRequest, RefundListResponse,
    RefundPreviewLine, RefundPreviewRequest, RefundPreviewResponse, RefundQuestion, RefundReprescribeRequest, RefundRequestRequest, RefundRequestResponse, RefundStep,
    RefundUnderWay, RefundVerdict, RefundView, RefundWithdrawRequest, RefundWithdrawResponse, RefundWork, Represcription, Represcriptions, StepState,
};
pub use runner::Runner;
pub use staff::{By, Decided, Founded, NewAccount, NotSo, PasswordChange, SignIn, TrailCheck};
pub use status::{SettlementGetRequest, SettlementGetResponse};
pub use suspension::{SuspensionChooseRequest, SuspensionChooseResponse, SuspensionGetRequest, SuspensionListRequest, SuspensionListResponse, SuspensionView};
pub use unpaid::{UnpaidRequest, UnpaidResponse, VisitBills};
pub use view::{BillView, InsuranceView, InvoiceView, LineView, PaymentView, Progress, SettlementView};
pub use visit::{AttendRequest, AttendResponse, RegistrationListRequest, RegistrationListResponse, RegistrationView, VisitProgressRequest, VisitProgressResponse};
