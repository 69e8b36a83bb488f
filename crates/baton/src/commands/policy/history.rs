//! `baton policy history`: when the rules were changed, by whom and why.

use baton_wire::v1;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Digits of a hash that are shown to people; `--json` has all.
const DIGITS: usize = 12;

/// Arguments of `policy history`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy history
  baton policy history --json

A line a change, oldest first. The entry itself is read with 'baton audit entries --from N --limit 1',
and proved with 'baton audit prove N'. Looking is an entry itself. Roles: council administrator,
auditor.")]
pub(super) struct HistoryArgs {}

pub(super) async fn run(to: &ConnectionArgs, output: Output) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let (mut start, mut told) = (0, 0_u64);
    loop {
        let request = v1::ListPolicyChangesRequest {
            start,
            ..Default::default()
        };
        let page = client.list_policy_changes(request).await?;
        for change in &page.changes {
            tell(change, output);
            told += 1;
        }
        if page.next_start <= start {
            break;
        }
        start = page.next_start;
    }
    output.result(&json!({ "summary": { "changes": told } }), || match told {
        0 => "the set the ledger was made with is in force".to_owned(),
        1 => "1 change".to_owned(),
        many => format!("{many} changes"),
    });
    Ok(Exit::Done)
}

fn tell(change: &v1::PolicyChange, output: Output) {
    let when = Timestamp::from_microsecond(change.time_us).unwrap_or_default();
    let v1::PolicyChange {
        position,
        credential,
        previous_hash,
        hash,
        reason,
        ..
    } = change;
    let json = json!({
        "position": position, "time": when.to_string(), "credential": credential,
        "previous": previous_hash, "hash": hash, "reason": reason,
    });
    output.result(&json, || {
        let short = |hash: &str| hash.chars().take(DIGITS).collect::<String>();
        let (from, to) = (short(previous_hash), short(hash));
        format!("entry {position}, {when:.0}, {credential}: {from}… to {to}…: {reason}")
    });
}
