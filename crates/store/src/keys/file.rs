//! Key files: made once, readable by their owner only.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Key;
use crate::error::StoreError;

/// Largest key file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// What group and others may do with a file.
const OTHERS: u32 = 0o077;

pub(super) fn make_private_folder(folder: &Path) -> Result<(), StoreError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| StoreError::file(folder, error))
}

/// Writes a file that must not exist yet, whole or not at all, durable when this returns.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || -> io::Result<()> {
        let new = write_beside(path, bytes)?;
        // A link never takes the place of another file, as a renaming would.
        fs::hard_link(&new, path)?;
        fs::remove_file(&new)?;
        sync_folder_of(path)
    };
    write().map_err(|error| StoreError::file(path, error))
}

/// Puts a file in the place of another, whole or not at all, durable when this returns.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let write = || -> io::Result<()> {
        let new = write_beside(path, bytes)?;
        fs::rename(&new, path)?;
        sync_folder_of(path)
    };
    write().map_err(|error| StoreError::file(path, error))
}

/// Writes what is to become a file beside its place; answers where. What a process left there that
/// was killed goes.
fn write_beside(path: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    create(&new, bytes)?;
    Ok(new)
}

/// Writes a file that must not exist yet. One that is cut short is left when the process is killed.
pub(super) fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A bare name is in the folder where the program was started.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    let named = path.parent().filter(|folder| *folder != Path::new(""));
    fs::File::open(named.unwrap_or(Path::new(".")))?.sync_all()
}

/// Reads a file that only its owner may read or write.
pub(super) fn read_private(path: &Path) -> Result<Vec<u8>, StoreError> {
    read_private_up_to(path, FILE_BYTES_MAX)
}

/// The same of a file that may have grown. One that is longer is refused, not cut.
pub(super) fn read_private_up_to(path: &Path, bytes_max: u64) -> Result<Vec<u8>, StoreError> {
    let read = || -> io::Result<(u32, Vec<u8>)> {
        let file = fs::File::open(path)?;
        let mode = file.metadata()?.mode();
        let mut bytes = Vec::new();
        file.take(bytes_max + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > bytes_max {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok((mode, bytes))
    };
    let (mode, bytes) = read().map_err(|error| StoreError::file(path, error))?;
    if mode & OTHERS == 0 {
        Ok(bytes)
    } else {
        Err(StoreError::KeyFileMode(path.to_owned()))
    }
}

pub(super) fn encode_master(key: &Key) -> Vec<u8> {
    format!(
        "baton-master-key-v1 {}\n",
        BASE64_STANDARD.encode(key.bytes())
    )
    .into_bytes()
}

pub(super) fn decode_master(bytes: &[u8]) -> Result<Key, StoreError> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.trim_end().strip_prefix("baton-master-key-v1 "))
        .and_then(|text| BASE64_STANDARD.decode(text).ok())
        .and_then(|bytes| Key::from_slice(&bytes).ok())
        .ok_or(StoreError::MasterKey)
}

/// Sealed bytes as base64 in JSON.
pub(super) mod sealed {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(in crate::keys) fn serialize<S: Serializer>(
        bytes: &[u8],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(in crate::keys) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        BASE64_STANDARD
            .decode(text)
            .map_err(|_| de::Error::custom("not base64"))
    }
}
