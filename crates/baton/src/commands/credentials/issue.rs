//! A credential for a setting, as a folder to hand over.

use std::path::PathBuf;

use baton_domain::access::{Grant, GrantError, Role, RoleSet};
use baton_domain::group::{GroupCode, Groups};
use baton_domain::section::SectionKind;
use baton_wire::{json, v1};
use clap::Args;
use serde_json::json;

use super::folder::{self, Folder};
use super::{WhichSetting, line};
use crate::commands::show::kind;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};
use crate::pki;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton credentials issue --code gias:100000 --role publisher --role dsl \\
    --label 'Head teacher' --out head
  baton credentials issue --code gias:100000 --role contributor --kinds send,health \\
    --label 'Key person, SEN' --out key-person
  baton credentials issue --code gias:100000 --role contributor --kinds attainment,relationships \\
    --group 6B --label 'Class teacher 6B' --out class-6b
  baton credentials issue --code gias:100000 --role data-manager --api-key \\
    --label 'School information system' --out mis --days 90
  baton credentials issue --code gias:100000 --role receiver-lead --label 'Head of Year 7' \\
    --out year-7 --first-day 2026-09-01 --last-day 2027-08-31

Hand the folder over safely: whoever has it acts in these roles. The key never leaves the
folder; the service only knows the hash of its public half.")]
pub(super) struct IssueArgs {
    #[command(flatten)]
    to: WhichSetting,
    /// A role it acts in; may be given again.
    #[arg(long = "role", value_parser = role, required = true, long_help = ROLES)]
    role: Vec<Role>,
    /// The sections a contributor fills, by their names; with that role only.
    #[arg(long, value_parser = kind, value_delimiter = ',', value_name = "KIND,…", long_help = "\
The sections a contributor fills, by their names: send,health. Needed with --role contributor and \
of no use without it. It publishes and sees these of its own setting's profiles, and no other. \
Restricted sections (family_and_agencies, child_protection_note) take --role dsl.")]
    kinds: Vec<SectionKind>,
    /// A class, form or key group a contributor works on; may be given again.
    #[arg(long = "group", value_parser = group, value_name = "GROUP", long_help = "\
A class, form or key group a contributor works on, as the cohort list has it (column group); may be \
given again. Of learners of other groups this credential is told nothing. Without any it works on \
every learner of its setting. Only with --role contributor and no other role.")]
    group: Vec<GroupCode>,
    /// What it is for, one line, no personal data.
    #[arg(long)]
    label: String,
    /// Days until it expires, at most 396; by default that.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=396))]
    days: Option<i32>,
    /// First day of the membership, CCYY-MM-DD; by default it works at once.
    #[arg(long, value_name = "DATE")]
    first_day: Option<jiff::civil::Date>,
    /// Last day of the membership, CCYY-MM-DD, included; instead of --days.
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    last_day: Option<jiff::civil::Date>,
    /// An API key instead of a certificate.
    #[arg(long)]
    api_key: bool,
    /// Folder to make for it.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) async fn run(
    args: IssueArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    let grant = grant(&args)?;
    let client = to.connect().await?;
    let setting = args.to.name(&client).await?;
    let (mut folder, file) = Folder::beside(&args.out, to)?;
    let mut hash = Vec::new();
    if !args.api_key {
        let pair = pki::caller(&args.label)?;
        folder.put_pair(&pair)?;
        hash = pair.spki_sha256.to_vec();
    }
    let request = v1::IssueCredentialRequest {
        setting: setting.clone(),
        label: args.label,
        roles: grant
            .roles()
            .iter()
            .map(|role| v1::Role::from(role).into())
            .collect(),
        kinds: grant
            .kinds()
            .iter()
            .map(|kind| v1::SectionKind::from(kind).into())
            .collect(),
        groups: grant
            .groups()
            .iter()
            .map(|group| group.as_str().to_owned())
            .collect(),
        certificate_spki_sha256: hash.into(),
        lifetime_days: args.days.unwrap_or_default(),
        first_day: args.first_day.map_or(String::new(), |day| day.to_string()),
        last_day: args.last_day.map_or(String::new(), |day| day.to_string()),
        ..Default::default()
    };
    let issued = client.issue_credential(request).await;
    let (mut folder, issued) = folder.answered(issued, output)?;
    let credential = issued.credential.unwrap_or_default();
    if args.api_key {
        anyhow::ensure!(
            !issued.api_key.is_empty(),
            "the answer with the key was lost on its way: revoke {} and issue another",
            credential.name
        );
        folder.put_api_key(&issued.api_key)?;
    }
    let connection = folder.connect_to(file.url, setting)?;
    let json = json!({
        "credential": json::write(&credential).unwrap_or_default(),
        "connection": connection,
    });
    let text = || {
        let connection = connection.display();
        format!(
            "{}\nto use it: --connection {connection}",
            line(&credential)
        )
    };
    output.result_once(&json, text, folder::IF_LOST);
    Ok(Exit::Done)
}

/// Roles, kinds and groups that go together, before anything is made or asked.
fn grant(args: &IssueArgs) -> Result<Grant, Wrong> {
    let (roles, kinds) = (args.role.iter().copied(), args.kinds.iter().copied());
    let groups: Groups = args.group.iter().cloned().collect();
    if groups.iter().count() > Groups::MAX {
        return Err(Wrong(format!("at most {} --group", Groups::MAX)));
    }
    let grant = Grant::new(roles.collect::<RoleSet>(), kinds.collect());
    grant.and_then(|grant| grant.within(groups)).map_err(unfit)
}

/// What to type instead.
fn unfit(error: GrantError) -> Wrong {
    Wrong(match error {
        GrantError::NoKind => {
            "a contributor needs --kinds: the sections it fills, such as send,health".to_owned()
        }
        GrantError::NoContributor => {
            "--kinds goes with --role contributor; other roles have their sections by policy"
                .to_owned()
        }
        GrantError::GroupsOfOthers => {
            "--group goes with --role contributor alone: what other roles see does not end at \
                 a class"
                .to_owned()
        }
        GrantError::NotFilled(kind) if kind.publishable() => {
            format!("{kind} is restricted: give --role dsl to whoever fills it")
        }
        GrantError::NotFilled(kind) => format!("{kind} is filled by nobody"),
    })
}

const ROLES: &str = "\
A role it acts in; may be given again. Sending: publisher, contributor, data-manager, dsl, senco. \
Receiving: receiver-lead, senco, dsl, data-manager, subject-teacher, careers-adviser, \
health-professional, adult-service-worker. Council: council-administrator, admissions-officer, \
transition-officer, early-years-adviser, virtual-school-officer, send-caseworker. Ledger: auditor, operator.";

fn role(text: &str) -> Result<Role, String> {
    let parsed = Role::parse(&text.replace('-', "_"));
    if parsed == Some(Role::Person) {
        return Err(
            "a learner's or parent's access is given by the sender: baton family add".to_owned(),
        );
    }
    parsed.filter(|role| can_be_given(*role)).ok_or_else(|| {
        let known = Role::ALL.iter().filter(|role| can_be_given(**role));
        let names: Vec<String> = known.map(|role| role.name().replace('_', "-")).collect();
        format!("the roles are {}", names.join(", "))
    })
}

/// The sweeper is the service itself.
fn can_be_given(role: Role) -> bool {
    !matches!(role, Role::Sweeper | Role::Person)
}

fn group(text: &str) -> Result<GroupCode, String> {
    let say = "a group is 1 to 16 letters, digits, spaces and -./&'(), as 6B";
    GroupCode::parse(text).map_err(|_| say.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(roles: &[Role], kinds: &[SectionKind]) -> Result<Grant, String> {
        let args = IssueArgs {
            to: WhichSetting {
                setting: None,
                code: None,
            },
            role: roles.to_vec(),
            kinds: kinds.to_vec(),
            group: Vec::new(),
            label: "key person".to_owned(),
            days: None,
            first_day: None,
            last_day: None,
            api_key: false,
            out: PathBuf::new(),
        };
        grant(&args).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn the_help_names_every_role_that_can_be_given_and_no_other() {
        let (_, lists) = ROLES.split_once(". ").unwrap();
        let lists = lists.split(". ").filter_map(|list| list.split_once(": "));
        let named = lists.flat_map(|(_, list)| list.trim_end_matches('.').split(", "));
        let mut named: Vec<Role> = named.map(|name| role(name).unwrap()).collect();
        named.sort_unstable();
        named.dedup();
        let can = Role::ALL.iter().copied().filter(|role| can_be_given(*role));
        let mut can: Vec<Role> = can.collect();
        can.sort_unstable();
        assert_eq!(named, can);
    }

    #[test]
    fn a_contributor_without_sections_and_sections_without_a_contributor_are_usage_errors() {
        let some = [SectionKind::Send, SectionKind::Health];
        let grant = granted(&[Role::Contributor, Role::Senco], &some).unwrap();
        assert_eq!(grant.kinds(), some.into_iter().collect());
        let without = granted(&[Role::Contributor], &[]).unwrap_err();
        assert!(without.contains("--kinds"), "{without}");
        let nobody = granted(&[Role::Publisher], &some).unwrap_err();
        assert!(nobody.contains("--role contributor"), "{nobody}");
        let restricted = granted(&[Role::Contributor], &[SectionKind::FamilyAndAgencies]);
        assert!(restricted.unwrap_err().contains("--role dsl"));
    }
}
