//! The options of fields and messages, read out of the descriptor.

use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value,
};

/// `baton.v1.FieldRule`; enum values by their name in the contract.
#[derive(Default)]
pub(crate) struct Rule {
    pub(crate) label: String,
    pub(crate) help: String,
    pub(crate) group: String,
    pub(crate) order: u64,
    pub(crate) sensitivity: String,
    pub(crate) filled_by: Vec<String>,
    pub(crate) needed: Vec<Need>,
    pub(crate) code_set: String,
    pub(crate) ctf: String,
    pub(crate) max_length: u64,
    pub(crate) max_items: u64,
    pub(crate) format: String,
    pub(crate) minimum: i64,
    pub(crate) maximum: i64,
    pub(crate) core: Vec<String>,
    pub(crate) not_before: String,
    pub(crate) holds: Vec<String>,
    pub(crate) requires: String,
    pub(crate) not_with: Vec<String>,
    pub(crate) blank_if: String,
    pub(crate) items: Option<Items>,
}

/// `baton.v1.ItemsRule`.
#[derive(Default)]
pub(crate) struct Items {
    pub(crate) ranked_by: String,
    pub(crate) unique_by: String,
    pub(crate) all_or_none: Option<FieldValue>,
    pub(crate) only_beside: Option<(FieldValue, FieldValue)>,
    pub(crate) ended: String,
}

/// `baton.v1.FieldValue`.
#[derive(Default)]
pub(crate) struct FieldValue {
    pub(crate) field: String,
    pub(crate) value: String,
}

pub(crate) struct Need {
    pub(crate) point: String,
    pub(crate) level: String,
    pub(crate) status: String,
}

/// `baton.v1.SectionRule`.
pub(crate) struct Section {
    pub(crate) kind: String,
    pub(crate) sensitivity: String,
}

pub(crate) const UNSPECIFIED: &str = "UNSPECIFIED";

/// The rule a field declares, if it declares one.
pub(crate) fn of_field(field: &FieldDescriptor) -> Option<Rule> {
    let rule = extension(field.parent_pool(), "baton.v1.field", &field.options())?;
    let needed = list(&rule, "needed");
    Some(Rule {
        label: text(&rule, "label"),
        help: text(&rule, "help"),
        group: text(&rule, "group"),
        order: unsigned(&rule, "order"),
        sensitivity: name(&rule, "sensitivity"),
        filled_by: names(&rule, "filled_by"),
        needed: needed
            .iter()
            .filter_map(Value::as_message)
            .map(|need| Need {
                point: name(need, "point"),
                level: name(need, "level"),
                status: name(need, "status"),
            })
            .collect(),
        code_set: text(&rule, "code_set"),
        ctf: text(&rule, "ctf"),
        max_length: unsigned(&rule, "max_length"),
        max_items: unsigned(&rule, "max_items"),
        format: name(&rule, "format"),
        minimum: signed(&rule, "minimum"),
        maximum: signed(&rule, "maximum"),
        core: names(&rule, "core"),
        not_before: text(&rule, "not_before"),
        holds: texts(&rule, "holds"),
        requires: text(&rule, "requires"),
        not_with: texts(&rule, "not_with"),
        blank_if: text(&rule, "blank_if"),
        items: inner(&rule, "items").map(|items| Items {
            ranked_by: text(&items, "ranked_by"),
            unique_by: text(&items, "unique_by"),
            all_or_none: inner(&items, "all_or_none").map(|it| field_value(&it)),
            only_beside: inner(&items, "only_beside").map(|it| {
                let side = |name| inner(&it, name).map(|it| field_value(&it));
                (
                    side("item").unwrap_or_default(),
                    side("beside").unwrap_or_default(),
                )
            }),
            ended: text(&items, "ended"),
        }),
    })
}

fn field_value(of: &DynamicMessage) -> FieldValue {
    FieldValue {
        field: text(of, "field"),
        value: text(of, "value"),
    }
}

/// The section a message is the content of, if it is one.
pub(crate) fn of_message(message: &MessageDescriptor) -> Option<Section> {
    let rule = extension(
        message.parent_pool(),
        "baton.v1.section",
        &message.options(),
    )?;
    Some(Section {
        kind: name(&rule, "kind"),
        sensitivity: name(&rule, "sensitivity"),
    })
}

fn extension(
    pool: &DescriptorPool,
    name: &str,
    options: &DynamicMessage,
) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

fn value(message: &DynamicMessage, field: &str) -> Value {
    message
        .get_field_by_name(field)
        .unwrap_or_else(|| panic!("{} has lost `{field}`", message.descriptor().full_name()))
        .into_owned()
}

fn list(message: &DynamicMessage, field: &str) -> Vec<Value> {
    value(message, field).as_list().expect("a list").to_vec()
}

fn text(message: &DynamicMessage, field: &str) -> String {
    value(message, field).as_str().expect("a text").to_owned()
}

fn texts(message: &DynamicMessage, field: &str) -> Vec<String> {
    let all = list(message, field);
    all.iter()
        .map(|value| value.as_str().expect("a text").to_owned())
        .collect()
}

/// A message inside, when it is set.
fn inner(message: &DynamicMessage, field: &str) -> Option<DynamicMessage> {
    message
        .has_field_by_name(field)
        .then(|| value(message, field).as_message().cloned())?
}

fn unsigned(message: &DynamicMessage, field: &str) -> u64 {
    value(message, field).as_u32().expect("a uint32").into()
}

fn signed(message: &DynamicMessage, field: &str) -> i64 {
    value(message, field).as_i64().expect("an int64")
}

fn name(message: &DynamicMessage, field: &str) -> String {
    value_name(message, field, &value(message, field))
}

fn names(message: &DynamicMessage, field: &str) -> Vec<String> {
    list(message, field)
        .iter()
        .map(|value| value_name(message, field, value))
        .collect()
}

/// The name of an enum value without the prefix that repeats the enum: `DATE`, not `FORMAT_DATE`.
fn value_name(message: &DynamicMessage, field: &str, value: &Value) -> String {
    let field = message
        .descriptor()
        .get_field_by_name(field)
        .expect("looked up before");
    let kind = field.kind();
    let declared = kind.as_enum().expect("an enum");
    let number = value.as_enum_number().expect("an enum");
    declared.get_value(number).map_or_else(
        || number.to_string(),
        |value| without_prefix(declared.name(), value.name()).to_owned(),
    )
}

/// `SECTION_KIND_SEND` of the enum `SectionKind` is `SEND`.
pub(crate) fn without_prefix<'a>(declared: &str, value: &'a str) -> &'a str {
    let mut prefix = String::new();
    for letter in declared.chars() {
        if letter.is_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    prefix.push('_');
    value.strip_prefix(&prefix).unwrap_or(value)
}
