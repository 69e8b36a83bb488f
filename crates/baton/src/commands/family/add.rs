//! An access, as a folder to hand over.

use std::path::PathBuf;

use baton_domain::disclosure::{EXEMPTIONS, Exemption};
use baton_domain::family::can_be_left_out;
use baton_domain::section::SectionKind;
use baton_domain::sharing::{Basis, Giver};
use baton_wire::{json, v1};
use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::words;
use crate::commands::credentials::folder::{self, Folder};
use crate::commands::words::{listed, one_of};
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output};
use crate::pki;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton family add settings/stg_…/transitions/trn_… --who parent \\
    --basis parental-responsibility --out parent --last-day 2027-08-31
  baton family add settings/stg_…/transitions/trn_… --who learner --basis own-decision \\
    --withhold health=serious-harm-health --api-key --out learner
  baton family add settings/stg_…/transitions/trn_… --who parent \\
    --basis parental-responsibility --out parent --dry-run

Who, and by which basis:
  learner: own-decision from 16, competent-child before
  parent: parental-responsibility. Past compulsory school age they see what the learner allows alone:
    baton sharing record … --toward family --said allowed
  representative, from 16: deputy-or-attorney, best-interests, with the day of the assessment
Read what the record says of other people first, and withhold what names them. The key never leaves the
folder: hand it over to nobody else. Roles: publisher, DSL of the sender, by certificate.")]
pub(super) struct AddArgs {
    /// Any move of the learner, as `baton status` lists it.
    transition: String,
    /// Who they are: learner, parent or representative.
    #[arg(long, value_parser = giver)]
    who: Giver,
    /// By which right.
    #[arg(long, value_parser = basis)]
    basis: Basis,
    /// When capacity for this was assessed, CCYY-MM-DD; of a representative.
    #[arg(long, value_name = "DATE")]
    assessed_on: Option<Date>,
    /// A section they are not shown, and the exemption that lets it; may be given again.
    #[arg(long, value_parser = withhold, value_delimiter = ',', value_name = "KIND=EXEMPTION,…")]
    withhold: Vec<(SectionKind, &'static Exemption)>,
    /// What it is for, one line, no personal data; by default who it is.
    #[arg(long, default_value = "")]
    label: String,
    /// Days until it expires, at most 396; by default that.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=396))]
    days: Option<i32>,
    /// First day, CCYY-MM-DD; by default it works at once.
    #[arg(long, value_name = "DATE")]
    first_day: Option<Date>,
    /// Last day, CCYY-MM-DD, included; instead of --days.
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    last_day: Option<Date>,
    /// An API key instead of a certificate.
    #[arg(long)]
    api_key: bool,
    /// Folder to make for it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only tell what they would be shown.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(
    args: AddArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    if args.dry_run {
        return Ok(would(&args, output));
    }
    let client = to.connect().await?;
    let (mut folder, file) = Folder::beside(&args.out, to)?;
    let mut request = request(&args);
    if !args.api_key {
        let pair = pki::caller(args.who.name())?;
        folder.put_pair(&pair)?;
        request.certificate_spki_sha256 = pair.spki_sha256.to_vec().into();
    }
    let given = client.add_family_access(request).await;
    let (mut folder, given) = folder.answered(given, output)?;
    let access = given.access.unwrap_or_default();
    if args.api_key {
        let name = access.credential.as_ref().map(|it| it.name.as_str());
        anyhow::ensure!(
            !given.api_key.is_empty(),
            "the answer with the key was lost on its way: end {} and add another",
            name.unwrap_or_default()
        );
        folder.put_api_key(&given.api_key)?;
    }
    let connection = folder.connect_to(file.url, file.setting)?;
    let json = json!({
        "access": json::write(&access).unwrap_or_default(),
        "connection": connection,
    });
    let text = || {
        let connection = connection.display();
        let line = words(&access);
        format!("{line}\nto use it: baton family record --connection {connection}")
    };
    output.result_once(&json, text, folder::IF_LOST);
    Ok(Exit::Done)
}

fn request(args: &AddArgs) -> v1::AddFamilyAccessRequest {
    let day = |day: Option<Date>| day.map_or(String::new(), |day| day.to_string());
    v1::AddFamilyAccessRequest {
        name: args.transition.clone(),
        who: v1::DecisionGiver::from(args.who).into(),
        basis: v1::DecisionBasis::from(args.basis).into(),
        assessed_on: day(args.assessed_on),
        withheld: withheld(args),
        label: args.label.clone(),
        lifetime_days: args.days.unwrap_or_default(),
        first_day: day(args.first_day),
        last_day: day(args.last_day),
        ..Default::default()
    }
}

fn withheld(args: &AddArgs) -> Vec<v1::WithheldSection> {
    let all = args.withhold.iter().map(|(kind, by)| v1::WithheldSection {
        kind: v1::SectionKind::from(*kind).into(),
        exemption: by.code.to_owned(),
    });
    all.collect()
}

/// What they would be shown, as far as it does not hang on age and on what the learner says.
fn would(args: &AddArgs, output: Output) -> Exit {
    let held: Vec<SectionKind> = args.withhold.iter().map(|(kind, _)| *kind).collect();
    let shown = SectionKind::ALL.into_iter();
    let shown = shown.filter(|kind| can_be_left_out(*kind) && !held.contains(kind));
    let shown: Vec<String> = shown.map(|kind| kind.name().replace('_', "-")).collect();
    let access = v1::FamilyAccess {
        who: v1::DecisionGiver::from(args.who).into(),
        withheld: withheld(args),
        ..Default::default()
    };
    let who = args.who.name();
    output.result(&json::write(&access).unwrap_or_default(), || {
        format!(
            "{who} would be shown, where your setting wrote it: {}",
            shown.join(",")
        )
    });
    Exit::Done
}

fn giver(text: &str) -> Result<Giver, String> {
    one_of(Giver::ALL, Giver::name, text).ok_or_else(|| listed(Giver::ALL, Giver::name))
}

fn basis(text: &str) -> Result<Basis, String> {
    one_of(Basis::ALL, Basis::name, text).ok_or_else(|| listed(Basis::ALL, Basis::name))
}

fn withhold(text: &str) -> Result<(SectionKind, &'static Exemption), String> {
    let parts = text.split_once('=');
    let (kind, by) = parts.ok_or("KIND=EXEMPTION, e.g. health=serious-harm-health")?;
    let all = &SectionKind::ALL;
    let kind =
        one_of(all, SectionKind::name, kind).ok_or_else(|| listed(all, SectionKind::name))?;
    if !can_be_left_out(kind) {
        return Err(format!("{kind} is shown to no family; leave it out"));
    }
    let by = Exemption::find(&by.replace('-', "_")).ok_or_else(|| {
        let codes = EXEMPTIONS.iter().map(|it| it.code.replace('_', "-"));
        format!(
            "the exemptions are {}",
            codes.collect::<Vec<_>>().join(", ")
        )
    })?;
    Ok((kind, by))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_withheld_names_a_kind_that_could_be_shown_and_a_law() {
        let (kind, by) = withhold("pastoral-and-behaviour=rights-of-others").unwrap();
        assert_eq!(
            (kind, by.code),
            (SectionKind::PastoralAndBehaviour, "rights_of_others")
        );
        for (text, say) in [
            ("send", "KIND=EXEMPTION"),
            ("send=whim", "serious-harm-education"),
            ("secrets=crime", "give one of"),
            ("relationships=rights-of-others", "shown to no family"),
        ] {
            let told = withhold(text).unwrap_err();
            assert!(told.contains(say), "{told}");
        }
    }
}
