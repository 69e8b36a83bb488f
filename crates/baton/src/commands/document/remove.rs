//! `baton document remove`: a document is taken back.
//!
//! JSON: `{"removed": "settings/…/documents/…", "kept": false, "position": 42}`.

use baton_wire::v1;
use clap::Args;
use serde_json::json;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `document remove`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton document remove settings/stg_…/documents/doc_…
  baton document remove settings/stg_…/documents/doc_… --yes

Key and bytes are gone at once; under a legal hold nobody sees it any more and it is kept. What
receivers copied is theirs: tell them to delete it.")]
pub(super) struct RemoveArgs {
    /// The document, or what is staged of it.
    name: String,
    /// Do not ask.
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(
    args: RemoveArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    if !args.yes {
        output.confirm("Receivers lose this document at once. Take it back?")?;
    }
    let client = to.connect().await?;
    let request = v1::RemoveDocumentRequest {
        name: args.name.clone(),
        ..Default::default()
    };
    let answer = client.remove_document(request).await?;
    let position = answer.receipt.unwrap_or_default().position;
    let json = json!({ "removed": args.name, "kept": answer.kept, "position": position });
    output.result(&json, || {
        let kept = if answer.kept {
            ", kept under a legal hold and seen by nobody"
        } else {
            ""
        };
        format!("removed{kept}; entry {position} of the ledger")
    });
    Ok(Exit::Done)
}
