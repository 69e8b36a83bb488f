//! Who saw a learner's record, in plain words.

use baton_client::Client;
use baton_wire::{json, v1};
use clap::Args;

use super::when;
use crate::output::{Exit, Output};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit who-saw settings/stg_…/transitions/trn_…
  baton audit who-saw settings/stg_…/transitions/trn_… --json | jq 'select(.allowed)'

For auditors, and for the setting that sent the profile. An entry can stand for an answer that
never arrived. The question is an entry, too.")]
pub(super) struct WhoSawArgs {
    /// The move, as `baton status` lists it.
    transition: String,
}

pub(super) async fn run(args: WhoSawArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let mut request = v1::WhoSawRequest {
        transition: args.transition,
        ..Default::default()
    };
    let mut any = false;
    loop {
        let page = client.who_saw(request.clone()).await?;
        for sighting in &page.sightings {
            output.result(&json::write(sighting).unwrap_or_default(), || {
                words(sighting)
            });
        }
        any |= !page.sightings.is_empty();
        request.start = page.next_start;
        if page.next_start == 0 {
            break;
        }
    }
    if !any {
        output.say("nobody has seen anything of it, and nobody was refused");
    }
    Ok(Exit::Done)
}

fn words(sighting: &v1::Sighting) -> String {
    let v1::Sighting {
        position,
        time_us,
        setting,
        setting_display_name,
        ..
    } = sighting;
    let who = match (setting_display_name.as_str(), setting.as_str()) {
        ("", "") => "the service itself".to_owned(),
        ("", setting) => setting.to_owned(),
        (name, setting) => format!("{name} ({setting})"),
    };
    let credential = match sighting.credential.rsplit('/').next() {
        None | Some("") => String::new(),
        Some(id) => format!(", by {id}"),
    };
    let kinds = match sighting.kinds.as_slice() {
        [] => String::new(),
        kinds => format!(": {}", kinds.join(", ")),
    };
    let (done, wanted) = act(&sighting.act);
    let act = if sighting.allowed {
        done
    } else {
        format!("was refused to {wanted}")
    };
    format!(
        "{}  {who}{credential}  {act}{kinds}  (entry {position})",
        when(*time_us)
    )
}

/// An act in words, done and wanted; one this version does not know under its own name.
fn act(name: &str) -> (String, String) {
    let (done, wanted) = match name {
        "planned" => ("planned the move", "plan the move"),
        "redirected" => ("changed the destination", "change the destination"),
        "fact_recorded" => ("recorded a fact", "record a fact"),
        "transition_shown" => ("looked at the progress", "look at the progress"),
        "transitions_listed" => ("listed the progress", "list the progress"),
        "published" => ("published", "publish"),
        "unchanged" => ("published the same again", "publish"),
        "withdrawn" => ("withdrew", "withdraw"),
        "pulled" => ("was handed", "be handed what came"),
        "fetched" => ("read", "read"),
        "acknowledged" => ("acknowledged", "acknowledge"),
        "rejected" => ("sent back", "send back"),
        "released" => ("released to its receiver", "release to its receiver"),
        "who_saw_asked" => ("asked who saw", "ask who saw"),
        other => return (format!("did: {other}"), format!("do: {other}")),
    };
    (done.to_owned(), wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sighting_reads_as_a_sentence() {
        let sighting = v1::Sighting {
            position: 12,
            time_us: 1_783_929_600_000_000,
            setting: "settings/stg_1".to_owned(),
            setting_display_name: "Example Park School".to_owned(),
            credential: "settings/stg_1/credentials/crd_1".to_owned(),
            act: "fetched".to_owned(),
            allowed: true,
            kinds: vec!["identity".to_owned(), "send".to_owned()],
        };
        assert_eq!(
            words(&sighting),
            "13 July 2026 09:00:00  Example Park School (settings/stg_1), by crd_1  \
             read: identity, send  (entry 12)"
        );
        let refused = v1::Sighting {
            allowed: false,
            kinds: Vec::new(),
            ..sighting
        };
        assert!(words(&refused).contains("was refused to read  (entry 12)"));
    }
}
