//! `baton document list`: the documents of a profile, as far as the caller may see them.
//!
//! JSON: the contract's `Document`, one a line, in the order they were added.

use baton_wire::{json, v1};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};

/// Arguments of `document list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton document list settings/stg_…/profiles/prf_…
  baton document list settings/stg_…/profiles/prf_… --json | jq -r .name

The list shows titles: that it was asked for is an entry of the ledger. What was withdrawn is listed
to the setting that sent it, and makes room when it is removed.")]
pub(super) struct ListArgs {
    /// The profile.
    profile: String,
}

pub(super) async fn run(
    args: ListArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let client = to.connect().await?;
    let request = v1::ListDocumentsRequest {
        profile: args.profile,
        ..Default::default()
    };
    let documents = client.list_documents(request).await?.documents;
    for document in &documents {
        let json = json::write(document).unwrap_or_default();
        output.result(&json, || line(document));
    }
    if documents.is_empty() {
        output.say("no documents that you may see");
    }
    Ok(Exit::Done)
}

fn line(document: &v1::Document) -> String {
    if document.damaged {
        return format!("{}  damaged: tell the operator", document.name);
    }
    let withdrawn = if document.withdrawn {
        "  withdrawn: it counts until it is removed"
    } else {
        ""
    };
    format!(
        "{}  {}  {} bytes  {}{withdrawn}",
        document.name,
        document
            .kind()
            .as_str_name()
            .trim_start_matches("SECTION_KIND_")
            .to_lowercase(),
        document.size_bytes,
        document.title
    )
}
