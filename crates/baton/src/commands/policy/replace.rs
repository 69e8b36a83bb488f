//! `baton policy replace`: another set is put into force, for all and from one entry on.

use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use baton_client::ClientError;
use baton_wire::v1;
use clap::Args;
use serde_json::json;

use super::lines::{Line, tell};
use super::source::{Set, in_force};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Longer than the service takes for a check.
const PATIENCE: Duration = Duration::from_mins(1);

/// Arguments of `policy replace`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy replace policies --reason 'Agreed by the board on 3 March' --dry-run
  baton policy replace policies --reason 'Agreed by the board on 3 March'
  baton policy replace policies --reason 'As compared' --expect 1f0c…   only if that one is in force
  baton policy replace 1f0c… --reason 'Back to the set of January'      one that stood before

Told is what it changes, a line a change, as 'baton policy diff' does. The set is refused unless it
keeps every shipped law on every question there is and each of its policies matches some question.
All nodes switch at the same entry, without a restart; who may see less sees less at once, who may see
more is told of it. The reason stands in the ledger for good: nothing about a person. Role: council
administrator, not by API key. Exit code 1: refused, or another set is in force than was expected.")]
pub(super) struct ReplaceArgs {
    /// A folder of .cedar files, a file with the text of a whole set, `shipped`, or the hash of a
    /// set that stood before.
    #[arg(value_name = "SET")]
    set: New,
    /// Why, on one line.
    #[arg(long)]
    reason: String,
    /// Only tell what it would change.
    #[arg(long)]
    dry_run: bool,
    /// Hash of the set it is to replace; without it whichever is in force.
    #[arg(long, value_name = "HASH")]
    expect: Option<String>,
}

/// The set as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum New {
    Kept(String),
    Read(Set),
}

impl FromStr for New {
    type Err = Infallible;

    fn from_str(named: &str) -> Result<Self, Infallible> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if named.len() == 64 && named.bytes().all(digit) {
            return Ok(Self::Kept(named.to_owned()));
        }
        named.parse().map(Self::Read)
    }
}

pub(super) async fn run(
    args: ReplaceArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let (text, hash) = match args.set {
        New::Kept(hash) => (String::new(), hash),
        New::Read(set) => (set.text(to).await?.canonical(), String::new()),
    };
    let client = to.connect().await?.with_deadline(PATIENCE);
    let expected_hash = match args.expect {
        Some(expected) => expected,
        None => in_force(&client).await?.hash,
    };
    let spinner = output.spinner("the service checks the policies");
    let done = client.replace_policy_set(v1::ReplacePolicySetRequest {
        text,
        hash,
        expected_hash,
        reason: args.reason,
        validate_only: args.dry_run,
        ..Default::default()
    });
    let done = done.await;
    spinner.finish_and_clear();
    if let Err(ClientError::PolicySet(problems)) = &done
        && problems.last().is_some_and(|last| last.rule == "more")
    {
        output.say("There is more wrong with it: 'baton policy check' tells everything.");
    }
    let done = done?;
    for difference in &done.differences {
        tell(&Line::from(difference), output);
    }
    summary(&done, args.dry_run, output);
    Ok(Exit::Done)
}

fn summary(done: &v1::ReplacePolicySetResponse, dry_run: bool, output: Output) {
    let (hash, previous, replaced) = (&done.hash, &done.previous_hash, done.replaced);
    let position = done.receipt.as_ref().map(|receipt| receipt.position);
    let left_out = done.differences_left_out;
    let differences = i64::try_from(done.differences.len()).unwrap_or(i64::MAX) + left_out;
    let json = json!({ "summary": {
        "hash": hash, "previous": previous, "replaced": replaced, "dry_run": dry_run,
        "differences": differences, "left_out": left_out, "position": position,
    } });
    output.result(&json, || {
        let position = position.unwrap_or_default();
        let more = match left_out {
            0 => String::new(),
            more => format!(" ({more} of them not told: 'baton policy diff' does)"),
        };
        match (replaced, hash == previous) {
            (true, _) => format!(
                "{differences} differences{more}; {hash} is in force in place of {previous}, from \
                 entry {} on",
                position + 1
            ),
            (false, true) => format!("{hash} is in force already; nothing was changed"),
            (false, false) => format!(
                "{differences} differences{more} between {previous}, which is in force, and {hash}; \
                 nothing was changed"
            ),
        }
    });
}
