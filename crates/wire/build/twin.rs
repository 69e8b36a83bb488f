//! The server's view of the contract: the same bytes on the wire, but whatever holds sections
//! holds them undecoded. A message field and a `bytes` field are encoded alike, so the server
//! keeps, commits to and hands on exactly what it received.

use std::collections::{HashMap, HashSet};

use prost_types::{DescriptorProto, FileDescriptorSet, field_descriptor_proto::Type};

const SECTIONS: &str = ".baton.v1.Sections";

/// The twin: fields of type `Sections` become `bytes`, and what no service reaches any more
/// (the tree of section messages, the field options) is left out.
pub(crate) fn of(mut files: FileDescriptorSet) -> FileDescriptorSet {
    for file in &mut files.file {
        for message in &mut file.message_type {
            for field in &mut message.field {
                if field.type_name.as_deref() == Some(SECTIONS) {
                    field.type_name = None;
                    field.set_type(Type::Bytes);
                }
            }
        }
    }
    let reached = reached_by_services(&files);
    for file in &mut files.file {
        let package = format!(".{}", file.package());
        let kept = |name: &str| reached.contains(&format!("{package}.{name}"));
        file.message_type.retain(|message| kept(message.name()));
        file.enum_type.retain(|one| kept(one.name()));
        file.extension.clear();
        // Comments are addressed by index, which the removal shifted: better none than wrong ones.
        file.source_code_info = None;
    }
    files.file.retain(|file| {
        !(file.message_type.is_empty() && file.enum_type.is_empty() && file.service.is_empty())
    });
    files
}

fn reached_by_services(files: &FileDescriptorSet) -> HashSet<String> {
    let messages: HashMap<String, &DescriptorProto> = files
        .file
        .iter()
        .flat_map(|file| {
            let package = file.package();
            file.message_type
                .iter()
                .map(move |message| (format!(".{package}.{}", message.name()), message))
        })
        .collect();
    let mut open: Vec<String> = files
        .file
        .iter()
        .flat_map(|file| &file.service)
        .flat_map(|service| &service.method)
        .flat_map(|method| {
            [
                method.input_type().to_owned(),
                method.output_type().to_owned(),
            ]
        })
        .collect();
    let mut reached = HashSet::new();
    while let Some(name) = open.pop() {
        if let Some(message) = messages.get(&name) {
            open.extend(
                message
                    .field
                    .iter()
                    .filter_map(|field| field.type_name.clone())
                    .filter(|used| !reached.contains(used)),
            );
        }
        reached.insert(name);
    }
    reached
}
