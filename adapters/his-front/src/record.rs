//! The records of the default profile, field by field: what a mapping may rename.

/// What a field is, as far as a mapping must know.
pub(crate) enum Kind {
    /// A text, number, code or flag.
    Plain,
    /// An amount of money.
    Amount,
    /// An instant.
    Time,
    /// A calendar date.
    Date,
    /// One record.
    One(&'static Record),
    /// A list of records.
    Many(&'static Record),
    /// A list of texts.
    Texts,
}

/// A record: its name in mapping files, and its fields.
pub(crate) struct Record {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [(&'static str, Kind)],
}

use Kind::{Amount, Date, Many, One, Plain, Texts, Time};

pub(crate) static FIND_PATIENT: Record = Record { name: "find_patient", fields: &[("way", Plain), ("token", Plain)] };
pub(crate) static PATIENTS: Record = Record { name: "patients", fields: &[("patients", Many(&PATIENT))] };
pub(crate) static PATIENT: Record =
    Record { name: "patient", fields: &[("patient_id", Plain), ("name", Plain), ("sex_code", Plain), ("birth_date", Date), ("id_no", Plain), ("phone", Plain)] };
pub(crate) static UNPAID_REQUEST: Record = Record { name: "unpaid_request", fields: &[("patient_id", Plain)] };
pub(crate) static CHARGES: Record = Record { name: "charges", fields: &[("visits", Many(&VISIT)), ("lines", Many(&LINE))] };
pub(crate) static VISIT: Record = Record {
    name: "visit",
    fields: &[
        ("visit_id", Plain),
        ("patient_id", Plain),
        ("date", Date),
        ("dept_code", Plain),
        ("dept_name", Plain),
        ("doctor_name", Plain),
        ("payer", Plain),
        ("med_type", Plain),
        ("dise_codg", Plain),
    ],
};
pub(crate) static LINE: Record = Record {
    name: "line",
    fields: &[
        ("line_id", Plain),
        ("version", Plain),
        ("patient_id", Plain),
        ("visit_id", Plain),
        ("order_no", Plain),
        ("line_no", Plain),
        ("kind", Plain),
        ("fee_class", Plain),
        ("item_code", Plain),
        ("item_name", Plain),
        ("spec", Plain),
        ("unit", Plain),
        ("price", Plain),
        ("quantity", Plain),
        ("doses", Plain),
        ("amount", Amount),
        ("order_dept_code", Plain),
        ("order_dept_name", Plain),
        ("exec_dept_code", Plain),
        ("exec_dept_name", Plain),
        ("pharmacy_code", Plain),
        ("pharmacy_name", Plain),
        ("atomic_key", Plain),
        ("main_line", Plain),
        ("self_paid_item", Plain),
        ("reverses", Plain),
        ("ordered_at", Time),
    ],
};
pub(crate) static UPLOAD_OF: Record = Record { name: "upload_of", fields: &[("patient_id", Plain), ("visit_id", Plain), ("lines", Texts)] };
pub(crate) static UPLOAD_FACTS: Record = Record {
    name: "upload_facts",
    fields: &[
        ("begun_at", Time),
        ("med_type", Plain),
        ("disease_code", Plain),
        ("disease_name", Plain),
        ("category", Plain),
        ("dept_code", Plain),
        ("dept_name", Plain),
        ("doctor_code", Plain),
        ("doctor_name", Plain),
        ("diagnoses", Many(&DIAGNOSIS)),
        ("fees", Many(&FEE)),
    ],
};
pub(crate) static DIAGNOSIS: Record = Record { name: "diagnosis", fields: &[("code", Plain), ("name", Plain), ("main", Plain), ("at", Time)] };
pub(crate) static FEE: Record = Record {
    name: "fee",
    fields: &[
        ("line_id", Plain),
        ("order_no", Plain),
        ("catalogue_code", Plain),
        ("hospital_code", Plain),
        ("name", Plain),
        ("level", Plain),
        ("restricted", Plain),
        ("approval", Plain),
        ("price", Plain),
        ("quantity", Plain),
        ("amount", Amount),
        ("at", Time),
        ("order_dept_code", Plain),
        ("order_dept_name", Plain),
        ("doctor_code", Plain),
        ("doctor_name", Plain),
        ("exec_dept_code", Plain),
        ("exec_dept_name", Plain),
    ],
};
pub(crate) static INSURED: Record = Record {
    name: "insured",
    fields: &[("order_no", Plain), ("pay_order_id", Plain), ("settled_at", Time), ("fund", Amount), ("account", Amount), ("other", Amount), ("cash", Amount)],
};
pub(crate) static LINE_REF: Record = Record { name: "line_ref", fields: &[("line_id", Plain), ("version", Plain), ("amount", Amount)] };
pub(crate) static BILL: Record =
    Record { name: "bill", fields: &[("no", Plain), ("patient_id", Plain), ("visit_id", Plain), ("dept_code", Plain), ("lines", Many(&LINE_REF)), ("total", Amount)] };
pub(crate) static LOCK_RECEIPT: Record = Record { name: "lock_receipt", fields: &[("total", Amount)] };
pub(crate) static BY_NO: Record = Record { name: "by_no", fields: &[("no", Plain)] };
pub(crate) static POSTING: Record = Record {
    name: "posting",
    fields: &[
        ("no", Plain),
        ("patient_id", Plain),
        ("visit_id", Plain),
        ("dept_code", Plain),
        ("lines", Many(&LINE_REF)),
        ("total", Amount),
        ("channel", Plain),
        ("out_trade_no", Plain),
        ("trade_no", Plain),
        ("paid_at", Time),
        ("insured", One(&INSURED)),
    ],
};
pub(crate) static RECEIPT: Record =
    Record { name: "receipt", fields: &[("receipt_no", Plain), ("no", Plain), ("patient_id", Plain), ("total", Amount), ("posted_at", Time), ("guidance", Plain)] };
pub(crate) static POST_STATE: Record = Record { name: "post_state", fields: &[("state", Plain), ("receipt", One(&RECEIPT))] };
pub(crate) static REFUNDABLE: Record = Record { name: "refundable", fields: &[("no", Plain), ("reversed", Plain), ("day_closed", Plain), ("lines", Many(&STANDING))] };
pub(crate) static STANDING: Record = Record {
    name: "standing",
    fields: &[("line_id", Plain), ("execution", Plain), ("exec_dept_code", Plain), ("lab", Plain), ("imaging", Plain), ("dispensing", Plain), ("returned", Plain)],
};
pub(crate) static REVERSAL: Record =
    Record { name: "reversal", fields: &[("no", Plain), ("settlement_no", Plain), ("receipt_no", Plain), ("amount", Amount), ("kept", One(&KEPT))] };
pub(crate) static KEPT: Record = Record { name: "kept", fields: &[("no", Plain), ("total", Amount), ("lines", Many(&KEPT_LINE))] };
pub(crate) static KEPT_LINE: Record = Record { name: "kept_line", fields: &[("line_id", Plain), ("original_line_id", Plain), ("quantity", Plain), ("amount", Amount)] };
pub(crate) static REVERSED: Record = Record { name: "reversed", fields: &[("no", Plain), ("amount", Amount), ("at", Time), ("successor", One(&SUCCESSOR))] };
pub(crate) static SUCCESSOR: Record = Record { name: "successor", fields: &[("receipt", One(&RECEIPT)), ("lines", Many(&KEPT_LINE))] };
pub(crate) static REVERSE_STATE: Record = Record { name: "reverse_state", fields: &[("state", Plain), ("reversal", One(&REVERSED))] };
pub(crate) static NOTICES_REQUEST: Record = Record { name: "notices_request", fields: &[("after", Plain)] };
pub(crate) static NOTICES: Record = Record { name: "notices", fields: &[("notices", Many(&NOTICE))] };
pub(crate) static NOTICE: Record = Record {
    name: "notice",
    fields: &[("id", Plain), ("at", Time), ("kind", Plain), ("lines", Texts), ("settlement_no", Plain), ("amount", Amount), ("suspended", Plain), ("stop", One(&STOP))],
};
pub(crate) static STOP: Record = Record {
    name: "stop",
    fields: &[
        ("schedule_id", Plain),
        ("date", Date),
        ("session", Plain),
        ("version", Plain),
        ("stop_kind", Plain),
        ("dept_code", Plain),
        ("dept_name", Plain),
        ("doctor_name", Plain),
        ("starts_at", Time),
        ("ends_at", Time),
        ("reason", Plain),
        ("substitute_schedule_id", Plain),
        ("substitute_date", Date),
        ("substitute_session", Plain),
        ("substitute_doctor_name", Plain),
    ],
};
pub(crate) static DOCUMENT: Record = Record { name: "document", fields: &[("id_type", Plain), ("id_subtype", Plain), ("id_no", Plain)] };
pub(crate) static FILE: Record = Record {
    name: "file",
    fields: &[
        ("no", Plain),
        ("name", Plain),
        ("sex", Plain),
        ("birth_date", Date),
        ("nationality", Plain),
        ("marital", Plain),
        ("ethnic", Plain),
        ("id_type", Plain),
        ("id_subtype", Plain),
        ("id_no", Plain),
        ("address", Plain),
        ("address_code", Plain),
        ("phone", Plain),
        ("contact_name", Plain),
        ("contact_relation", Plain),
        ("contact_phone", Plain),
        ("pay_method", Plain),
        ("occupation", Plain),
        ("education", Plain),
        ("native_place", Plain),
        ("household_address", Plain),
        ("contact_address", Plain),
        ("source", Plain),
        ("capacity_limited", Plain),
        ("guardian", One(&GUARDIAN)),
    ],
};
pub(crate) static GUARDIAN: Record =
    Record { name: "guardian", fields: &[("name", Plain), ("relation", Plain), ("id_type", Plain), ("id_subtype", Plain), ("id_no", Plain), ("phone", Plain)] };
pub(crate) static OPENED: Record = Record { name: "opened", fields: &[("how", Plain), ("file", One(&PATIENT))] };
pub(crate) static FILE_STATE: Record = Record { name: "file_state", fields: &[("state", Plain), ("opened", One(&OPENED))] };
pub(crate) static REGISTRATIONS_REQUEST: Record = Record { name: "registrations_request", fields: &[("patient_id", Plain), ("date", Date)] };
pub(crate) static REGISTRATIONS: Record = Record { name: "registrations", fields: &[("registrations", Many(&REGISTRATION))] };
pub(crate) static REGISTRATION: Record = Record {
    name: "registration",
    fields: &[
        ("visit_id", Plain),
        ("patient_id", Plain),
        ("schedule_id", Plain),
        ("date", Date),
        ("session", Plain),
        ("starts_at", Time),
        ("ends_at", Time),
        ("dept_code", Plain),
        ("dept_name", Plain),
        ("doctor_name", Plain),
        ("place", Plain),
        ("standing", Plain),
        ("paid", Plain),
        ("fee", Amount),
        ("settlement_no", Plain),
        ("queue_number", Plain),
        ("ahead", Plain),
        ("room", Plain),
    ],
};
pub(crate) static ATTEND: Record = Record { name: "attend", fields: &[("no", Plain), ("visit_id", Plain), ("patient_id", Plain), ("turn", Plain)] };
pub(crate) static TICKET: Record = Record { name: "ticket", fields: &[("queue_number", Plain), ("ahead", Plain), ("room", Plain)] };
pub(crate) static ATTEND_STATE: Record = Record { name: "attend_state", fields: &[("state", Plain), ("ticket", One(&TICKET))] };
pub(crate) static AFFECTED_REQUEST: Record =
    Record { name: "affected_request", fields: &[("schedule_id", Plain), ("date", Date), ("session", Plain), ("after", Plain), ("limit", Plain)] };
pub(crate) static AFFECTED: Record = Record { name: "affected", fields: &[("items", Many(&AFFECTED_ITEM)), ("next", Plain)] };
pub(crate) static AFFECTED_ITEM: Record = Record { name: "affected_item", fields: &[("registration", One(&REGISTRATION)), ("openid", Plain), ("phone", Plain)] };
pub(crate) static REBOOK: Record = Record { name: "rebook", fields: &[("no", Plain), ("visit_id", Plain), ("patient_id", Plain), ("choice", Plain), ("schedule_id", Plain)] };
pub(crate) static REBOOKED: Record =
    Record { name: "rebooked", fields: &[("done", Plain), ("registration", One(&REGISTRATION)), ("fee", Plain), ("settlement_no", Plain), ("amount", Amount)] };
pub(crate) static REBOOK_STATE: Record = Record { name: "rebook_state", fields: &[("state", Plain), ("rebooked", One(&REBOOKED))] };
pub(crate) static DAY_FILE_REQUEST: Record = Record { name: "day_file_request", fields: &[("date", Date)] };
pub(crate) static DAY_FILE: Record = Record { name: "day_file", fields: &[("rows", Many(&DAY_ROW))] };
pub(crate) static DAY_ROW: Record = Record { name: "day_row", fields: &[("kind", Plain), ("settlement_no", Plain), ("receipt_no", Plain), ("amount", Amount), ("at", Time)] };
/// An answer that carries nothing.
pub(crate) static NOTHING: Record = Record { name: "nothing", fields: &[] };

/// Every record a mapping may speak of.
pub(crate) static RECORDS: &[&Record] = &[
    &FIND_PATIENT,
    &PATIENTS,
    &PATIENT,
    &UNPAID_REQUEST,
    &CHARGES,
    &VISIT,
    &LINE,
    &UPLOAD_OF,
    &UPLOAD_FACTS,
    &DIAGNOSIS,
    &FEE,
    &INSURED,
    &LINE_REF,
    &BILL,
    &LOCK_RECEIPT,
    &BY_NO,
    &POSTING,
    &RECEIPT,
    &POST_STATE,
    &REFUNDABLE,
    &STANDING,
    &REVERSAL,
    &KEPT,
    &KEPT_LINE,
    &REVERSED,
    &SUCCESSOR,
    &REVERSE_STATE,
    &NOTICES_REQUEST,
    &NOTICES,
    &NOTICE,
    &STOP,
    &DOCUMENT,
    &FILE,
    &GUARDIAN,
    &OPENED,
    &FILE_STATE,
    &REGISTRATIONS_REQUEST,
    &REGISTRATIONS,
    &REGISTRATION,
    &ATTEND,
    &TICKET,
    &ATTEND_STATE,
    &AFFECTED_REQUEST,
    &AFFECTED,
    &AFFECTED_ITEM,
    &REBOOK,
    &REBOOKED,
    &REBOOK_STATE,
    &DAY_FILE_REQUEST,
    &DAY_FILE,
    &DAY_ROW,
];

/// Name of an operation in mapping files, its path in the default profile, its request and its answer.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) request: &'static Record,
    pub(crate) answer: &'static Record,
}

const fn operation(name: &'static str, path: &'static str, request: &'static Record, answer: &'static Record) -> Operation {
    Operation { name, path, request, answer }
}

pub(crate) static FIND_PATIENT_OP: Operation = operation("find_patient", "/find-patient", &FIND_PATIENT, &PATIENTS);
pub(crate) static UNPAID_OP: Operation = operation("unpaid", "/unpaid", &UNPAID_REQUEST, &CHARGES);
pub(crate) static UPLOAD_FACTS_OP: Operation = operation("upload_facts", "/upload-facts", &UPLOAD_OF, &UPLOAD_FACTS);
pub(crate) static LOCK_OP: Operation = operation("lock", "/lock", &BILL, &LOCK_RECEIPT);
pub(crate) static UNLOCK_OP: Operation = operation("unlock", "/unlock", &BY_NO, &NOTHING);
pub(crate) static POST_OP: Operation = operation("post", "/post", &POSTING, &RECEIPT);
pub(crate) static QUERY_POST_OP: Operation = operation("query_post", "/query-post", &BY_NO, &POST_STATE);
pub(crate) static CANCEL_POST_OP: Operation = operation("cancel_post", "/cancel-post", &BY_NO, &NOTHING);
pub(crate) static REFUNDABLE_OP: Operation = operation("refundable", "/refundable", &BY_NO, &REFUNDABLE);
pub(crate) static REVERSE_OP: Operation = operation("reverse", "/reverse", &REVERSAL, &REVERSED);
pub(crate) static QUERY_REVERSE_OP: Operation = operation("query_reverse", "/query-reverse", &BY_NO, &REVERSE_STATE);
pub(crate) static NOTICES_OP: Operation = operation("notices", "/notices", &NOTICES_REQUEST, &NOTICES);
pub(crate) static DAY_FILE_OP: Operation = operation("day_file", "/day-file", &DAY_FILE_REQUEST, &DAY_FILE);

pub(crate) static FIND_FILES_OP: Operation = operation("find_files", "/find-files", &DOCUMENT, &PATIENTS);
pub(crate) static OPEN_FILE_OP: Operation = operation("open_file", "/open-file", &FILE, &OPENED);
pub(crate) static QUERY_FILE_OP: Operation = operation("query_file", "/query-file", &BY_NO, &FILE_STATE);
pub(crate) static REGISTRATIONS_OP: Operation = operation("registrations", "/registrations", &REGISTRATIONS_REQUEST, &REGISTRATIONS);
pub(crate) static TAKE_NUMBER_OP: Operation = operation("take_number", "/take-number", &ATTEND, &TICKET);
pub(crate) static CHECK_IN_OP: Operation = operation("check_in", "/check-in", &ATTEND, &TICKET);
pub(crate) static QUERY_CHECK_IN_OP: Operation = operation("query_check_in", "/query-check-in", &BY_NO, &ATTEND_STATE);
pub(crate) static AFFECTED_OP: Operation = operation("affected", "/affected", &AFFECTED_REQUEST, &AFFECTED);
pub(crate) static REBOOK_OP: Operation = operation("rebook", "/rebook", &REBOOK, &REBOOKED);
pub(crate) static QUERY_REBOOK_OP: Operation = operation("query_rebook", "/query-rebook", &BY_NO, &REBOOK_STATE);

/// Every operation.
pub(crate) static OPERATIONS: &[&Operation] = &[
    &FIND_PATIENT_OP,
    &UNPAID_OP,
    &UPLOAD_FACTS_OP,
    &LOCK_OP,
    &UNLOCK_OP,
    &POST_OP,
    &QUERY_POST_OP,
    &CANCEL_POST_OP,
    &REFUNDABLE_OP,
    &REVERSE_OP,
    &QUERY_REVERSE_OP,
    &NOTICES_OP,
    &DAY_FILE_OP,
    &REGISTRATIONS_OP,
    &TAKE_NUMBER_OP,
    &CHECK_IN_OP,
    &QUERY_CHECK_IN_OP,
    &AFFECTED_OP,
    &REBOOK_OP,
    &QUERY_REBOOK_OP,
    &FIND_FILES_OP,
    &OPEN_FILE_OP,
    &QUERY_FILE_OP,
];
