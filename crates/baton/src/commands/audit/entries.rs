//! Entries as they are.

use std::fmt::Write as _;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_client::Client;
use baton_domain::entry::PREFIX;
use baton_wire::v1;
use clap::Args;
use serde_json::{Value, json};

use super::when;
use crate::output::{Exit, Output};

/// Entries of one page: at 16 KiB each, half of the largest answer the client reads.
pub(super) const PAGE: u64 = 500;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit entries --limit 20
  baton audit entries --from 1000 --limit 0 --json > ledger.ndjson      all from there on
  baton audit entries --json | jq 'select(.entry.verdict == \"denied\") | .entry.caller'

Reading entries is an entry itself.")]
pub(super) struct EntriesArgs {
    /// First position, from 0.
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// How many at most; 0 for all that stand when it begins.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u64,
}

pub(super) async fn run(
    args: EntriesArgs,
    client: &Client,
    output: Output,
) -> anyhow::Result<Exit> {
    // What stands when it begins: each page that is read is one entry more, and they would be
    // followed up to the limit.
    let stands = size(client).await?.saturating_sub(args.from);
    let mut left = match args.limit {
        0 => stands,
        limit => limit.min(stands),
    };
    let mut next = args.from;
    while left > 0 {
        let page = page(client, next, left.min(PAGE)).await?;
        let Some(last) = page.last() else { break };
        next = last.position.unsigned_abs() + 1;
        left -= left.min(u64::try_from(page.len())?);
        for entry in page {
            show(&entry, output);
        }
    }
    Ok(Exit::Done)
}

/// Entries from a position on, at most [`PAGE`].
pub(super) async fn page(
    client: &Client,
    start: u64,
    most: u64,
) -> anyhow::Result<Vec<v1::LedgerEntry>> {
    let request = v1::ListEntriesRequest {
        start: i64::try_from(start).context("there is no such position")?,
        page_size: i32::try_from(most.min(PAGE))?,
        ..Default::default()
    };
    Ok(client.list_entries(request).await?.entries)
}

async fn size(client: &Client) -> anyhow::Result<u64> {
    let newest = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    let key = newest
        .verifier_key
        .parse()
        .context("the service's key is none")?;
    let opened = baton_domain::log::Checkpoint::open(newest.checkpoint.as_bytes(), &[key]);
    Ok(opened.context("the checkpoint does not hold")?.size)
}

fn show(entry: &v1::LedgerEntry, output: Output) {
    let said = said(&entry.body).unwrap_or_default();
    let bytes = (!entry.body.is_empty()).then(|| STANDARD.encode(&entry.body));
    let json = json!({
        "position": entry.position, "leaf_hash": hex(&entry.leaf_hash), "entry": said,
        "bytes": bytes,
    });
    output.result(&json, || words(entry.position, &said));
}

/// What an entry says; none if it cannot be read.
pub(super) fn said(body: &[u8]) -> Option<Value> {
    serde_json::from_slice(body.strip_prefix(PREFIX)?).ok()
}

pub(super) fn words(position: i64, said: &Value) -> String {
    if said.is_null() {
        return format!("{position:>8}  (dropped at the end of its retention)");
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let time = when(said["time_us"].as_i64().unwrap_or_default());
    let verdict = match text(&said["verdict"]).as_str() {
        "done" => String::new(),
        "failed" => format!(": failed, {}", text(&said["reason"])),
        other => format!(": {other}"),
    };
    let caller = &said["caller"];
    let by = match caller["credential"].as_str() {
        Some(credential) => format!("  by {credential} for {}", text(&caller["setting"])),
        None => String::new(),
    };
    format!(
        "{position:>8}  {time}  {}{verdict}{by}",
        text(&said["kind"])
    )
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
