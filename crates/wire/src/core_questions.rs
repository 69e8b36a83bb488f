//! The core: at most twelve questions a point that every profile should answer.

use baton_domain::{route::Point, section::SectionKind};
use bytes::Bytes;

use crate::{
    answers,
    contract::{Field, Message},
    facts, v1,
};

/// Core questions of a point, as kind and field.
pub fn of(point: Point) -> impl Iterator<Item = (SectionKind, &'static Field)> {
    let point = v1::Point::from(point);
    SectionKind::ALL
        .into_iter()
        .filter(|kind| kind.publishable())
        .flat_map(move |kind| {
            let fields: &'static [Field] = Message::of(kind).fields;
            fields
                .iter()
                .filter(move |field| field.rule.core.contains(&point))
                .map(move |it| (kind, it))
        })
}

/// Paths of the core questions of a point that have neither value nor answer in these sections.
/// They do not keep a profile from being published. The sections have been walked.
pub fn missing(point: Point, sections: &[(SectionKind, Bytes)]) -> Vec<String> {
    of(point)
        .filter(|(kind, field)| {
            let section = sections.iter().find(|(given, _)| given == kind);
            !section.is_some_and(|(kind, bytes)| {
                facts::is_set(bytes, *kind, field.name)
                    || answers::speaks_for(Message::of(*kind), bytes, field.name)
            })
        })
        .map(|(kind, field)| format!("content.{kind}.{}", field.name))
        .collect()
}
