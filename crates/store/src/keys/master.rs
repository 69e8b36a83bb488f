//! Where the master key comes from: a file, a descriptor that was handed down, or a command.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use zeroize::Zeroizing;

use super::{Key, file};
use crate::error::StoreError;

/// Longest a command may take to give the key.
const COMMAND_MAX: Duration = Duration::from_secs(30);
/// Most bytes read from a descriptor; a master key has 65.
const BYTES_MAX: u64 = 4 * 1024;

/// Where the master key comes from. It is one line, `baton-master-key-v1` and the base64 of 32
/// bytes, wherever it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterKey {
    /// A file that only its owner may read or write. A new ledger makes it, when it is not there.
    File(PathBuf),
    /// The number of an open file descriptor, as systemd or a supervisor hands one down. Read
    /// once, to its end.
    Descriptor(u32),
    /// A program and its arguments, for a key management service: its standard output is the key.
    /// It has 30 seconds. No shell reads the words.
    Command(Vec<String>),
}

impl MasterKey {
    /// The key of a ledger that is there.
    pub(crate) async fn read(&self) -> Result<Key, StoreError> {
        let bytes = match self {
            Self::File(path) => Zeroizing::new(file::read_private(path)?),
            Self::Descriptor(number) => descriptor(*number)?,
            Self::Command(words) => command(words).await?,
        };
        file::decode_master(&bytes)
    }

    /// The key where it is a file, and a good one.
    pub(super) fn read_file(&self) -> Option<Key> {
        let Self::File(path) = self else { return None };
        let bytes = Zeroizing::new(file::read_private(path).ok()?);
        file::decode_master(&bytes).ok()
    }

    /// The key of a new ledger. A file that is not there is made; from elsewhere it is only read.
    pub(crate) async fn make(&self) -> Result<Key, StoreError> {
        match self {
            Self::File(path) if !path.exists() => {
                let key = Key::random()?;
                file::write_new(path, &file::encode_master(&key))?;
                Ok(key)
            }
            _ => self.read().await,
        }
    }
}

fn descriptor(number: u32) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    // Standard input, output and error are taken: a key in a terminal is none.
    if number < 3 {
        return Err(StoreError::MasterSource(
            "the descriptor must be 3 or above",
        ));
    }
    // Opened by its name, since a bare number cannot be owned without unsafe code.
    let path = PathBuf::from(format!("/dev/fd/{number}"));
    let read = || -> io::Result<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(Vec::new());
        std::fs::File::open(&path)?
            .take(BYTES_MAX)
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(|error| StoreError::file(&path, error))
}

async fn command(words: &[String]) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let failed = |why| move |_| StoreError::MasterSource(why);
    let (program, arguments) = words
        .split_first()
        .ok_or(StoreError::MasterSource("the command has no words"))?;
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed("the command cannot be started"))?;
    let pid = Pid::from_child(&child);
    // On a thread that may wait.
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
    let Ok(ended) = tokio::time::timeout(COMMAND_MAX, ended).await else {
        let _ = kill_process(pid, Signal::KILL);
        return Err(StoreError::MasterSource(
            "the command took longer than 30 seconds",
        ));
    };
    let output = ended
        .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
        .map_err(failed("the command's output cannot be read"))?;
    if output.status.success() {
        Ok(Zeroizing::new(output.stdout))
    } else {
        Err(StoreError::MasterSource(
            "the command failed; its own words are above, on standard error",
        ))
    }
}
