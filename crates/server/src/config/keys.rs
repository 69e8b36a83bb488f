//! Where the master key comes from, and how long key epochs last.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use baton_store::{MasterKey, Rotation};
use serde::Deserialize;

use super::ConfigError;

/// Longest a key epoch may be said to last, in days.
const DAYS_MAX: u16 = 366;

/// Keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// File of the master key, or empty.
    pub master_file: PathBuf,
    /// Number of an open descriptor, or 0.
    pub master_descriptor: u32,
    /// Program and arguments, or none.
    pub master_command: Vec<String>,
    /// Days until the next epoch is opened; 0: only when it is asked for.
    pub rotate_days: u16,
    /// Earlier epochs that are kept.
    pub keep_epochs: NonZeroU16,
    /// Days two keys for checkpoints sign.
    pub log_key_overlap_days: NonZeroU16,
}

impl KeysConfig {
    /// Where the master key comes from; none for its place in the data folder.
    pub fn master(&self) -> Option<MasterKey> {
        if !self.master_command.is_empty() {
            Some(MasterKey::Command(self.master_command.clone()))
        } else if self.master_descriptor != 0 {
            Some(MasterKey::Descriptor(self.master_descriptor))
        } else {
            let file = self.master_file.clone();
            (!file.as_os_str().is_empty()).then_some(MasterKey::File(file))
        }
    }

    /// How long epochs last.
    pub fn rotation(&self) -> Rotation {
        let days = u64::from(self.rotate_days);
        Rotation {
            every: (days > 0).then(|| Duration::from_hours(24 * days)),
            keep: self.keep_epochs.get(),
            log_key_overlap: Duration::from_hours(24 * u64::from(self.log_key_overlap_days.get())),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let given = [
            !self.master_file.as_os_str().is_empty(),
            self.master_descriptor != 0,
            !self.master_command.is_empty(),
        ];
        if given.iter().filter(|given| **given).count() > 1 {
            return Err(ConfigError::Value(
                "keys.master_file, master_descriptor and master_command: give one of them",
            ));
        }
        if self.log_key_overlap_days.get() > DAYS_MAX {
            return Err(ConfigError::Value("keys.log_key_overlap_days is 1 to 366"));
        }
        if self.rotate_days > DAYS_MAX {
            return Err(ConfigError::Value("keys.rotate_days is 0 to 366"));
        }
        Ok(())
    }
}
