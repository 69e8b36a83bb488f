//! Who saw a learner's record, in plain words: for the controller's officer in full, and as a draft
//! that can be given to a parent or the young person. docs/who-saw.md is for that officer.

mod draft;
mod learner;
mod record;
mod release;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_client::Client;
use baton_domain::disclosure::{Audience, EXEMPTIONS, Exemption};
use baton_wire::{json, v1};
use clap::Args;
use serde_json::json;

use crate::output::{Exit, Output, Wrong};
use crate::pki::write_private;
use draft::Rules;
use learner::Learner;
use record::Record;
use release::{Review, not_binding};
use report::By;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton audit who-saw settings/stg_…/transitions/trn_…       everything, for the officer
  baton audit who-saw - --out who-saw.md                     asks for the UPN
  baton audit who-saw - --json < upn.txt | jq 'select(.allowed)'
  baton audit who-saw als_… --by setting
  baton audit who-saw - --draft answer.md --for parent
  baton audit who-saw - --draft answer.md --for young-person \\
    --hide-setting 'Elm Refuge School:rights_of_others' --withhold 1042:crime
  baton audit who-saw --release answer.md --withhold 1050:rights_of_others --dry-run
  baton audit who-saw --release answer.md --withhold 1050:rights_of_others

For auditors, and for the setting that sent the profile. An entry can stand for an answer that
never arrived. The question is an entry, too; so is the release of a draft, with the exemptions and
a commitment to the text, but without the text. Exemptions: docs/who-saw.md.")]
pub(super) struct WhoSawArgs {
    /// The learner: a move, as `baton status` lists it; an alias, as entries name it; or - to type
    /// a UPN when asked, or give it by standard input. A UPN is never taken from the command line.
    #[arg(required_unless_present = "release", conflicts_with = "release")]
    learner: Option<String>,
    /// What the lines of the report stand under.
    #[arg(long, value_enum, default_value = "day")]
    by: By,
    /// Write the report into this file, as Markdown, for its owner only; never overwritten.
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    out: Option<PathBuf>,
    /// Write a draft for a parent or the young person, and beside it FILE.record.json for the
    /// officer; never overwritten.
    #[arg(long, value_name = "FILE", requires = "audience", conflicts_with_all = ["out", "release"])]
    draft: Option<PathBuf>,
    /// Who asked: parent or young-person.
    #[arg(long = "for", value_name = "WHOM", value_parser = audience, requires = "draft")]
    audience: Option<Audience>,
    /// The exemption for what is about child protection; by default `child_abuse` for a parent and
    /// `serious_harm_education` for a young person.
    #[arg(long, value_name = "EXEMPTION", value_parser = exemption, requires = "draft")]
    child_protection: Option<&'static Exemption>,
    /// Leave out whatever names this setting, by its name or settings/stg_…
    #[arg(long, value_name = "SETTING:EXEMPTION", value_parser = hidden, requires = "draft")]
    hide_setting: Vec<(String, &'static Exemption)>,
    /// A protected pupil: leave out whatever tells where the learner went.
    #[arg(long, value_name = "EXEMPTION", value_parser = exemption, requires = "draft")]
    protected: Option<&'static Exemption>,
    /// Leave out this entry; with --release, say why its line was taken out.
    #[arg(long, value_name = "N:EXEMPTION", value_parser = withheld)]
    withhold: Vec<(u64, &'static Exemption)>,
    /// Release a reviewed draft: tell the ledger that it is given out.
    #[arg(long, value_name = "DRAFT")]
    release: Option<PathBuf>,
    /// The line of this entry was written anew, and says no less.
    #[arg(long, value_name = "N", requires = "release")]
    reworded: Vec<u64>,
    /// Only say what would be recorded.
    #[arg(long, requires = "release")]
    dry_run: bool,
}

pub(super) async fn run(args: WhoSawArgs, client: &Client, output: Output) -> anyhow::Result<Exit> {
    if let Some(draft) = args.release {
        let review = Review {
            draft,
            withheld: args.withhold.into_iter().collect(),
            reworded: args.reworded.into_iter().collect(),
            dry_run: args.dry_run,
        };
        return Box::pin(release::run(review, client, output)).await;
    }
    let learner = Learner::read(args.learner.as_deref().unwrap_or_default(), output)?;
    if let (Some(draft), Some(audience)) = (&args.draft, args.audience) {
        let rules = rules(&args, audience)?;
        return write_draft(draft, &rules, &learner, client, output).await;
    }
    if !args.withhold.is_empty() {
        let say = "--withhold goes with --draft or --release";
        return Err(Wrong(say.to_owned()).into());
    }
    if output.is_json() && args.out.is_none() {
        return lines(&learner, client, output).await;
    }
    let all = report::fetch(client, &learner).await?;
    match &args.out {
        Some(file) => {
            write_private(file, &report::write(&all, args.by, true))?;
            let (file, entries) = (file.display().to_string(), all.len());
            let json = json!({ "report": { "file": file, "entries": entries } });
            output.result(&json, || format!("{file}: {entries} entries"));
        }
        None if all.is_empty() => {
            output.say("nobody has seen anything of it, and nobody was refused");
        }
        None => output.text(report::write(&all, args.by, false).trim_end()),
    }
    Ok(Exit::Done)
}

/// Every sighting as the contract has it, as the pages come.
async fn lines(learner: &Learner, client: &Client, output: Output) -> anyhow::Result<Exit> {
    let mut request = learner.ask();
    loop {
        let page = client.who_saw(request.clone()).await?;
        for sighting in &page.sightings {
            output.machine(&json::write(sighting).unwrap_or_default());
        }
        request.start = page.next_start;
        if page.next_start == 0 {
            return Ok(Exit::Done);
        }
    }
}

/// What the flags say, every problem at once.
fn rules(args: &WhoSawArgs, audience: Audience) -> anyhow::Result<Rules> {
    let usual = match audience {
        Audience::Parent => "child_abuse",
        Audience::YoungPerson => "serious_harm_education",
    };
    let child_protection = args.child_protection.or_else(|| Exemption::find(usual));
    let child_protection =
        child_protection.ok_or_else(|| Wrong(format!("no exemption {usual}")))?;
    let withheld: BTreeMap<u64, &'static Exemption> = args.withhold.iter().copied().collect();
    let mut wrong = not_binding(&withheld, audience);
    let named = args.hide_setting.iter().map(|(_, exemption)| *exemption);
    for exemption in named.chain(args.protected).chain([child_protection]) {
        if !exemption.binds(audience) {
            wrong.push(format!(
                "{} ({}) holds only against somebody who asks by parental responsibility",
                exemption.code, exemption.provision
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(Wrong(wrong.join("\n")).into());
    }
    Ok(Rules {
        audience,
        child_protection,
        hidden: args.hide_setting.clone(),
        protected: args.protected,
        withheld,
    })
}

async fn write_draft(
    file: &Path,
    rules: &Rules,
    learner: &Learner,
    client: &Client,
    output: Output,
) -> anyhow::Result<Exit> {
    let beside = Record::beside(file);
    for there in [file, &beside] {
        if there.exists() {
            return Err(Wrong(format!("{} is there already", there.display())).into());
        }
    }
    let all = report::fetch(client, learner).await?;
    let known: BTreeSet<u64> = all.iter().map(|seen| seen.position).collect();
    let strays = rules.withheld.keys().filter(|it| !known.contains(it));
    let mut wrong: Vec<String> = strays
        .map(|it| format!("no entry {it} is about this learner"))
        .collect();
    wrong.extend(
        rules
            .unknown(&all)
            .into_iter()
            .map(|it| format!("no setting '{it}' stands in it")),
    );
    if !wrong.is_empty() {
        return Err(Wrong(wrong.join("\n")).into());
    }
    let newest = client
        .get_checkpoint(v1::GetCheckpointRequest::default())
        .await?;
    let draft = rules.draft(&all);
    let record = Record {
        note: "The officer's record of a draft. It names what was left out: not for the family."
            .to_owned(),
        ledger: newest.ledger_id,
        learner: learner.kept().to_owned(),
        audience: rules.audience.name().to_owned(),
        lines: draft.lines,
        left_out: draft.left_out,
        names: draft.names.into_iter().collect(),
        releasing: None,
        released: None,
    };
    // The record first: a draft without one could not be released.
    record.write(&beside)?;
    write_private(file, &draft.text)?;
    let (file, beside) = (file.display().to_string(), beside.display().to_string());
    let (lines, left_out) = (record.lines.len(), record.left_out.len());
    let json = json!({ "draft": {
        "file": file, "record": beside, "lines": lines, "left_out": left_out,
        "names": record.names,
    }});
    output.result(&json, || {
        format!(
            "{file}: {lines} lines; {left_out} left out, see {beside}. Read it over: it names {}. \
             Then: baton audit who-saw --release {file}",
            super::words::listed(&record.names)
        )
    });
    Ok(Exit::Done)
}

fn audience(text: &str) -> Result<Audience, String> {
    Audience::parse(&text.replace('-', "_")).ok_or("parent or young-person".to_owned())
}

fn exemption(text: &str) -> Result<&'static Exemption, String> {
    Exemption::find(&text.replace('-', "_")).ok_or_else(|| {
        let codes: Vec<&str> = EXEMPTIONS.iter().map(|it| it.code).collect();
        format!("one of {}", codes.join(", "))
    })
}

fn withheld(text: &str) -> Result<(u64, &'static Exemption), String> {
    let (entry, code) = text
        .split_once(':')
        .ok_or("N:EXEMPTION, e.g. 1042:rights_of_others")?;
    let entry = entry
        .parse()
        .map_err(|_| "the number of an entry, as the record has it")?;
    Ok((entry, exemption(code)?))
}

fn hidden(text: &str) -> Result<(String, &'static Exemption), String> {
    let (setting, code) = text.rsplit_once(':').ok_or("SETTING:EXEMPTION")?;
    Ok((setting.to_owned(), exemption(code)?))
}
