//! Which learner is meant. A number is read where nobody else sees it.

use baton_domain::ids::Alias;
use baton_wire::v1;

use crate::commands::unseen::{identifier, line};
use crate::output::{Output, Wrong};

/// A learner as somebody named it.
#[derive(Debug, Clone)]
pub(super) enum Learner {
    Move(String),
    Alias(String),
    /// By a number that was read; it is never shown or written again.
    Number(v1::LearnerIdentifier),
}

impl Learner {
    /// From the command line; `-` has the number read.
    pub(super) fn read(text: &str, output: Output) -> anyhow::Result<Self> {
        if text == "-" {
            return Ok(Self::Number(number(output)?));
        }
        if Alias::parse(text).is_ok() {
            return Ok(Self::Alias(text.to_owned()));
        }
        if text.starts_with("settings/") {
            return Ok(Self::Move(text.to_owned()));
        }
        let say = "name the learner by a move (settings/…/transitions/…), by an alias of the \
                   ledger (als_…), or give - and type a UPN when asked. A number does not belong \
                   on the command line, where others can read it";
        Err(Wrong(say.to_owned()).into())
    }

    /// As the record of a draft keeps it.
    pub(super) fn kept(&self) -> &str {
        match self {
            Self::Move(text) | Self::Alias(text) => text,
            Self::Number(_) => "-",
        }
    }

    pub(super) fn ask(&self) -> v1::WhoSawRequest {
        let mut request = v1::WhoSawRequest::default();
        match self {
            Self::Move(name) => request.transition.clone_from(name),
            Self::Alias(alias) => request.alias.clone_from(alias),
            Self::Number(id) => request.learner = Some(id.clone()),
        }
        request
    }

    pub(super) fn disclose(&self) -> v1::RecordDisclosureRequest {
        let v1::WhoSawRequest {
            transition,
            learner,
            alias,
            ..
        } = self.ask();
        v1::RecordDisclosureRequest {
            transition,
            learner,
            alias,
            ..Default::default()
        }
    }
}

/// A UPN, or `scheme:value`, from standard input.
fn number(output: Output) -> anyhow::Result<v1::LearnerIdentifier> {
    let typed = line("The UPN (or uln:…, nhs:…):", output)?;
    identifier(&typed)
}
