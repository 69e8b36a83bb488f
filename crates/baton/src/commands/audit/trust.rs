//! Whom a check believes: the keys of the ledger, from one that is held, and witnesses.

use anyhow::Context as _;
use baton_domain::log::handover::lineage;
use baton_domain::log::note::{VerifierKey, WitnessKey, cosigned};
use baton_wire::v1;
use clap::Args;

use crate::output::{Broken, Wrong};

/// Witnesses whose cosignatures are asked for.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Witnesses {
    /// A witness whose cosignature the checkpoint has to have (C2SP vkey of type 0x04); may be
    /// given again.
    #[arg(long = "witness", value_parser = witness, value_name = "VKEY")]
    pub(super) keys: Vec<WitnessKey>,
    /// How many of them; without it all.
    #[arg(long, value_name = "N", requires = "keys")]
    pub(super) quorum: Option<usize>,
}

fn witness(text: &str) -> Result<WitnessKey, String> {
    text.parse()
        .map_err(|_| "a C2SP verifier key of a witness, name+id+key of type 0x04".to_owned())
}

impl Witnesses {
    /// Whether any are asked for.
    pub(super) fn are_asked(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether there can be so many at all: said before anything is read.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.quorum.is_some_and(|n| n == 0 || n > self.keys.len()) {
            let most = self.keys.len();
            return Err(Wrong(format!(
                "--quorum is 1 to {most}, as many witnesses are given"
            ))
            .into());
        }
        Ok(())
    }

    /// Holds a note to the quorum; how many cosigned it.
    pub(super) fn demand(&self, note: &str) -> anyhow::Result<usize> {
        let found = cosigned(note.as_bytes(), &self.keys)
            .map_err(|error| Broken(format!("the cosignatures do not hold: {error}")))?;
        let least = self.quorum.unwrap_or(self.keys.len());
        if found >= least {
            return Ok(found);
        }
        let say =
            format!("the checkpoint is cosigned by {found} of the witnesses, and not by {least}");
        Err(Broken(say).into())
    }
}

/// The keys of the service's ledger, oldest first: those that the key held vouches for, or where
/// none is held the one the service names.
pub(super) fn keys(
    newest: &v1::GetCheckpointResponse,
    held: Option<VerifierKey>,
) -> anyhow::Result<Vec<VerifierKey>> {
    let named = || newest.verifier_key.parse();
    let held = match held {
        Some(key) => key,
        None => named().context("the service's key is none")?,
    };
    Ok(lineage(
        &held,
        newest.handovers.iter().map(String::as_bytes),
    ))
}

/// The one of them that is in force.
pub(super) fn in_force(keys: &[VerifierKey]) -> anyhow::Result<VerifierKey> {
    keys.last().cloned().context("a ledger has a key")
}
