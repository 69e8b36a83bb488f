//! Profiles as schools send them: written by hand once for each point, as JSON of the contract,
//! with alternatives that chance decides between.

use std::sync::LazyLock;

use baton_domain::route::Point;
use bytes::Bytes;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::{Learner, dice::Dice};
use crate::json;

/// Stands between alternatives of a text.
const OR: &str = " || ";

/// Encoded `Sections` about that learner, with every core question of the point answered. A test reads every alternative, so the
/// empty answer to a template that is no profile never leaves this crate.
pub fn typical(seed: u64, point: Point, learner: &Learner) -> Bytes {
    let mut profile = Filler {
        learner,
        point,
        dice: Dice::new(seed),
    }
    .fill(template(point));
    if let Value::Object(sections) = &mut profile {
        sections.insert("identity".to_owned(), identity(learner));
    }
    // Dates are written relative to the learner; whether they have come depends on the publisher.
    json::sections(&profile, Date::MAX).unwrap_or_default()
}

fn template(point: Point) -> &'static Value {
    macro_rules! template {
        ($file:literal) => {{
            static TEMPLATE: LazyLock<Value> = LazyLock::new(|| {
                serde_json::from_str(include_str!(concat!("typical/", $file))).unwrap_or_default()
            });
            &TEMPLATE
        }};
    }
    match point {
        Point::EarlyYearsToPrimary => template!("early_years_to_primary.json"),
        Point::PrimaryToSecondary => template!("primary_to_secondary.json"),
        Point::SecondaryToPost16 => template!("secondary_to_post_16.json"),
        Point::Post16ToAdult => template!("post_16_to_adult.json"),
    }
}

fn identity(learner: &Learner) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: String| fields.insert(name.to_owned(), value.into());
    set("legal_surname", learner.surname.clone());
    set("legal_forename", learner.forename.clone());
    set("date_of_birth", learner.date_of_birth.to_string());
    set("sex", learner.sex.to_owned());
    if let Some(upn) = &learner.upn {
        set("upn", upn.value().to_owned());
    }
    Value::Object(fields)
}

struct Filler<'a> {
    learner: &'a Learner,
    point: Point,
    dice: Dice,
}

impl Filler<'_> {
    fn fill(&mut self, template: &Value) -> Value {
        match template {
            Value::Object(members) => {
                // In one order however serde_json is built, for chance is drawn on the way.
                let mut members: Vec<_> = members.iter().collect();
                members.sort_by_key(|(name, _)| *name);
                members
                    .into_iter()
                    .map(|(name, value)| (name.clone(), self.fill(value)))
                    .collect()
            }
            Value::Array(items) => items.iter().map(|item| self.fill(item)).collect(),
            Value::String(text) => Value::String(self.text(text)),
            other => other.clone(),
        }
    }

    fn text(&mut self, alternatives: &str) -> String {
        let alternatives: Vec<&str> = alternatives.split(OR).collect();
        let mut out = String::new();
        let mut rest = self.dice.pick(&alternatives);
        while let Some((before, name, after)) = placeholder(rest) {
            out.push_str(before);
            out.push_str(&self.value(name));
            rest = after;
        }
        out.push_str(rest);
        out
    }

    fn value(&mut self, name: &str) -> String {
        let year = self.learner.leaves_in(self.point);
        match name {
            "forename" => self.learner.forename.clone(),
            "surname" => self.learner.surname.clone(),
            "last" => (year - 1).to_string(),
            "year" => year.to_string(),
            "next" => (year + 1).to_string(),
            range => {
                let (least, greatest) = range.split_once("..").unwrap_or((range, range));
                let number = |text: &str| text.parse().unwrap_or_default();
                self.dice
                    .between(number(least), number(greatest))
                    .to_string()
            }
        }
    }
}

/// What stands before the first `{name}`, the name, and what stands behind.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}
