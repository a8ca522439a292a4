//! The record of a first visit, declared once: as a row, as columns, and as the names of its fields.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::Private;
use crate::error::{Error, Result};

/// Reads a field's text whatever holds it.
trait AsText {
    fn as_text(&self) -> &str;
}

impl AsText for String {
    fn as_text(&self) -> &str {
        self
    }
}

impl AsText for Cow<'_, str> {
    fn as_text(&self) -> &str {
        self
    }
}

impl AsText for Private {
    fn as_text(&self) -> &str {
        self.reveal()
    }
}

macro_rules! record {
    (record { $($(#[$doc:meta])* $field:ident $variant:ident $type:ident $label:literal;)+ } guardian { $($(#[$gdoc:meta])* $gfield:ident $gcolumn:ident $gvariant:ident $gtype:ident $glabel:literal;)+ }) => {
        /// A field of the record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            $($(#[$doc])* $variant,)+
            $($(#[$gdoc])* $gvariant,)+
            /// The guardian block as a whole.
            Guardian,
        }

        impl Field {
            /// Every field that holds a text.
            pub const ALL: &'static [Field] = &[$(Field::$variant,)+ $(Field::$gvariant,)+];

            /// The path in the contract.
            pub const fn path(self) -> &'static str {
                match self {
                    $(Field::$variant => stringify!($field),)+
                    $(Field::$gvariant => concat!("guardian.", stringify!($gfield)),)+
                    Field::Guardian => "guardian",
                }
            }

            /// The name of its column.
            pub const fn column(self) -> &'static str {
                match self {
                    $(Field::$variant => stringify!($field),)+
                    $(Field::$gvariant => stringify!($gcolumn),)+
                    Field::Guardian => "guardian",
                }
            }

            /// What patients call it.
            pub const fn label(self) -> &'static str {
                match self {
                    $(Field::$variant => $label,)+
                    $(Field::$gvariant => $glabel,)+
                    Field::Guardian => "监护人",
                }
            }
        }

        /// The record of a first visit (首诊建档). Texts as they were typed; an empty one is one that was not given. Codes are
        /// those of the national tables, a country is its alpha-3 code; the age is never part of it, it is derived.
        #[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, default)]
        pub struct Record {
            $($(#[$doc])* pub $field: $type,)+
            /// An adult who has no full capacity for civil conduct needs a guardian as a minor does.
            pub capacity_limited: bool,
            /// Who has legal standing for the patient; not the same as the contact, who is whoever to ring.
            pub guardian: Option<Guardian>,
        }

        /// The guardian of a patient (监护人).
        #[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, default)]
        pub struct Guardian {
            $($(#[$gdoc])* pub $gfield: $gtype,)+
        }

        /// A [`Record`] as it stands in a JSON text: only what has to be unescaped is copied. For batches that come as JSON.
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct RecordText<'a> {
            $($(#[$doc])* #[serde(borrow)] pub $field: Cow<'a, str>,)+
            /// Without full capacity for civil conduct.
            pub capacity_limited: bool,
            /// The guardian; boxed, because few patients have one and a record is moved while it is read.
            #[serde(borrow)]
            pub guardian: Option<Box<GuardianText<'a>>>,
        }

        /// The guardian of a [`RecordText`].
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct GuardianText<'a> {
            $($(#[$gdoc])* #[serde(borrow)] pub $gfield: Cow<'a, str>,)+
        }

        /// One record as the rules see it, whoever stores it. `'a` is the life of the texts behind it.
        pub trait RecordRow<'a>: Copy {
            /// The text of a field; empty when it was not given.
            fn text(self, field: Field) -> &'a str;
            /// Every text, in the order of [`Field::ALL`].
            #[inline]
            fn texts(self) -> [&'a str; Field::ALL.len()] {
                [$(self.text(Field::$variant),)+ $(self.text(Field::$gvariant),)+]
            }
            /// Without full capacity for civil conduct?
            fn capacity_limited(self) -> bool;
        }

        impl<'a> RecordRow<'a> for &'a RecordText<'_> {
            #[inline]
            fn text(self, field: Field) -> &'a str {
                match field {
                    $(Field::$variant => self.$field.as_text(),)+
                    $(Field::$gvariant => self.guardian.as_ref().map_or("", |guardian| guardian.$gfield.as_text()),)+
                    Field::Guardian => "",
                }
            }

            fn capacity_limited(self) -> bool {
                self.capacity_limited
            }
        }

        /// Records as columns: borrowed slices of equal length, for millions of them. A column that nobody has is left out;
        /// the fields mean what they mean in [`Record`].
        #[derive(Clone, Copy, Debug, Default)]
        pub struct RecordColumns<'a> {
            /// How many there are.
            pub count: usize,
            $($(#[$doc])* pub $field: Option<&'a [&'a str]>,)+
            /// Without full capacity; false when left out.
            pub capacity_limited: Option<&'a [bool]>,
            $($(#[$gdoc])* pub $gcolumn: Option<&'a [&'a str]>,)+
        }

        impl<'a> RecordColumns<'a> {
            /// Sets the column of a field; a field that holds no text has none.
            pub const fn put(&mut self, field: Field, texts: &'a [&'a str]) {
                match field {
                    $(Field::$variant => self.$field = Some(texts),)+
                    $(Field::$gvariant => self.$gcolumn = Some(texts),)+
                    Field::Guardian => {}
                }
            }
        }

        impl<'a> RowOf<'a> {
            #[inline]
            fn column(self, field: Field) -> Option<&'a [&'a str]> {
                match field {
                    $(Field::$variant => self.columns.$field,)+
                    $(Field::$gvariant => self.columns.$gcolumn,)+
                    Field::Guardian => None,
                }
            }
        }

        impl<'a> RecordRow<'a> for &'a Record {
            #[inline]
            fn text(self, field: Field) -> &'a str {
                match field {
                    $(Field::$variant => self.$field.as_text(),)+
                    $(Field::$gvariant => self.guardian.as_ref().map_or("", |guardian| guardian.$gfield.as_text()),)+
                    Field::Guardian => "",
                }
            }

            fn capacity_limited(self) -> bool {
                self.capacity_limited
            }
        }

        impl Record {
            /// Sets a field to a text; for reading from columns, forms and mapping files.
            pub fn set(&mut self, field: Field, text: &str) {
                match field {
                    $(Field::$variant => self.$field = text.into(),)+
                    $(Field::$gvariant => self.guardian.get_or_insert_default().$gfield = text.into(),)+
                    Field::Guardian => {}
                }
            }
        }
    };
}

record! {
    record {
        /// Name.
        name Name Private "姓名";
        /// GB/T 2261.1.
        sex Sex String "性别";
        /// `YYYY-MM-DD`.
        birth_date BirthDate Private "出生日期";
        /// Alpha-3 of GB/T 2659; `CHN` for people of Hong Kong, Macau and Taiwan too.
        nationality Nationality String "国籍";
        /// GB/T 2261.2.
        marital Marital String "婚姻";
        /// GB/T 3304.
        ethnic Ethnic String "民族";
        /// CV02.01.101.
        id_type IdType String "证件类型";
        /// Which document it is under 99: a word of the table `document`.
        id_subtype IdSubtype String "证件细类";
        /// Document number; a temporary number for those without document.
        id_no IdNo Private "证件号码";
        /// Address (现住址), free text.
        address Address Private "现住址";
        /// GB/T 2260 code of the address, six digits.
        address_code AddressCode String "现住址区划代码";
        /// Phone of the patient.
        phone Phone Private "本人电话";
        /// Whoever to ring.
        contact_name ContactName Private "联系人姓名";
        /// GB/T 4761, two digits or the top level: what the contact is to the patient.
        contact_relation ContactRelation String "联系人关系";
        /// Phone of the contact.
        contact_phone ContactPhone Private "联系人电话";
        /// CV07.10.005, one digit or two.
        pay_method PayMethod String "医疗付费方式";
        /// Occupation, free text.
        occupation Occupation String "职业";
        /// Education, free text.
        education Education String "学历";
        /// Native place.
        native_place NativePlace Private "籍贯";
        /// Address of the household register.
        household_address HouseholdAddress Private "户籍地址";
        /// Address of the contact.
        contact_address ContactAddress Private "联系人地址";
        /// Through which channel the file is made, a code of the hospital.
        source Source String "来源渠道";
    }
    guardian {
        /// Name.
        name guardian_name GuardianName Private "监护人姓名";
        /// GB/T 4761, two digits or the top level: what the guardian is to the patient.
        relation guardian_relation GuardianRelation String "监护人关系";
        /// CV02.01.101.
        id_type guardian_id_type GuardianIdType String "监护人证件类型";
        /// Which document it is under 99.
        id_subtype guardian_id_subtype GuardianIdSubtype String "监护人证件细类";
        /// Document number.
        id_no guardian_id_no GuardianIdNo Private "监护人证件号码";
        /// Phone.
        phone guardian_phone GuardianPhone Private "监护人电话";
    }
}

/// Many records, by position.
pub trait Records<'a> {
    /// How one record is read.
    type Row: RecordRow<'a>;
    /// How many there are.
    fn count(&self) -> usize;
    /// The record at a position below [`Records::count`].
    fn row(&self, at: usize) -> Option<Self::Row>;
    /// Is the storage sound in itself (columns equally long)?
    fn check(&self) -> Result<()> {
        Ok(())
    }
}

impl<'a> Records<'a> for &'a [Record] {
    type Row = &'a Record;

    fn count(&self) -> usize {
        self.len()
    }

    fn row(&self, at: usize) -> Option<&'a Record> {
        self.get(at)
    }
}

impl<'a> Records<'a> for &'a [RecordText<'_>] {
    type Row = &'a RecordText<'a>;

    fn count(&self) -> usize {
        self.len()
    }

    fn row(&self, at: usize) -> Option<&'a RecordText<'a>> {
        self.get(at)
    }
}

/// Personal texts, borrowed: nothing of them is shown.
impl fmt::Debug for RecordText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordText(***)")
    }
}

impl fmt::Debug for GuardianText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuardianText(***)")
    }
}

/// One record of [`RecordColumns`].
#[derive(Clone, Copy, Debug)]
pub struct RowOf<'a> {
    columns: &'a RecordColumns<'a>,
    at: usize,
}

impl<'a> RecordRow<'a> for RowOf<'a> {
    #[inline]
    fn text(self, field: Field) -> &'a str {
        self.column(field).and_then(|column| column.get(self.at).copied()).unwrap_or_default()
    }

    fn capacity_limited(self) -> bool {
        self.columns.capacity_limited.and_then(|column| column.get(self.at).copied()).unwrap_or_default()
    }
}

impl<'a> Records<'a> for &'a RecordColumns<'a> {
    type Row = RowOf<'a>;

    fn count(&self) -> usize {
        self.count
    }

    fn row(&self, at: usize) -> Option<RowOf<'a>> {
        (at < self.count).then_some(RowOf { columns: self, at })
    }

    /// The error names the column that is not as long as the others.
    fn check(&self) -> Result<()> {
        let first = RowOf { columns: self, at: 0 };
        let texts = Field::ALL.iter().map(|field| (field.path(), first.column(*field).map(<[_]>::len)));
        let lengths = texts.chain([("capacity_limited", self.capacity_limited.map(<[_]>::len))]);
        let wrong = lengths.filter_map(|(name, length)| Some((name, length?))).find(|(_, length)| *length != self.count);
        wrong.map_or(Ok(()), |(name, _)| Err(Error::field(name, "is not as long as count says")))
    }
}
