//! The folder a caller connects with: `connection.toml`, the service's certificate, and the
//! caller's own certificate and key or its API key. Everything is readable by its owner only, and
//! on disk before the service is asked for anything: a key that was lost cannot be registered
//! again.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use baton_client::ClientError;

use crate::connection::{ConnectionArgs, ConnectionFile};
use crate::output::{Output, Wrong};
use crate::pki::{self, Pair};

const SERVICE: &str = "service.pem";
const CERTIFICATE: &str = "cert.pem";
const KEY: &str = "key.pem";
const API_KEY: &str = "api-key";
const CONNECTION: &str = "connection.toml";

/// What to do if the line that names the folder was lost: another run would be another credential.
pub(in crate::commands) const IF_LOST: &str =
    "the folder is complete and holds all there is to have: use it";

/// A folder being filled.
pub(in crate::commands) struct Folder {
    path: PathBuf,
    made: bool,
    files: Vec<PathBuf>,
}

impl Folder {
    /// Makes the folder, or takes an empty one, and puts the service's certificate in it.
    pub(in crate::commands) fn make(
        path: &Path,
        service_certificate: &str,
    ) -> anyhow::Result<Self> {
        let made = !path.exists();
        if made {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .with_context(|| format!("{} cannot be made", path.display()))?;
        } else if fs::read_dir(path).is_ok_and(|mut files| files.next().is_some()) {
            let say = "is not empty; keys are never written over: give another folder";
            return Err(Wrong(format!("{} {say}", path.display())).into());
        }
        let mut folder = Self {
            path: path.to_owned(),
            made,
            files: Vec::new(),
        };
        folder.write(SERVICE, service_certificate)?;
        Ok(folder)
    }

    /// A folder for somebody who connects where the holder of this connection does, and that one's file.
    pub(in crate::commands) fn beside(
        path: &Path,
        to: &ConnectionArgs,
    ) -> anyhow::Result<(Self, ConnectionFile)> {
        let (own, file) = to.file()?;
        let certificate = own.parent().unwrap_or(Path::new("."));
        let certificate = certificate.join(&file.service_certificate);
        let certificate = fs::read_to_string(&certificate)
            .map_err(|error| Wrong::unreadable(&certificate, &error))?;
        Ok((Self::make(path, &certificate)?, file))
    }

    /// What was answered to the request for a credential. Was it refused, the folder goes.
    pub(in crate::commands) fn answered<T>(
        self,
        answer: Result<T, ClientError>,
        output: Output,
    ) -> anyhow::Result<(Self, T)> {
        match answer {
            Ok(issued) => Ok((self, issued)),
            // It may stand: the folder is kept, and only lacks the file that names it.
            Err(error @ ClientError::OutcomeUnknown { .. }) => {
                output.say(&format!("{} is kept until you know.", self.path.display()));
                Err(error.into())
            }
            Err(error) => {
                self.discard();
                Err(error.into())
            }
        }
    }

    /// Puts a certificate and its key in.
    pub(in crate::commands) fn put_pair(&mut self, pair: &Pair) -> anyhow::Result<()> {
        self.write(CERTIFICATE, &pair.certificate)?;
        self.write(KEY, &pair.key)
    }

    /// Puts an API key in.
    pub(in crate::commands) fn put_api_key(&mut self, key: &str) -> anyhow::Result<()> {
        self.write(API_KEY, &format!("{key}\n"))
    }

    /// Writes the connection file over what was put in, and answers where it is.
    pub(in crate::commands) fn connect_to(
        self,
        url: String,
        setting: String,
    ) -> anyhow::Result<PathBuf> {
        let holds = |name: &str| {
            let path = self.path.join(name);
            self.files.contains(&path).then(|| PathBuf::from(name))
        };
        let file = ConnectionFile {
            url,
            service_certificate: PathBuf::from(SERVICE),
            setting,
            certificate: holds(CERTIFICATE),
            key: holds(KEY),
            api_key: holds(API_KEY),
        };
        let path = self.path.join(CONNECTION);
        file.write(&path)?;
        Ok(path)
    }

    /// Takes everything away again: nothing was issued for it.
    pub(in crate::commands) fn discard(self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        if self.made {
            let _ = fs::remove_dir(&self.path);
        }
    }

    fn write(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let path = self.path.join(name);
        pki::write_private(&path, text)?;
        self.files.push(path);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_is_its_owners_and_is_never_written_over() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("officer");
        let mut folder = Folder::make(&path, "service").unwrap();
        folder.put_pair(&pki::caller("officer").unwrap()).unwrap();
        let file = folder
            .connect_to("https://a:1".to_owned(), "settings/a".to_owned())
            .unwrap();
        let read = ConnectionFile::read(&file).unwrap();
        assert_eq!(read.key, Some(PathBuf::from("key.pem")));
        assert_eq!(read.api_key, None);
        for file in fs::read_dir(&path).unwrap() {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert!(Folder::make(&path, "service").is_err());
    }

    #[test]
    fn a_discarded_folder_leaves_nothing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("officer");
        Folder::make(&path, "service").unwrap().discard();
        assert!(!path.exists());
    }
}
