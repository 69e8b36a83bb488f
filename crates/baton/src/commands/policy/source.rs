//! Where a policy set comes from.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::Context as _;
use baton_client::Client;
use baton_domain::access::{PolicyError, PolicySet, PolicyText};
use baton_wire::v1;

use crate::connection::ConnectionArgs;
use crate::output::{Broken, Output, Wrong};

/// A set as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Set {
    Shipped,
    /// The one that decides at the service now.
    InForce,
    At(PathBuf),
}

impl FromStr for Set {
    type Err = Infallible;

    fn from_str(named: &str) -> Result<Self, Infallible> {
        Ok(match named {
            "shipped" => Self::Shipped,
            "in-force" => Self::InForce,
            path => Self::At(path.into()),
        })
    }
}

impl Set {
    /// Read, and held against everything a set must keep that is put into force.
    pub(super) async fn checked(
        &self,
        to: &ConnectionArgs,
        output: Output,
    ) -> anyhow::Result<PolicySet> {
        let text = self.text(to).await?;
        let spinner = output.spinner("checking the policies");
        let examined = PolicySet::examine(text, None, &|| true);
        spinner.finish_and_clear();
        Ok(examined.map_err(|problems| refused(&problems))?.set)
    }

    /// Read; what breaks a law may still be looked at.
    pub(super) async fn loaded(&self, to: &ConnectionArgs) -> anyhow::Result<PolicySet> {
        let text = self.text(to).await?;
        Ok(PolicySet::unproven(text).map_err(|error| refused(&[error]))?)
    }

    /// The files.
    pub(super) async fn text(&self, to: &ConnectionArgs) -> anyhow::Result<PolicyText> {
        match self {
            Self::Shipped => Ok(PolicyText::shipped()),
            Self::InForce => {
                let text = in_force(&to.connect().await?).await?.text;
                PolicyText::from_canonical(&text).context("the service sent no policy set")
            }
            Self::At(path) => read(path),
        }
    }
}

/// The set that decides at the service now.
pub(super) async fn in_force(client: &Client) -> anyhow::Result<v1::GetPolicyInForceResponse> {
    let request = v1::GetPolicyInForceRequest::default();
    Ok(client.get_policy_in_force(request).await?)
}

fn read(path: &Path) -> anyhow::Result<PolicyText> {
    let unreadable = |error| Wrong::unreadable(path, &error);
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        let text = fs::read_to_string(path).map_err(unreadable)?;
        return PolicyText::from_canonical(&text).map_err(|error| whole(path, &error));
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|it| it == "cedar") {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = fs::read_to_string(&path);
            let text = text.map_err(|error| Wrong::unreadable(&path, &error))?;
            files.push((name.into_owned(), text));
        }
    }
    if files.is_empty() {
        let empty = format!("{} has no .cedar file", path.display());
        return Err(Wrong(empty).into());
    }
    let files = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(PolicyText::of(files).map_err(|error| refused(&[error]))?)
}

fn whole(path: &Path, error: &PolicyError) -> anyhow::Error {
    if matches!(error, PolicyError::TooLarge) {
        return refused(&[PolicyError::TooLarge]).into();
    }
    let path = path.display();
    Wrong(format!(
        "{path} is no text of a whole set, which has a line '//# file: NAME.cedar' before each of \
         its files; name the folder of the files"
    ))
    .into()
}

fn refused(problems: &[PolicyError]) -> Broken {
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Broken(format!("refused: {}", told.join("\n")))
}
