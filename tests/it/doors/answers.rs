//! Every field of every answer is of a class, and what can tell of a child is searched for canaries.

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet, MethodDescriptorProto};

const TABLE: &str = include_str!("answers.txt");
const PACKAGE: &str = ".baton.v1.";
/// Its fields have options of their own: class and kind of each section.
const SECTIONS: &str = "Sections";
const PART: &str = "part";
const CLASSES: [&str; 10] = [
    "content",
    "move",
    "account",
    "people",
    "register",
    "ledger",
    "policy",
    "operation",
    "own",
    "secret",
];
/// What may tell of a child.
const TELLING: [&str; 3] = ["content", "move", "account"];

struct Contract {
    messages: BTreeMap<String, DescriptorProto>,
    /// By service and name.
    methods: BTreeMap<String, MethodDescriptorProto>,
}

/// The message a type name stands for, if it is one of the contract's own.
fn own(type_name: &str) -> Option<&str> {
    type_name.strip_prefix(PACKAGE)
}

impl Contract {
    fn read() -> Self {
        let set = FileDescriptorSet::decode(baton_wire::DESCRIPTOR_SET).unwrap();
        let files = set
            .file
            .into_iter()
            .filter(|file| file.package() == "baton.v1");
        let (mut messages, mut methods) = (BTreeMap::new(), BTreeMap::new());
        for file in files {
            messages.extend(
                file.message_type
                    .into_iter()
                    .map(|it| (it.name().to_owned(), it)),
            );
            for service in file.service {
                let named = service.method.iter().cloned();
                methods.extend(named.map(|it| (format!("{}/{}", service.name(), it.name()), it)));
            }
        }
        Self { messages, methods }
    }

    /// Fields of a message and of those in it, with the message each holds, if any.
    fn fields(&self, message: &str, into: &mut BTreeMap<String, Option<String>>) {
        for field in &self.messages[message].field {
            let part = own(field.type_name()).filter(|it| self.messages.contains_key(*it));
            let part = part.filter(|it| *it != SECTIONS);
            let known = into.insert(
                format!("{message}.{}", field.name()),
                part.map(str::to_owned),
            );
            if let (None, Some(part)) = (known, part) {
                self.fields(part, into);
            }
        }
    }

    fn answered(&self, method: &MethodDescriptorProto) -> BTreeMap<String, Option<String>> {
        let mut fields = BTreeMap::new();
        self.fields(
            own(method.output_type()).expect("an answer of the contract"),
            &mut fields,
        );
        fields
    }

    /// Whether a call has an idempotency key, or each item of it one.
    fn changes(&self, method: &MethodDescriptorProto) -> bool {
        let keyed = |message: &str| {
            let mut fields = self.messages[message].field.iter();
            fields.any(|field| field.name() == "request_id")
        };
        let request = own(method.input_type()).expect("a request of the contract");
        let items = self.messages[request].field.iter();
        let mut items = items.filter_map(|field| own(field.type_name()));
        keyed(request) || items.any(|item| self.messages.contains_key(item) && keyed(item))
    }
}

fn classes() -> BTreeMap<&'static str, &'static str> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let lines = lines.map(|line| line.split_once(' ').expect("a field and its class"));
    lines.map(|(field, class)| (field, class.trim())).collect()
}

/// Calls that change nothing and whose answers may tell of a child.
pub(crate) fn telling() -> BTreeSet<String> {
    let (contract, classes) = (Contract::read(), classes());
    let reading = contract
        .methods
        .iter()
        .filter(|(_, method)| !contract.changes(method));
    let telling = reading.filter(|(_, method)| {
        let fields = contract.answered(method);
        fields
            .keys()
            .any(|field| TELLING.contains(&classes[&**field]))
    });
    telling.map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_field_of_every_answer_is_of_a_class() {
    let (contract, classes) = (Contract::read(), classes());
    let mut all = BTreeMap::new();
    for method in contract.methods.values() {
        all.append(&mut contract.answered(method));
    }
    let fields: BTreeSet<&str> = all.keys().map(String::as_str).collect();
    let lines: BTreeSet<&str> = classes.keys().copied().collect();
    assert_eq!(fields, lines, "left: the contract; right: answers.txt");
    for (field, part) in &all {
        let class = classes[&**field];
        assert_eq!(part.is_some(), class == PART, "{field} is {class}");
        assert!(
            class == PART || CLASSES.contains(&class),
            "{field} is {class}"
        );
    }
}
