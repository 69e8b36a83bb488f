//! `baton policy`: policy sets before anybody is governed by them, what they say, and how one is put
//! into force.
//!
//! A set is `shipped`, `in-force`, a folder of `*.cedar` files, or a file with the text of a whole
//! set as the ledger and its exports keep it.
//!
//! JSON: check `{"hash": "…", "files": 7}`; diff, a line a difference, `{"role": "senco", "action":
//! "read", "relation": "former", "kind": "send", "gained": 6, "lost": 0, "of": 36}`, and `{"summary":
//! {"differences": 1, "before": "…", "after": "…"}}`; show, a line a right, `{"role": …, "action": …,
//! "relation": …, "kinds": […]}`; test, a line a case, `{"case": 1, "allowed": false, "expected":
//! true, "policies": […]}`, and a summary. replace, differences as diff, and `{"summary": {"hash": "…",
//! "previous": "…", "replaced": true, "dry_run": false, "differences": 1, "left_out": 0, "position":
//! 42}}`; history, a line a change, `{"position": 42, "time": "…", "credential": "…", "previous": "…",
//! "hash": "…", "reason": "…"}`, and `{"summary": {"changes": 1}}`.

mod cases;
mod history;
mod lines;
mod replace;
mod rights;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use baton_domain::access::{PolicySet, Role};
use clap::{Args, Subcommand};
use serde_json::json;

use self::cases::TestArgs;
use self::history::HistoryArgs;
use self::lines::{Line, tell};
use self::replace::ReplaceArgs;
use self::source::Set;
use crate::connection::ConnectionArgs;
use crate::output::{Exit, Output, Wrong};

/// Arguments of `policy`.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Check a set: syntax, schema, every shipped law on the whole space of questions, and that
    /// each policy matches some question.
    Check(CheckArgs),
    /// What one set allows that another does not.
    Diff(DiffArgs),
    /// Who may do what, in words.
    Show(ShowArgs),
    /// Ask a set the questions of a file and compare the answers.
    Test(TestArgs),
    /// Put another set into force, for all who use the service.
    Replace(ReplaceArgs),
    /// When sets were replaced, by whom and why.
    History(HistoryArgs),
}

/// Arguments of `policy check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy check policies
  baton policy check shipped --json

Exit code 1: the set is refused, with everything that is wrong: each law it breaks with a question it
answers wrongly, and each policy that matches no question.")]
struct CheckArgs {
    /// `shipped`, `in-force`, a folder of .cedar files, or a file with the text of a whole set.
    set: Set,
}

/// Arguments of `policy diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy diff shipped policies
  baton policy diff in-force policies
  baton policy diff export/baton/policies/1f…c0 shipped --json

A line a change: who gains or loses what, and in how many of the circumstances (window, agreement,
sharing, age, route, channel). Exit code 0 also when there are differences.")]
struct DiffArgs {
    /// The set as it was.
    before: Set,
    /// The set as it would be.
    after: Set,
}

/// Arguments of `policy show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy show
  baton policy show --role senco
  baton policy show policies --role dsl --json
  baton policy show --in-force                             what decides at the service now
  baton policy show --in-force --out policies              its files, to change them

What is shown is the most favourable case: window open, agreement in force, sharing allowed, the
setting's own certificate. docs/access.md has the shipped set as a page.")]
struct ShowArgs {
    /// `shipped`, `in-force`, a folder of .cedar files, or a file with the text of a whole set.
    #[arg(default_value = "shipped", conflicts_with = "in_force")]
    set: Set,
    /// The set that decides at the service now.
    #[arg(long)]
    in_force: bool,
    /// Write the files of the set into this folder, which must not be there yet.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// One role only, as in the policies: senco, dsl, `subject_teacher`, …
    #[arg(long)]
    role: Option<String>,
}

impl PolicyArgs {
    /// Whether this is about more than files.
    pub(crate) fn asks_the_service(&self) -> bool {
        let sets = match &self.command {
            PolicyCommand::Replace(_) | PolicyCommand::History(_) => return true,
            PolicyCommand::Show(args) if args.in_force => return true,
            PolicyCommand::Check(args) => vec![&args.set],
            PolicyCommand::Diff(args) => vec![&args.before, &args.after],
            PolicyCommand::Show(args) => vec![&args.set],
            PolicyCommand::Test(args) => vec![&args.set],
        };
        sets.contains(&&Set::InForce)
    }
}

pub(crate) async fn run(
    args: PolicyArgs,
    to: &ConnectionArgs,
    output: Output,
) -> anyhow::Result<Exit> {
    match args.command {
        PolicyCommand::Check(args) => check(&args.set.checked(to, output).await?, output),
        PolicyCommand::Diff(args) => {
            let before = args.before.loaded(to).await?;
            diff(&before, &args.after.loaded(to).await?, output)?;
        }
        PolicyCommand::Show(args) => show(args, to, output).await?,
        PolicyCommand::Test(args) => return cases::run(&args, to, output).await,
        PolicyCommand::Replace(args) => return replace::run(args, to, output).await,
        PolicyCommand::History(HistoryArgs {}) => return history::run(to, output).await,
    }
    Ok(Exit::Done)
}

async fn show(args: ShowArgs, to: &ConnectionArgs, output: Output) -> anyhow::Result<()> {
    let role = args.role.as_deref().map(role).transpose()?;
    let set = if args.in_force {
        Set::InForce
    } else {
        args.set
    };
    let set = set.loaded(to).await?;
    if let Some(folder) = &args.out {
        write(&set, folder)?;
    }
    rights::show(&set, role, output);
    if args.in_force {
        output.say(&format!("in force: {}", set.hash()));
    }
    Ok(())
}

/// The files of a set; nothing is written over.
fn write(set: &PolicySet, folder: &Path) -> anyhow::Result<()> {
    let cannot = |error| Wrong(format!("{} cannot be made: {error}", folder.display()));
    fs::create_dir(folder).map_err(cannot)?;
    for (name, text) in set.text().files() {
        fs::write(folder.join(name), text).map_err(cannot)?;
    }
    Ok(())
}

fn role(name: &str) -> anyhow::Result<Role> {
    let known = || Role::ALL.iter().map(|role| role.name()).collect::<Vec<_>>();
    Role::parse(name).ok_or_else(|| {
        let known = known().join(", ");
        crate::output::Wrong(format!("there is no role {name:?}; there are: {known}")).into()
    })
}

fn check(set: &PolicySet, output: Output) {
    let files = set.text().files().count();
    output.result(&json!({ "hash": set.hash(), "files": files }), || {
        format!("{files} files, hash {}: every law holds", set.hash())
    });
}

fn diff(before: &PolicySet, after: &PolicySet, output: Output) -> anyhow::Result<()> {
    let found = before.differences(after)?;
    for one in &found {
        tell(&Line::from(one), output);
    }
    let summary = json!({ "summary": {
        "differences": found.len(), "before": before.hash(), "after": after.hash(),
    } });
    output.result(&summary, || match found.len() {
        0 => "no difference: every question is answered alike".to_owned(),
        many => format!("{many} differences"),
    });
    Ok(())
}
