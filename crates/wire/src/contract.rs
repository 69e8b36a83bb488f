//! The contract as tables, read from the field options at build time: what each message of content
//! holds, and the rule of every field. Validation, forms, completeness, CTF mapping and the field
//! reference all read these, so that a field is declared once.

use baton_domain::section::{Class, SectionKind};

use crate::v1;

pub mod tables;
mod together;

pub use together::{RULES, Together, Value};

/// The contract this build speaks. Told when a field is refused as unknown; the revision behind the
/// dot rises with every field added.
pub const VERSION: &str = "baton.v1.1";

/// Characters of a free text that declares no `max_length`.
pub const FREE_TEXT_CHARACTERS: u32 = 4_000;
/// Characters of a single line that declares no `max_length`.
pub const LINE_CHARACTERS: u32 = 200;
/// Items of a repeated field that declares no `max_items`.
pub const ITEMS: u32 = 50;

/// A message of content.
#[derive(Debug)]
pub struct Message {
    /// Name in the package, e.g. `SettingRef`.
    pub name: &'static str,
    /// The section it is the content of; `None` for a part.
    pub section: Option<Section>,
    /// By number.
    pub fields: &'static [Field],
}

/// That a message is the content of a section.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// The kind.
    pub kind: SectionKind,
    /// Nothing inside is more sensitive.
    pub class: Class,
}

/// A field of content.
#[derive(Debug)]
pub struct Field {
    /// Number on the wire.
    pub number: u32,
    /// Name in the contract, e.g. `legal_surname`.
    pub name: &'static str,
    /// Name in proto3 JSON, e.g. `legalSurname`.
    pub json_name: &'static str,
    /// Type of the value, or of each item.
    pub kind: Kind,
    /// Whether it holds a list.
    pub repeated: bool,
    /// What is true of its values.
    pub rule: FieldRule,
}

/// Type of a value.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `string`.
    Text,
    /// `bool`.
    Bool,
    /// `int32`.
    Int32,
    /// `int64`.
    Int64,
    /// `uint32`.
    Uint32,
    /// `uint64`.
    Uint64,
    /// One of named numbers.
    Enum(&'static Enum),
    /// Fields of its own.
    Message(&'static Message),
}

/// An enum of the contract.
#[derive(Debug)]
pub struct Enum {
    /// Name in the package.
    pub name: &'static str,
    /// Number and name, by number; 0 is UNSPECIFIED and refused.
    pub values: &'static [(i32, &'static str)],
}

/// The options of a field. Texts behind the keys lie in `proto/texts.toml`.
#[derive(Debug)]
pub struct FieldRule {
    /// Key of the label. Empty only for what is no content: the sections of a profile themselves
    /// and the fields of `NotAnswered`.
    pub label: &'static str,
    /// Key of the help text; empty when the label says enough.
    pub help: &'static str,
    /// Group of the form.
    pub group: &'static str,
    /// Order inside the group.
    pub order: u32,
    /// How much harm a disclosure can do.
    pub sensitivity: Class,
    /// Who usually fills it.
    pub filled_by: &'static [v1::Filler],
    /// When it is asked for.
    pub needed: &'static [Need],
    /// Name of the code set a value must come from; empty for free values.
    pub code_set: &'static str,
    /// Path of the element in a CTF pupil; empty when there is none.
    pub ctf: &'static str,
    /// As declared, in characters; 0 for the default, see [`Field::max_length`].
    pub max_length: u32,
    /// As declared; 0 for the default, see [`Field::max_items`].
    pub max_items: u32,
    /// Shape of a text.
    pub format: v1::Format,
    /// Least and greatest number.
    pub range: Option<(i64, i64)>,
    /// Points at which it is a core question.
    pub core: &'static [v1::Point],
    /// Rules that speak of other fields too.
    pub together: &'static [Together],
}

/// When a field is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    /// At this point; `None` at every one.
    pub point: Option<v1::Point>,
    /// From this level on.
    pub level: v1::Level,
    /// In this circumstance; `None` always.
    pub status: Option<v1::Status>,
}

/// The name of a section and of the fields on a way into it, as `health.conditions.name`: as far as the
/// contract knows the numbers.
pub fn path(kind: SectionKind, numbers: &[u32]) -> String {
    let mut path = kind.to_string();
    let mut message = Some(Message::of(kind));
    for number in numbers {
        let Some((_, field)) = message.and_then(|message| message.field(*number)) else {
            break;
        };
        path.push('.');
        path.push_str(field.name);
        message = match field.kind {
            Kind::Message(inner) => Some(inner),
            _ => None,
        };
    }
    path
}

// === impl ===

impl FieldRule {
    pub(crate) const NONE: Self = Self {
        label: "",
        help: "",
        group: "",
        order: 0,
        sensitivity: Class::L,
        filled_by: &[],
        needed: &[],
        code_set: "",
        ctf: "",
        max_length: 0,
        max_items: 0,
        format: v1::Format::Unspecified,
        range: None,
        core: &[],
        together: &[],
    };
}

impl Message {
    /// The content of a section.
    pub fn of(kind: SectionKind) -> &'static Self {
        static NOTHING: Message = Message {
            name: "",
            section: None,
            fields: &[],
        };
        match tables::SECTIONS
            .field(u32::from(kind.number()))
            .map(|(_, field)| field.kind)
        {
            Some(Kind::Message(message)) => message,
            // The build refuses a kind without a message.
            _ => &NOTHING,
        }
    }

    /// The field of that number and its place in [`Self::fields`].
    pub fn field(&self, number: u32) -> Option<(usize, &'static Field)> {
        let fields: &'static [Field] = self.fields;
        // Numbers mostly run from 1 without a gap.
        let near = usize::try_from(number).ok()?.wrapping_sub(1);
        match fields.get(near) {
            Some(field) if field.number == number => Some((near, field)),
            _ => {
                let place = fields
                    .binary_search_by_key(&number, |field| field.number)
                    .ok()?;
                fields.get(place).map(|field| (place, field))
            }
        }
    }

    /// The field of that name and its place.
    pub fn field_named(&self, name: &str) -> Option<(usize, &'static Field)> {
        let fields: &'static [Field] = self.fields;
        fields
            .iter()
            .enumerate()
            .find(|(_, field)| field.name == name)
    }

    /// The field a path with dots leads to: `sen_provision`, `address.town`.
    pub fn at_path(&'static self, path: &str) -> Option<&'static Field> {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let (_, field) = self.field_named(first)?;
        match (rest, field.kind) {
            ("", _) => Some(field),
            (rest, Kind::Message(inner)) => inner.at_path(rest),
            _ => None,
        }
    }
}

impl Field {
    /// Greatest length in characters: as declared, or the default of the format.
    pub const fn max_length(&self) -> u32 {
        use v1::Format;
        if self.rule.max_length > 0 {
            return self.rule.max_length;
        }
        match self.rule.format {
            Format::Unspecified => FREE_TEXT_CHARACTERS,
            Format::Line => LINE_CHARACTERS,
            Format::Email => 254,
            Format::LocalId => 64,
            Format::Phone => 24,
            Format::Upn | Format::Uci => 13,
            Format::Uln | Format::NhsNumber | Format::Date | Format::PastDate => 10,
            Format::Postcode | Format::OfstedUrn | Format::Ukprn => 8,
            Format::Laestab | Format::YearMonth => 7,
            Format::GiasUrn => 6,
            Format::AcademicYear => 4,
            Format::LaCode => 3,
        }
    }

    /// Greatest number of items: as declared, or the default.
    pub const fn max_items(&self) -> u32 {
        if self.rule.max_items > 0 {
            self.rule.max_items
        } else {
            ITEMS
        }
    }

    /// Whether it is one of the fields that speak about the section rather than the learner.
    pub fn speaks_of_the_section(&self) -> bool {
        matches!(self.name, NOT_ANSWERED | NOTHING_TO_ADD | CODE_SET_VERSION)
    }
}

/// Name of the field, in every section, for what was asked and not answered.
pub const NOT_ANSWERED: &str = "not_answered";
/// Name of the field, in every section, that answers all blanks at once.
pub const NOTHING_TO_ADD: &str = "nothing_to_add";
/// Name of the field, in every section, for the version of its code sets.
pub const CODE_SET_VERSION: &str = "code_set_version";

impl Enum {
    /// The name of a number, UNSPECIFIED included.
    pub fn name_of(&self, number: i32) -> Option<&'static str> {
        let place = self
            .values
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()?;
        self.values.get(place).map(|(_, name)| *name)
    }

    /// The number of a name, UNSPECIFIED included.
    pub fn number_of(&self, name: &str) -> Option<i32> {
        self.values
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(number, _)| *number)
    }
}

/// The sections of a profile.
pub fn sections() -> &'static Message {
    &tables::SECTIONS
}
