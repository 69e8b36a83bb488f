//! What can be typed. Each command's own arguments stand with the command.

use clap::{Parser, Subcommand};

use crate::commands;
use crate::connection::ConnectionArgs;
use crate::demo::DemoArgs;

/// Moves what a child's current setting knows to the child's next setting, safely and in time.
///
/// Exit codes: 0 done, 1 some items were refused, 2 wrong usage, 3 cannot connect or not allowed.
#[derive(Debug, Parser)]
#[command(name = "baton", version, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// One JSON value per line on standard output; everything for people goes to standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  baton demo                              watch 200 profiles cross, end to end
  baton init --folder data                make a ledger; prints the one-time token
  baton serve --config baton.toml         run the service
  baton publish leavers.ndjson --signatory 'Head teacher'
  baton subscribe --once                  fetch what came for your setting
  baton audit verify --state              check the whole ledger
  baton status --folder data              by the data folder: the network may be down";

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Watch profiles cross at all four points: a real service, made and removed for the demo.
    Demo(DemoArgs),
    /// Make a ledger in a folder and print the one-time token of its first officer.
    Init(commands::init::InitArgs),
    /// Run the service.
    Serve(commands::serve::ServeArgs),
    /// Settings: nurseries, schools, colleges, councils, services.
    Settings(commands::settings::SettingsArgs),
    /// Credentials: how callers prove themselves.
    Credentials(commands::credentials::CredentialsArgs),
    /// The framework agreement: who has signed, and what is sent without it.
    Agreement(commands::agreement::AgreementArgs),
    /// Vendors that act for a setting: let one act, end it, list them.
    Delegations(commands::delegations::DelegationsArgs),
    /// Cohorts: who moves from where to where.
    Cohort(commands::cohort::CohortArgs),
    /// Publish profiles from files.
    Publish(commands::publish::PublishArgs),
    /// Receive what comes for your setting.
    Subscribe(commands::subscribe::SubscribeArgs),
    /// Show one profile, as far as you may see it.
    Show(commands::show::ShowArgs),
    /// Documents: files that go with a profile.
    Document(commands::document::DocumentArgs),
    /// Take a profile back.
    Withdraw(commands::withdraw::WithdrawArgs),
    /// Change where a learner goes.
    Redirect(commands::redirect::RedirectArgs),
    /// Settings that receive beside the destination: name one, end one, list them.
    Recipients(commands::recipients::RecipientsArgs),
    /// What a learner or a family decided about sharing: record it, list it.
    Sharing(commands::sharing::SharingArgs),
    /// The learner, or who has parental responsibility, sees the own record.
    Family(commands::family::FamilyArgs),
    /// Erase a learner, a move or one section kind, for good; or what is due.
    Erase(commands::erase::EraseArgs),
    /// Pupils whose identity was changed to protect them: what must not be written of them.
    Protect(commands::protect::ProtectArgs),
    /// Put a learner under a legal hold: nothing of it is erased.
    Hold(commands::hold::HoldArgs),
    /// Restrict the processing of a learner's data: receivers see nothing of it.
    Restrict(commands::restrict::RestrictArgs),
    /// How far the moves of your setting or council have come.
    Status(commands::status::StatusArgs),
    /// Key epochs: open the next one, and see how far wrapping anew is.
    Keys(commands::keys::KeysArgs),
    /// Copy the ledger and its key ring to where backups lie.
    Backup(commands::backup::BackupArgs),
    /// Put a ledger back from a backup, into an empty place.
    Restore(commands::restore::RestoreArgs),
    /// Be a witness: sign that other ledgers go on from what they were.
    Witness(commands::witness::WitnessArgs),
    /// Policy sets: check one, compare two, show who may what, ask cases.
    Policy(commands::policy::PolicyArgs),
    /// The ledger: show entries, verify everything, ask who saw.
    Audit(commands::audit::AuditArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Args;

    #[test]
    fn what_can_be_typed_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn help_of_every_command() {
        let mut help = String::new();
        let mut root = Args::command().term_width(100);
        root.build();
        collect(&mut root, &mut help);
        insta::assert_snapshot!(help);
    }

    fn collect(command: &mut clap::Command, help: &mut String) {
        let name = command.get_bin_name().unwrap_or("baton").to_owned();
        let text = command.render_long_help();
        *help += &["=== ", &name, " --help\n\n", &text.to_string(), "\n\n"].concat();
        for inner in command
            .get_subcommands_mut()
            .filter(|it| it.get_name() != "help")
        {
            collect(inner, help);
        }
    }
}
