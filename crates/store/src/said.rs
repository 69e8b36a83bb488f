//! What people decided about sharing a move, in one row: all of it, in the order it was recorded. It
//! is part of what the entry commits to.

use baton_domain::ids::SettingId;
use baton_domain::log::canonical::Json;
use baton_domain::sharing::{Basis, Decision, Giver, Said, Toward};
use jiff::civil::Date;

use crate::engine::value::{Column, Inconsistent, Type, Value};
use crate::view::kinds;

/// A decision as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) decision: Decision,
    /// The one setting it is about.
    pub(crate) setting: Option<SettingId>,
    /// The entry that recorded it.
    pub(crate) position: i64,
}

/// The decisions about one move.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Decisions(Vec<Recorded>);

impl Decisions {
    pub(crate) fn all(&self) -> &[Recorded] {
        &self.0
    }

    pub(crate) fn push(&mut self, one: Recorded) {
        self.0.push(one);
    }

    /// Those that name no other setting, and with each whether it names this one.
    pub(crate) fn about<'a>(
        &'a self,
        setting: &'a SettingId,
    ) -> impl Iterator<Item = (&'a Decision, bool)> {
        self.0.iter().filter_map(move |one| match &one.setting {
            None => Some((&one.decision, false)),
            Some(named) => (named == setting).then_some((&one.decision, true)),
        })
    }

    /// Those that name no setting.
    pub(crate) fn of_classes(&self) -> impl Iterator<Item = &Decision> {
        let all = self.0.iter().filter(|one| one.setting.is_none());
        all.map(|one| &one.decision)
    }

    /// A line a decision; a dash stands for nothing.
    fn text(&self) -> String {
        let lines = self.0.iter().map(|one| {
            let of = &one.decision;
            let setting = one.setting.as_ref().map_or("-", SettingId::as_str);
            let assessed = of.assessed_on.map_or("-".to_owned(), |day| day.to_string());
            format!(
                "{} {} {} {} {} {} {assessed} {setting} {}",
                of.giver.number(),
                of.basis.number(),
                of.toward.number(),
                of.said.number(),
                of.kinds.bits(),
                of.said_on,
                one.position,
            )
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// None for what [`Self::text`] would not write.
    fn parse(text: &str) -> Option<Self> {
        let read = Self(text.lines().map(line).collect::<Option<_>>()?);
        (read.text() == text).then_some(read)
    }
}

fn line(text: &str) -> Option<Recorded> {
    let mut parts = text.split(' ');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (giver, basis) = (
        Giver::from_number(number()?)?,
        Basis::from_number(number()?)?,
    );
    let (toward, said) = (
        Toward::from_number(number()?)?,
        Said::from_number(number()?)?,
    );
    let bits = number()?;
    let some = |part: &str| (part != "-").then(|| part.to_owned());
    let said_on = parts.next()?.parse().ok()?;
    let assessed = some(parts.next()?).map(|day| day.parse::<Date>());
    let setting = some(parts.next()?).map(|id| SettingId::parse(&id));
    let decision = Decision {
        giver,
        basis,
        toward,
        kinds: kinds(bits),
        said,
        said_on,
        assessed_on: assessed.transpose().ok()?,
    };
    Some(Recorded {
        decision,
        setting: setting.transpose().ok()?,
        position: parts.next()?.parse().ok()?,
    })
}

impl Column for Decisions {
    const TYPE: Type = Type::Text;
    fn into_value(self) -> Value {
        Value::Text(Some(self.text()))
    }
    fn from_value(value: Value) -> Result<Self, Inconsistent> {
        match value {
            Value::Text(Some(text)) => Self::parse(&text).ok_or(Inconsistent),
            _ => Err(Inconsistent),
        }
    }
    fn json(&self) -> Json {
        Json::Str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use baton_domain::section::{KindSet, SectionKind};
    use jiff::civil::date;

    use super::*;

    fn recorded(named: bool) -> Recorded {
        Recorded {
            decision: Decision {
                giver: Giver::Representative,
                basis: Basis::BestInterests,
                toward: Toward::Health,
                kinds: KindSet::of(&[SectionKind::Send]),
                said: Said::Objection,
                said_on: date(2026, 3, 2),
                assessed_on: named.then(|| date(2026, 3, 1)),
            },
            setting: named.then(|| SettingId::from_bytes([7; 16])),
            position: 12,
        }
    }

    #[test]
    fn they_are_read_back_as_they_were_written() {
        let mut all = Decisions::default();
        for named in [true, false] {
            assert_eq!(Decisions::parse(&all.text()), Some(all.clone()));
            all.push(recorded(named));
        }
        assert_eq!(Decisions::parse(&all.text()), Some(all.clone()));
        let other = SettingId::from_bytes([8; 16]);
        assert_eq!(all.about(&other).count(), 1);
        let named: Vec<bool> = all
            .about(&SettingId::from_bytes([7; 16]))
            .map(|one| one.1)
            .collect();
        assert_eq!(named, [true, false]);
    }

    #[test]
    fn what_was_changed_makes_no_sense() {
        let mut all = Decisions::default();
        all.push(recorded(true));
        let sound = all.text();
        for bad in [
            sound.replacen('3', "9", 1),
            sound.replacen(' ', "  ", 1),
            sound.replacen("2026-03-02", "2026-3-2", 1),
            format!("{sound}\n"),
            format!("{sound} 1"),
        ] {
            assert_eq!(Decisions::parse(&bad), None, "{bad:?}");
        }
    }
}
