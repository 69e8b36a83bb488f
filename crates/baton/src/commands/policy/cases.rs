//! `baton policy test`: the questions a council cares about, kept beside its policies.

use std::fs;
use std::path::PathBuf;

use baton_domain::access::{PolicySet, Tuple};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use super::source::Set;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `policy test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy test policies cases.ndjson
  baton policy test shipped cases.ndjson --json

A case is a line: {\"allowed\": false, \"tuple\": {\"action\": \"withdraw\", \"roles\": [\"senco\"], \"relation\":
\"source\", \"delegation\": \"direct\", \"assurance\": \"certificate\"}}. A tuple is spelt as the entries of the
ledger spell it ('baton audit entries --json', decisions). Exit code 1: a case is answered otherwise.")]
pub(super) struct TestArgs {
    /// `shipped`, `in-force`, a folder of .cedar files, or a file with the text of a whole set.
    pub(super) set: Set,
    /// The cases, one JSON object a line.
    cases: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    tuple: Tuple,
    allowed: bool,
}

pub(super) async fn run(
    args: &TestArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let cases = read(args)?;
    let set = args.set.loaded(to).await?;
    let mut unlike = 0;
    for (number, case) in (1..).zip(&cases) {
        unlike += usize::from(!answers(&set, number, case, output));
    }
    let (count, hash) = (cases.len(), set.hash());
    let summary = json!({ "summary": { "cases": count, "unlike": unlike, "hash": hash } });
    output.result(&summary, || match unlike {
        0 => format!("{count} cases answered as expected"),
        unlike => format!("{unlike} of {count} cases answered otherwise"),
    });
    Ok(if unlike == 0 {
        Exit::Done
    } else {
        Exit::SomeRefused
    })
}

/// Every line that is no case is told.
fn read(args: &TestArgs) -> anyhow::Result<Vec<Case>> {
    let path = &args.cases;
    let text = fs::read_to_string(path).map_err(|error| Wrong::unreadable(path, &error))?;
    let (mut cases, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(line) {
            Ok(case) => cases.push(case),
            Err(error) => wrong.push(format!("line {number}: {error}")),
        }
    }
    if cases.is_empty() && wrong.is_empty() {
        wrong.push("there is no case in it".to_owned());
    }
    if wrong.is_empty() {
        return Ok(cases);
    }
    Err(Wrong(format!("{}: {}", path.display(), wrong.join("\n"))).into())
}

fn answers(set: &PolicySet, number: usize, case: &Case, output: Output) -> bool {
    let verdict = set.decide(&case.tuple);
    let (allowed, expected) = (verdict.allowed, case.allowed);
    let json = json!({
        "case": number, "allowed": allowed, "expected": expected, "policies": &verdict.policies[..],
    });
    output.result(&json, || {
        let word = |yes| if yes { "allowed" } else { "refused" };
        let by = verdict.policies.join(", ");
        if allowed == expected {
            format!("case {number}: {} by {by}, as expected", word(allowed))
        } else {
            let expected = word(expected);
            format!(
                "case {number}: {} by {by}, expected: {expected}",
                word(allowed)
            )
        }
    });
    allowed == expected
}
