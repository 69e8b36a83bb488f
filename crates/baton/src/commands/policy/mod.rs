//! `baton policy`: policy sets before anybody is governed by them, and what they say.
//!
//! A set is `shipped`, a folder of `*.cedar` files, or a file with the text of a whole set as the
//! ledger and its exports keep it.
//!
//! JSON: check `{"hash": "…", "files": 7}`; diff, a line a difference, `{"role": "senco", "action":
//! "read", "relation": "former", "kind": "send", "gained": 6, "lost": 0, "of": 36}`, and `{"summary":
//! {"differences": 1, "before": "…", "after": "…"}}`; show, a line a right, `{"role": …, "action": …,
//! "relation": …, "kinds": […]}`; test, a line a case, `{"case": 1, "allowed": false, "expected":
//! true, "policies": […]}`, and a summary.

mod cases;
mod rights;
mod source;

use baton_domain::access::{Difference, PolicySet, Role};
use clap::{Args, Subcommand};
use serde_json::json;

use self::cases::TestArgs;
use self::source::Set;
use crate::output::{Exit, Output};

/// Arguments of `policy`.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Check a set: syntax, schema, and every shipped law on the whole space of questions.
    Check(CheckArgs),
    /// What one set allows that another does not.
    Diff(DiffArgs),
    /// Who may do what, in words.
    Show(ShowArgs),
    /// Ask a set the questions of a file and compare the answers.
    Test(TestArgs),
}

/// Arguments of `policy check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy check policies
  baton policy check shipped --json

Exit code 1: the set is refused, with the law it breaks and a question it answers wrongly.")]
struct CheckArgs {
    /// `shipped`, a folder of .cedar files, or a file with the text of a whole set.
    set: Set,
}

/// Arguments of `policy diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  baton policy diff shipped policies
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

What is shown is the most favourable case: window open, agreement in force, sharing allowed, the
setting's own certificate. docs/access.md has the shipped set as a page.")]
struct ShowArgs {
    /// `shipped`, a folder of .cedar files, or a file with the text of a whole set.
    #[arg(default_value = "shipped")]
    set: Set,
    /// One role only, as in the policies: senco, dsl, `subject_teacher`, …
    #[arg(long)]
    role: Option<String>,
}

pub(crate) fn run(args: PolicyArgs, output: Output) -> anyhow::Result<Exit> {
    match args.command {
        PolicyCommand::Check(args) => check(&args.set.checked()?, output),
        PolicyCommand::Diff(args) => diff(&args.before.loaded()?, &args.after.loaded()?, output)?,
        PolicyCommand::Show(args) => {
            let role = args.role.as_deref().map(role).transpose()?;
            rights::show(&args.set.loaded()?, role, output);
        }
        PolicyCommand::Test(args) => return cases::run(&args, output),
    }
    Ok(Exit::Done)
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
        let json = json!({
            "role": one.role, "action": one.action, "relation": one.relation, "kind": one.kind,
            "gained": one.gained, "lost": one.lost, "of": one.of,
        });
        output.result(&json, || line(one));
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

fn line(of: &Difference) -> String {
    let (sign, cells) = match (of.gained, of.lost) {
        (gained, 0) => ("+", gained),
        (0, lost) => ("-", lost),
        (gained, lost) => ("±", gained + lost),
    };
    let kind = of.kind.map(|kind| format!(" {kind}")).unwrap_or_default();
    let relation = of
        .relation
        .map(|it| format!(" as {it}"))
        .unwrap_or_default();
    let (role, action, all) = (of.role, of.action, of.of);
    format!("{sign} {role}: {action}{kind}{relation}, in {cells} of {all} circumstances")
}
