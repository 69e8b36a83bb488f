//! Where a policy set comes from.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use baton_domain::access::{PolicyError, PolicySet, PolicyText};

use crate::output::{Broken, Wrong};

/// A set as it was named.
#[derive(Debug, Clone)]
pub(super) enum Set {
    Shipped,
    At(PathBuf),
}

impl FromStr for Set {
    type Err = Infallible;

    fn from_str(named: &str) -> Result<Self, Infallible> {
        Ok(match named {
            "shipped" => Self::Shipped,
            path => Self::At(path.into()),
        })
    }
}

impl Set {
    /// Read, and held against every law.
    pub(super) fn checked(&self) -> anyhow::Result<PolicySet> {
        Ok(PolicySet::parse(self.text()?).map_err(|error| refused(&error))?)
    }

    /// Read; what breaks a law may still be looked at.
    pub(super) fn loaded(&self) -> anyhow::Result<PolicySet> {
        Ok(PolicySet::unproven(self.text()?).map_err(|error| refused(&error))?)
    }

    fn text(&self) -> anyhow::Result<PolicyText> {
        let Self::At(path) = self else {
            return Ok(PolicyText::shipped());
        };
        let unreadable = |error| Wrong::unreadable(path, &error);
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            let text = fs::read_to_string(path).map_err(unreadable)?;
            return Ok(PolicyText::from_canonical(&text).map_err(|_| whole(path))?);
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
        Ok(PolicyText::of(files).map_err(|error| refused(&error))?)
    }
}

fn whole(path: &Path) -> Wrong {
    let path = path.display();
    Wrong(format!(
        "{path} is no text of a whole set, which has a line '//# file: NAME.cedar' before each of \
         its files; name the folder of the files"
    ))
}

fn refused(error: &PolicyError) -> Broken {
    Broken(format!("refused: {error}"))
}
