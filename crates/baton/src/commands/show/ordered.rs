//! JSON in the order of the contract. A JSON object has no order, and a library may sort its keys;
//! a person who reads a profile wants the name before the attendance.

use baton_wire::contract::{self, Kind, Message};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};
use serde_json::{Map, Value};

/// Fields of `Profile`, as proto3 JSON names them.
const PROFILE: [&str; 10] = [
    "name",
    "transition",
    "contributor",
    "version",
    "level",
    "kinds",
    "signatory",
    "publishTimeUs",
    "provisional",
    CONTENT,
];
const CONTENT: &str = "content";

/// A value to be written in order.
pub(in crate::commands) struct Ordered<'a> {
    value: &'a Value,
    shape: Shape,
}

#[derive(Clone, Copy)]
enum Shape {
    Profile,
    Content(&'static Message),
    /// Nothing is known of its order: as it comes.
    Plain,
}

impl<'a> Ordered<'a> {
    /// A `Profile` in proto3 JSON.
    pub(in crate::commands) fn profile(value: &'a Value) -> Self {
        Self {
            value,
            shape: Shape::Profile,
        }
    }

    /// The members in order, each with what is known of it; those nobody knows at the end.
    fn members(&self, object: &'a Map<String, Value>) -> Vec<(&'a String, Self)> {
        let mut members: Vec<(usize, (&String, Self))> = object
            .iter()
            .map(|(key, value)| {
                let (place, shape) = self.shape.of(key);
                (place, (key, Self { value, shape }))
            })
            .collect();
        members.sort_by_key(|(place, _)| *place);
        members.into_iter().map(|(_, member)| member).collect()
    }
}

impl Shape {
    fn of(self, key: &str) -> (usize, Self) {
        let last = (usize::MAX, Self::Plain);
        match self {
            Self::Profile => {
                let place = PROFILE.iter().position(|name| *name == key);
                let shape = match key {
                    CONTENT => Self::Content(contract::sections()),
                    _ => Self::Plain,
                };
                place.map_or(last, |place| (place, shape))
            }
            Self::Content(message) => {
                let mut fields = message.fields.iter().enumerate();
                let field = fields.find(|(_, field)| field.json_name == key);
                field.map_or(last, |(place, field)| match field.kind {
                    Kind::Message(inner) => (place, Self::Content(inner)),
                    _ => (place, Self::Plain),
                })
            }
            Self::Plain => last,
        }
    }
}

impl Serialize for Ordered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.len()))?;
                for (key, value) in self.members(object) {
                    map.serialize_entry(key, &value)?;
                }
                map.end()
            }
            Value::Array(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for value in items {
                    list.serialize_element(&Ordered {
                        value,
                        shape: self.shape,
                    })?;
                }
                list.end()
            }
            value => value.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_their_fields_stand_in_the_order_of_the_contract() {
        let value = serde_json::json!({
            "content": {
                "attendance": { "years": [] },
                "identity": { "dateOfBirth": "2014-11-02", "legalSurname": "Example" },
            },
            "version": 1,
            "name": "settings/a/profiles/b",
            "later": true,
        });
        let text = serde_json::to_string(&Ordered::profile(&value)).unwrap();
        let at = |key: &str| text.find(&format!("\"{key}\"")).unwrap();
        let keys = [
            "name",
            "version",
            "content",
            "identity",
            "dateOfBirth",
            "attendance",
            "later",
        ];
        assert!(keys.is_sorted_by_key(|key| at(key)), "{text}");
        assert!(at("legalSurname") < at("dateOfBirth"), "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
    }
}
