//! What every declared field has to keep to. A contract that breaks a rule does not build: a field
//! without a sensitivity, say, would be shown to whom nobody decided to show it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use prost_reflect::{DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};

use super::rule::{self, Rule, UNSPECIFIED};
use super::together;

/// Levels of messages inside a section, the section itself included. The validator descends only
/// where the tables lead, so this is its depth limit too.
pub(crate) const MAX_DEPTH: usize = 6;

/// Fields of one message: the validator counts them in an array of this length.
pub(crate) const MAX_FIELDS: usize = 128;

/// Everything wrong with the contract; empty when nothing is.
pub(crate) fn problems(pool: &DescriptorPool) -> Vec<String> {
    let mut check = Check::default();
    match pool.get_message_by_name("baton.v1.Sections") {
        Some(sections) => check.sections(&sections),
        None => check.report("Sections", "is missing"),
    }
    check.problems.into_iter().collect()
}

#[derive(Default)]
struct Check {
    /// A set: a part used by two sections is told once.
    problems: BTreeSet<String>,
    visited: BTreeSet<String>,
    circles: BTreeSet<String>,
}

impl Check {
    fn report(&mut self, place: &str, what: impl AsRef<str>) {
        self.problems.insert(format!(
            "{}: {}",
            place.trim_start_matches("baton.v1."),
            what.as_ref()
        ));
    }

    fn sections(&mut self, sections: &MessageDescriptor) {
        let declared = sections
            .parent_pool()
            .get_enum_by_name("baton.v1.SectionKind");
        let mut kinds: HashMap<u32, String> = declared
            .iter()
            .flat_map(EnumDescriptor::values)
            .filter_map(|value| {
                let name = rule::without_prefix("SectionKind", value.name()).to_owned();
                u32::try_from(value.number())
                    .ok()
                    .filter(|number| *number > 0)
                    .zip(Some(name))
            })
            .collect();
        for field in sections.fields() {
            let kind = kinds.remove(&field.number()).unwrap_or_default();
            let Kind::Message(section) = field.kind() else {
                self.report(field.full_name(), "is no message");
                continue;
            };
            if field.name() != kind.to_lowercase() {
                self.report(
                    field.full_name(),
                    "does not have the name and number of a SectionKind",
                );
            }
            match rule::of_message(&section) {
                Some(rule) if rule.kind == kind && rank(&rule.sensitivity) > 0 => {
                    self.message(&section, &mut Vec::new());
                    self.class(&section, section.name(), rank(&rule.sensitivity), 1);
                }
                Some(_) => self.report(section.full_name(), "names another kind or no sensitivity"),
                None => self.report(section.full_name(), "has no option (baton.v1.section)"),
            }
        }
        for name in kinds.values() {
            self.report("Sections", format!("has no field for SECTION_KIND_{name}"));
        }
    }

    /// Checks a message of content, and what it holds, once.
    fn message(&mut self, message: &MessageDescriptor, above: &mut Vec<String>) {
        let name = message.full_name().to_owned();
        if above.contains(&name) {
            self.circles.insert(name.clone());
            return self.report(&name, "contains itself");
        }
        if !self.visited.insert(name.clone()) || name == "baton.v1.NotAnswered" {
            return;
        }
        if message.fields().len() > MAX_FIELDS {
            self.report(&name, format!("has more than {MAX_FIELDS} fields"));
        }
        for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
            self.report(oneof.full_name(), "oneof is not supported");
        }
        let mut orders: BTreeMap<(String, u64), FieldDescriptor> = BTreeMap::new();
        for field in message.fields() {
            self.shape(&field);
            if let Some(rule) = rule::of_field(&field) {
                self.rule(&field, &rule);
                for what in together::of(&field, &rule).err().into_iter().flatten() {
                    self.report(field.full_name(), what);
                }
                let place = (rule.group.clone(), rule.order);
                if let Some(other) = orders.insert(place, field.clone()) {
                    let what = format!("has group and order of `{}`", other.name());
                    self.report(field.full_name(), what);
                }
            } else {
                self.report(field.full_name(), "has no option (baton.v1.field)");
            }
            if let (Kind::Message(inner), false) = (field.kind(), field.is_map()) {
                above.push(name.clone());
                self.message(&inner, above);
                above.pop();
            }
        }
    }

    fn shape(&mut self, field: &FieldDescriptor) {
        let name = field.full_name();
        match field.kind() {
            _ if field.is_map() => self.report(name, "a map is not supported"),
            _ if field.is_group() => self.report(name, "a group is not supported"),
            Kind::String
            | Kind::Bool
            | Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Message(_) => {}
            Kind::Enum(declared) => {
                let zero = declared.get_value(0);
                let is_unspecified = zero.is_some_and(|zero| {
                    rule::without_prefix(declared.name(), zero.name()) == UNSPECIFIED
                });
                if !is_unspecified {
                    self.report(declared.full_name(), "has no value …_UNSPECIFIED = 0");
                }
            }
            other => self.report(name, format!("type {other:?} is not supported")),
        }
        if !field.is_list() && !field.is_map() && !field.supports_presence() {
            self.report(
                name,
                "is not `optional`: blank and zero could not be told apart",
            );
        }
    }

    fn rule(&mut self, field: &FieldDescriptor, rule: &Rule) {
        let name = field.full_name();
        let text = matches!(field.kind(), Kind::String);
        let number = matches!(
            field.kind(),
            Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64
        );
        let of_section = rule::of_message(field.parent_message()).is_some();
        let bounded = (rule.minimum, rule.maximum) != (0, 0);
        let wrong = [
            (rule.label.is_empty(), "has no label"),
            (rule.group.is_empty(), "has no group"),
            (rule.order == 0, "has no order"),
            (rank(&rule.sensitivity) == 0, "has no sensitivity"),
            (rule.filled_by.is_empty(), "says nobody fills it"),
            (
                rule.filled_by.iter().any(|by| by == UNSPECIFIED),
                "is filled by UNSPECIFIED",
            ),
            (
                !of_section && !rule.core.is_empty(),
                "is core and no field of a section itself",
            ),
            (
                rule.core.iter().any(|point| point == UNSPECIFIED),
                "is core at UNSPECIFIED",
            ),
            (
                rule.needed.iter().any(|need| need.level == UNSPECIFIED),
                "is needed at no level",
            ),
            (
                !text && rule.format != UNSPECIFIED,
                "has a format and is no text",
            ),
            (
                !text && !rule.code_set.is_empty(),
                "has a code set and is no text",
            ),
            (
                !text && rule.max_length > 0,
                "has max_length and is no text",
            ),
            (
                !field.is_list() && rule.max_items > 0,
                "has max_items and is not repeated",
            ),
            (!number && bounded, "has a range and is no number"),
            (
                bounded && rule.minimum >= rule.maximum,
                "has a maximum not above its minimum",
            ),
            (
                rule.max_items > u64::from(u16::MAX),
                "has max_items above 65,535",
            ),
        ];
        for (_, what) in wrong.iter().filter(|(is_wrong, _)| *is_wrong) {
            self.report(name, what);
        }
    }

    /// Checks that nothing inside a section is more sensitive than the section.
    fn class(&mut self, message: &MessageDescriptor, section: &str, class: usize, depth: usize) {
        if depth > MAX_DEPTH {
            // A circle was reported as such.
            if self.circles.contains(message.full_name()) {
                return;
            }
            return self.report(
                message.full_name(),
                format!("lies deeper than {MAX_DEPTH} levels"),
            );
        }
        for field in message.fields() {
            let own = rule::of_field(&field).map_or(0, |rule| rank(&rule.sensitivity));
            if own > class {
                let what = format!("is more sensitive than its section {section}");
                self.report(field.full_name(), what);
            }
            if let Kind::Message(inner) = field.kind() {
                self.class(&inner, section, class, depth + 1);
            }
        }
    }
}

/// Least first; 0 for none.
fn rank(sensitivity: &str) -> usize {
    let ranks = [UNSPECIFIED, "ORDINARY", "PERSONAL", "HIGH", "RESTRICTED"];
    ranks
        .iter()
        .position(|name| *name == sensitivity)
        .unwrap_or(0)
}
