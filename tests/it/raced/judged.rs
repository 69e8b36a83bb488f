//! What the entries say of trials, held against what was answered.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use baton_domain::log::Json;

use super::{CHANGES, Change, Trial};
use crate::harness::*;

/// Entries between something shown and the loss of the right to it, within which it was close.
const CLOSE: i64 = 10;

/// Trials that were judged.
#[derive(Debug, Default)]
pub(super) struct Judged {
    trials: BTreeMap<Change, usize>,
    /// Answers and items with content.
    shown: usize,
    /// Trials in which something was shown within a few entries before the right went.
    close: usize,
}

fn number(of: Option<&Json>) -> i64 {
    match of {
        Some(Json::Int(number)) => *number,
        other => panic!("no number: {other:?}"),
    }
}

fn is(said: &Json, text: &str) -> bool {
    matches!(said, Json::Str(said) if said == text)
}

/// Whether a line is of this setting or credential; the service itself has neither.
fn is_by(line: &Line, what: &str, name: &str) -> bool {
    line.get(&format!("caller/{what}"))
        .is_some_and(|said| is(said, name))
}

/// What one line shows of a learner: answers with content, items with content.
fn shown(line: &Line, alias: &str) -> [usize; 2] {
    match line.said() {
        ("fetched", "done") if line.text("detail/learner") == alias => {
            [usize::from(number(line.get("detail/kinds")) != 0), 0]
        }
        ("pulled", "done") => {
            let items = line.array("detail/items").iter();
            let of = items.filter(|item| {
                let Json::Obj(item) = item else { return false };
                item.get("learner").is_some_and(|it| is(it, alias))
                    && number(item.get("kinds")) != 0
            });
            [0, of.count()]
        }
        _ => [0, 0],
    }
}

/// Where the right went.
fn gone(trial: &Trial, alias: &str, lines: &[Line]) -> i64 {
    trial.gone.unwrap_or_else(|| {
        let restricted = lines.iter().find(|line| {
            line.said() == ("restricted", "done") && line.text("detail/learner") == alias
        });
        number(restricted.expect("a restriction").get("position"))
    })
}

/// Where something was shown to whoever lost the right, and what of it to the one who read.
fn entered(trial: &Trial, alias: &str, lines: &[Line]) -> (Vec<i64>, [usize; 2]) {
    let (mut positions, mut told) = (Vec::new(), [0, 0]);
    let lost = |line: &&Line| match trial.change {
        Change::Revoked => is_by(line, "credential", &trial.credential),
        _ => is_by(line, "setting", &trial.setting),
    };
    for line in lines.iter().filter(lost) {
        let [given, items] = shown(line, alias);
        if given + items == 0 {
            continue;
        }
        positions.push(number(line.get("position")));
        if is_by(line, "credential", &trial.credential) {
            told = [told[0] + given, told[1] + items];
        }
    }
    (positions, told)
}

impl Judged {
    /// Every trial against every entry since before the first of them.
    pub(super) fn judge(&mut self, trials: &[Trial], lines: &[Line]) {
        let published = lines
            .iter()
            .filter(|line| line.said() == ("published", "done"));
        let aliases: HashMap<&str, &str> = published
            .map(|line| (line.text("detail/profile"), line.text("detail/learner")))
            .collect();
        for trial in trials {
            let alias = aliases[&*trial.profile];
            let gone = gone(trial, alias, lines);
            let (positions, entered) = entered(trial, alias, lines);
            for position in &positions {
                let late = (trial.change, position, gone);
                assert!(*position < gone, "what, shown at, gone at: {late:?}");
            }
            let given = [trial.given, trial.watched];
            let say = format!(
                "{:?}: answered {given:?}, entered {entered:?}",
                trial.change
            );
            // Content is opened after the commit, and what was erased in between is not there: an
            // entry can stand for an answer that never came, but no answer for none.
            let (fewer, equal) = (
                given[0] <= entered[0] && given[1] <= entered[1],
                given == entered,
            );
            assert!(equal || trial.change == Change::Erased && fewer, "{say}");
            *self.trials.entry(trial.change).or_default() += 1;
            self.shown += given[0] + given[1];
            let close = positions.iter().any(|position| gone - position <= CLOSE);
            self.close += usize::from(close);
        }
    }

    /// Every change came, and something was shown close before it.
    pub(super) fn is_no_accident(&self) {
        assert_eq!(self.trials.len(), CHANGES.len(), "{self}");
        assert!(self.close > 0, "{self}");
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trials: usize = self.trials.values().sum();
        write!(
            f,
            "trials={trials} shown={} close={}",
            self.shown, self.close
        )?;
        self.trials
            .iter()
            .try_for_each(|(change, count)| write!(f, " {change:?}={count}"))
    }
}
