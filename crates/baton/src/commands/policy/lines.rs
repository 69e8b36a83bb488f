//! Differences between two sets, a line each.

use baton_domain::access::{Difference, Relation};
use baton_domain::section::SectionKind;
use baton_wire::v1;
use serde::Serialize;

use crate::output::Output;

/// A difference as it is told. Words as the policies spell them.
#[derive(Debug, Serialize)]
pub(super) struct Line<'a> {
    role: &'a str,
    action: &'a str,
    relation: Option<&'a str>,
    kind: Option<&'a str>,
    gained: u64,
    lost: u64,
    of: u64,
}

impl From<&Difference> for Line<'_> {
    fn from(of: &Difference) -> Self {
        let number = |count| u64::try_from(count).unwrap_or(u64::MAX);
        Self {
            role: of.role.name(),
            action: of.action.name(),
            relation: of.relation.map(Relation::name),
            kind: of.kind.map(SectionKind::name),
            gained: number(of.gained),
            lost: number(of.lost),
            of: number(of.of),
        }
    }
}

impl<'a> From<&'a v1::PolicyDifference> for Line<'a> {
    fn from(of: &'a v1::PolicyDifference) -> Self {
        let word = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Self {
            role: &of.role,
            action: &of.action,
            relation: word(&of.relation),
            kind: word(&of.kind),
            gained: of.gained.unsigned_abs(),
            lost: of.lost.unsigned_abs(),
            of: of.circumstances.unsigned_abs(),
        }
    }
}

pub(super) fn tell(line: &Line<'_>, output: Output) {
    let json = serde_json::to_value(line).unwrap_or_default();
    output.result(&json, || {
        let (sign, cells) = match (line.gained, line.lost) {
            (gained, 0) => ("+", gained),
            (0, lost) => ("-", lost),
            (gained, lost) => ("±", gained.saturating_add(lost)),
        };
        let kind = line.kind.map(|kind| format!(" {kind}")).unwrap_or_default();
        let relation = line
            .relation
            .map(|it| format!(" as {it}"))
            .unwrap_or_default();
        let Line {
            role, action, of, ..
        } = line;
        format!("{sign} {role}: {action}{kind}{relation}, in {cells} of {of} circumstances")
    });
}
