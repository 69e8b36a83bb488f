//! The contract as proto3 JSON: profiles in files, and what `show` prints.
//!
//! A general JSON reader stops at the first thing it does not like. People mend files by hand, so
//! here the whole value is compared with the contract first and every difference told.

use std::sync::LazyLock;

use baton_domain::section::SectionKind;
use bytes::Bytes;
use jiff::civil::Date;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::Value;

use crate::{
    DESCRIPTOR_SET,
    findings::{Findings, Path},
    twin, v1,
    violation::Violation,
    walk,
};

mod compare;

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTOR_SET).ok());

/// The message type of a name as the contract describes it.
fn descriptor(full_name: &str) -> Option<MessageDescriptor> {
    POOL.as_ref()?.get_message_by_name(full_name)
}

/// The sections that a JSON object holds, encoded and checked as a submission's are.
pub fn sections(json: &Value, today: Date) -> Result<Bytes, Vec<Violation>> {
    let content = encode(json, &v1::Sections::full_name(), Some(&Path::CONTENT))?;
    walk::sections(&content, today)?;
    Ok(content)
}

/// One section of a kind, encoded and checked as a submission's are.
pub fn section(kind: SectionKind, json: &Value, today: Date) -> Result<Bytes, Vec<Violation>> {
    let mut all = serde_json::Map::new();
    all.insert(kind.name().to_owned(), json.clone());
    let content = sections(&Value::Object(all), today)?;
    let mut cut = walk::sections(&content, today)?;
    Ok(cut.pop().map(|(_, bytes)| bytes).unwrap_or_default())
}

/// A whole `ProfileSubmission`, its sections checked. `M` is that message in `v1` or in `twin`.
pub fn submission<M>(json: &Value, today: Date) -> Result<M, Vec<Violation>>
where
    M: Message + Name + Default,
{
    let encoded = encode(json, &v1::ProfileSubmission::full_name(), None)?;
    let content: twin::ProfileSubmission = decode(encoded.clone())?;
    walk::sections(&content.content, today)?;
    decode(encoded)
}

/// Any message of the contract. Its fields are of the right types; sections in it, if any, are not
/// checked further.
pub fn read<M: Message + Name + Default>(json: &Value) -> Result<M, Vec<Violation>> {
    decode(encode(json, &M::full_name(), None)?)
}

/// Any message of the contract as JSON; `None` when its bytes are not of the contract, as sections
/// of a `twin` message may be that were never checked.
pub fn write<M: Message + Name>(message: &M) -> Option<Value> {
    let descriptor = descriptor(&M::full_name())?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).ok()?;
    serde_json::to_value(dynamic).ok()
}

fn encode(json: &Value, name: &str, path: Option<&Path<'_>>) -> Result<Bytes, Vec<Violation>> {
    let not_json = || {
        vec![Violation::new(
            "",
            "json.invalid",
            "proto3 JSON of the contract.",
        )]
    };
    let descriptor = descriptor(name).ok_or_else(not_json)?;
    let mut findings = Findings::default();
    compare::message(&descriptor, json, path, &mut findings);
    if !findings.is_empty() {
        return Err(findings.into_list());
    }
    let message = DynamicMessage::deserialize(descriptor, json).map_err(|_| not_json())?;
    Ok(message.encode_to_vec().into())
}

fn decode<M: Message + Default>(encoded: Bytes) -> Result<M, Vec<Violation>> {
    M::decode(encoded).map_err(|_| {
        vec![Violation::new(
            "",
            "message.malformed",
            "A message of the contract.",
        )]
    })
}
