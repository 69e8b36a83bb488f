//! Checks the bytes of `Sections` before anything is decoded, and cuts them into sections.
//!
//! The server keeps, seals and commits to the bytes a sender wrote, so those bytes must mean one
//! thing to every reader: no unknown field, no field twice, no number outside its type. A protobuf
//! decoder would quietly skip, merge or truncate such things. The walk goes by the tables of the
//! contract, copies nothing, and reports everything it finds.

use baton_domain::section::SectionKind;
use bytes::Bytes;
use jiff::civil::Date;

use crate::{
    answers,
    contract::{self, Enum, Field, Kind, Message},
    findings::{Findings, Path},
    raw::{Fields, Raw, varint},
    text, together,
    violation::Violation,
};

/// Bytes of one section.
pub const SECTION_BYTES_MAX: usize = 1 << 20;
/// Bytes of all sections of a profile: with what goes around them below the 4 MiB that most gRPC
/// clients take by default.
pub const CONTENT_BYTES_MAX: usize = 3 << 20;

/// Values in one section, those of messages inside included. Far above what a full section can hold
/// in practice; it bounds the work that few bytes can ask for.
pub const SECTION_FIELDS_MAX: usize = 20_000;

/// Fields of one message of the contract at most; the build refuses more.
const FIELDS_MAX: usize = 128;

/// How often each field of a message was seen, by its place in the table.
pub(crate) type Counts = [u16; FIELDS_MAX];

/// The sections of a submission, as received, or everything that is wrong with them. `today` is
/// the day of publishing.
pub fn sections(content: &Bytes, today: Date) -> Result<Vec<(SectionKind, Bytes)>, Vec<Violation>> {
    let mut walk = Walk {
        today,
        findings: Findings::default(),
        fields: 0,
    };
    let cut = walk.content(content);
    if walk.findings.is_empty() {
        Ok(cut)
    } else {
        Err(walk.findings.into_list())
    }
}

/// The sections as far as they can be told apart, whatever is wrong inside them.
pub fn cut(content: &Bytes) -> Vec<(SectionKind, Bytes)> {
    let fields = Fields::of(content).map_while(Result::ok);
    fields
        .filter_map(|(number, raw)| match raw {
            Raw::Bytes(section) => Some((
                SectionKind::from_number(number)?,
                content.slice_ref(section),
            )),
            Raw::Varint(_) | Raw::Foreign => None,
        })
        .collect()
}

struct Walk {
    today: Date,
    findings: Findings,
    /// Fields seen in the section at hand.
    fields: usize,
}

impl Walk {
    fn content(&mut self, content: &Bytes) -> Vec<(SectionKind, Bytes)> {
        let path = Path::CONTENT;
        let mut cut: Vec<(SectionKind, Bytes)> = Vec::new();
        if content.len() > CONTENT_BYTES_MAX {
            let expected = format!("All sections together have at most {CONTENT_BYTES_MAX} bytes.");
            self.report(&path, "content.too_large", expected, bytes_shape(content));
            return cut;
        }
        for read in Fields::of(content) {
            if self.findings.is_full() {
                break;
            }
            let Ok((number, raw)) = read else {
                self.malformed(&path);
                break;
            };
            let Some((_, field)) = contract::sections().field(number) else {
                self.unknown(&path.number(number));
                continue;
            };
            let path = path.field(field.name);
            let kind = SectionKind::from_number(number).filter(|kind| kind.publishable());
            match (kind, raw) {
                (None, _) => {
                    let expected = "Leave it out: sections of this kind are not published.";
                    self.report(&path, "section.not_publishable", expected, "");
                }
                (Some(kind), Raw::Bytes(_)) if cut.iter().any(|(other, _)| *other == kind) => {
                    self.twice(&path);
                }
                (Some(kind), Raw::Bytes(section)) => {
                    self.section(kind, section, &path);
                    cut.push((kind, content.slice_ref(section)));
                }
                (Some(_), Raw::Varint(_) | Raw::Foreign) => self.wire_type(&path),
            }
        }
        if cut.is_empty() && self.findings.is_empty() {
            self.report(&path, "content.empty", "Give at least one section.", "");
        }
        cut
    }

    fn section(&mut self, kind: SectionKind, section: &[u8], path: &Path<'_>) {
        if section.len() > SECTION_BYTES_MAX {
            let expected = format!("A section has at most {SECTION_BYTES_MAX} bytes.");
            return self.report(path, "section.too_large", expected, bytes_shape(section));
        }
        let message = Message::of(kind);
        self.fields = 0;
        let counts = self.message(message, section, path);
        if self.fields > SECTION_FIELDS_MAX {
            let expected = format!("A section has at most {SECTION_FIELDS_MAX} values.");
            return self.report(path, "section.too_many_fields", expected, "");
        }
        answers::check(message, section, &counts, path, &mut self.findings);
    }

    /// Goes through one message. As deep as the tables, which the build keeps shallow and free of
    /// circles.
    fn message(&mut self, message: &'static Message, bytes: &[u8], path: &Path<'_>) -> Counts {
        let mut counts = [0; FIELDS_MAX];
        for read in Fields::of(bytes) {
            self.fields += 1;
            if self.fields > SECTION_FIELDS_MAX || self.findings.is_full() {
                break;
            }
            let Ok((number, raw)) = read else {
                self.malformed(path);
                break;
            };
            match message.field(number) {
                Some((place, field)) => {
                    // The build refuses a message with more fields than there are counts.
                    if let Some(count) = counts.get_mut(place) {
                        self.field(field, raw, path, count);
                    }
                }
                None => self.unknown(&path.number(number)),
            }
        }
        // Only where the walk came to the end: what is over the limits is not looked at again.
        if self.fields <= SECTION_FIELDS_MAX && !self.findings.is_full() {
            together::check(message, bytes, &counts, path, &mut self.findings);
        }
        counts
    }

    fn field(&mut self, field: &'static Field, raw: Raw<'_>, path: &Path<'_>, count: &mut u16) {
        match (field.kind, raw) {
            (Kind::Text | Kind::Message(_), Raw::Bytes(_)) => self.value(field, raw, path, count),
            // A list of numbers may come packed or one by one, and even mixed.
            (_, Raw::Bytes(mut packed)) if field.repeated => {
                while !packed.is_empty() && !self.findings.is_full() {
                    let Some(value) = varint(&mut packed) else {
                        return self.malformed(&path.field(field.name));
                    };
                    self.value(field, Raw::Varint(value), path, count);
                }
            }
            (Kind::Text | Kind::Message(_), _) | (_, Raw::Bytes(_) | Raw::Foreign) => {
                self.wire_type(&path.field(field.name));
            }
            (_, Raw::Varint(_)) => self.value(field, raw, path, count),
        }
    }

    fn value(&mut self, field: &'static Field, raw: Raw<'_>, path: &Path<'_>, count: &mut u16) {
        let index = usize::from(*count);
        *count = count.saturating_add(1);
        if !field.repeated {
            return match index {
                0 => self.single(field, raw, &path.field(field.name)),
                1 => self.twice(&path.field(field.name)),
                _ => {}
            };
        }
        let max = usize::try_from(field.max_items()).unwrap_or(usize::MAX);
        match index {
            index if index < max => self.single(field, raw, &path.item(field.name, index)),
            // Told once, and what is too much is not looked at.
            index if index == max => {
                let expected = format!("At most {max} items.");
                self.report(&path.field(field.name), "items.too_many", expected, "");
            }
            _ => {}
        }
    }

    fn single(&mut self, field: &'static Field, raw: Raw<'_>, path: &Path<'_>) {
        match (field.kind, raw) {
            (Kind::Text, Raw::Bytes(bytes)) => {
                if let Err(broken) = text::check(field, bytes, self.today) {
                    self.report(path, &broken.rule, broken.expected, broken.shape);
                }
            }
            (Kind::Message(inner), Raw::Bytes(bytes)) => {
                self.message(inner, bytes, path);
            }
            (Kind::Enum(declared), Raw::Varint(value)) => self.enumerated(declared, value, path),
            (kind, Raw::Varint(value)) => self.number(kind, field.rule.range, value, path),
            _ => self.wire_type(path),
        }
    }

    fn enumerated(&mut self, declared: &'static Enum, value: u64, path: &Path<'_>) {
        // Negative numbers come sign-extended to 64 bits.
        let number = i32::try_from(value.cast_signed()).ok();
        match number.map(|number| (number, declared.name_of(number))) {
            Some((0, _)) => {
                let expected = "Leave the field out, or say why it is not answered.";
                self.report(path, "enum.unspecified", expected, "");
            }
            Some((_, Some(_))) => {}
            _ => {
                let expected = format!(
                    "A value of {} in contract {}.",
                    declared.name,
                    contract::VERSION
                );
                self.report(path, "enum.unknown", expected, "number");
            }
        }
    }

    fn number(&mut self, kind: Kind, range: Option<(i64, i64)>, value: u64, path: &Path<'_>) {
        let signed = value.cast_signed();
        let fits = match kind {
            Kind::Bool => value <= 1,
            Kind::Int32 => i32::try_from(signed).is_ok(),
            Kind::Uint32 => u32::try_from(value).is_ok(),
            _ => true,
        };
        if !fits {
            return self.report(
                path,
                "number.type",
                "A number of the field's type.",
                "number",
            );
        }
        let Some((least, greatest)) = range else {
            return;
        };
        let inside = match kind {
            // Above the signed range there is no bound it could keep to.
            Kind::Uint64 => {
                i64::try_from(value).is_ok_and(|value| (least..=greatest).contains(&value))
            }
            _ => (least..=greatest).contains(&signed),
        };
        if !inside {
            let expected = format!("A number from {least} to {greatest}.");
            self.report(path, "number.range", expected, "number");
        }
    }
}

// === what is reported ===

impl Walk {
    fn report(
        &mut self,
        path: &Path<'_>,
        rule: &str,
        expected: impl Into<String>,
        shape: impl Into<String>,
    ) {
        self.findings
            .add(Violation::new(path.to_string(), rule, expected).shaped(shape));
    }

    fn unknown(&mut self, path: &Path<'_>) {
        let expected = format!("Contract {} has no such field.", contract::VERSION);
        self.report(path, "field.unknown", expected, "");
    }

    fn twice(&mut self, path: &Path<'_>) {
        self.report(path, "field.twice", "Give it once.", "");
    }

    fn wire_type(&mut self, path: &Path<'_>) {
        self.report(
            path,
            "field.wire_type",
            "Another type, see the contract.",
            "",
        );
    }

    fn malformed(&mut self, path: &Path<'_>) {
        self.report(
            path,
            "message.malformed",
            "A protobuf message, complete.",
            "",
        );
    }
}

fn bytes_shape(bytes: &[u8]) -> String {
    format!("{} bytes", bytes.len())
}
