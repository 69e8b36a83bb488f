use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value, error::Category};

use crate::rule::{Rule, control_character};

/// Longest JSON path told in a report.
const MAX_PATH_CHARS: usize = 120;

/// What is wrong with the JSON of a record, and where.
pub(super) struct Fault {
    pub(super) field: String,
    pub(super) rule: Rule,
}

impl From<Rule> for Fault {
    fn from(rule: Rule) -> Self {
        Self {
            field: String::new(),
            rule,
        }
    }
}

/// The value of one record.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Fault> {
    let text = str::from_utf8(bytes).map_err(|_| Rule::Encoding("UTF-8"))?;
    let mut fault = None;
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Strict {
        path: String::new(),
        fault: &mut fault,
    }
    .deserialize(&mut json);
    match (value.and_then(|value| json.end().map(|()| value)), fault) {
        (_, Some(fault)) => Err(fault),
        (Ok(value @ Value::Object(_)), None) => Ok(value),
        (Ok(_), None) => Err(Rule::Form("a JSON object").into()),
        (Err(error), None) => Err(syntax(&error).into()),
    }
}

/// The words of the parser name what it expected, never what it read.
fn syntax(error: &serde_json::Error) -> Rule {
    if error.classify() == Category::Eof {
        return Rule::CutOff;
    }
    let text = error.to_string();
    let words = text.split(" at line ").next().unwrap_or_default();
    Rule::Malformed(format!(
        "{words}, column {} of its line {}",
        error.column(),
        error.line()
    ))
}

/// Reads a JSON value and stops at the first key that stands twice and the first text with a
/// control character.
struct Strict<'a> {
    path: String,
    fault: &'a mut Option<Fault>,
}

impl Strict<'_> {
    fn inside(&mut self, name: &str) -> Strict<'_> {
        let dot = if self.path.is_empty() || name.starts_with('[') {
            ""
        } else {
            "."
        };
        let path = format!("{}{dot}{name}", self.path);
        Strict {
            path: path.chars().take(MAX_PATH_CHARS).collect(),
            fault: self.fault,
        }
    }

    /// Remembers the fault and stops the parser, whose own message is then not used.
    fn stop<E: Error>(self, rule: Rule) -> E {
        *self.fault = Some(Fault {
            field: self.path,
            rule,
        });
        E::custom("")
    }

    fn text<E: Error>(self, text: String) -> Result<Value, E> {
        match control_character(&text) {
            Some(rule) => Err(self.stop(rule)),
            None => Ok(Value::String(text)),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.text(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        self.text(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) =
            items.next_element_seed(self.inside(&format!("[{}]", array.len())))?
        {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            let broken = match control_character(&key) {
                None if object.contains_key(&key) => Some(Rule::Repeated),
                rule => rule,
            };
            if let Some(rule) = broken {
                return Err(self.inside(&key.escape_debug().to_string()).stop(rule));
            }
            let value = members.next_value_seed(self.inside(&key))?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
