//! `baton erase --due-before`: what is past its time.

use baton_client::Client;
use baton_wire::v1;
use jiff::civil::Date;
use serde_json::json;

use super::{EraseArgs, erase_move, tell};
use crate::output::{Exit, Output};

const PAGE: i32 = 500;

pub(super) async fn run(
    client: &Client,
    by: Date,
    args: &EraseArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let due = due(client, by).await?;
    if args.dry_run {
        for row in &due {
            let (name, until) = (&row.name, &row.kept_until);
            let json = json!({ "transition": name, "kept_until": until });
            output.result(&json, || format!("{name} is kept until {until}"));
        }
    } else if !due.is_empty() {
        if !args.yes {
            let moves = due.len();
            output.confirm(&format!(
                "It cannot be undone. Erase the content of {moves} moves?"
            ))?;
        }
        let bar = output.bar(due.len() as u64, "moves erased");
        for row in &due {
            let answer = erase_move(client, row.name.clone()).await?;
            tell(&answer, false, output);
            bar.inc(1);
        }
        bar.finish_and_clear();
    }
    let (due, erased) = (due.len(), if args.dry_run { 0 } else { due.len() });
    output.result(&json!({ "due": due, "erased": erased }), || {
        format!("{due} due before {by}, {erased} erased")
    });
    Ok(Exit::Done)
}

/// Moves of the caller's setting whose last day is before this one and that nothing keeps.
async fn due(client: &Client, by: Date) -> anyhow::Result<Vec<v1::Transition>> {
    let mut due = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListTransitionsRequest {
            page_size: PAGE,
            page_token,
            ..Default::default()
        };
        let page = client.list_transitions(request).await?;
        due.extend(page.transitions.into_iter().filter(|row| {
            let until = row.kept_until.parse::<Date>();
            until.is_ok_and(|until| until < by) && !row.restricted && !row.legal_hold
        }));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(due);
        }
    }
}
