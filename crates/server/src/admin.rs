//! The socket in the data folder: a way to the service for who owns the folder, when the network's
//! is closed. What comes in there passes the same TLS, the same layers and the same ledger.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket};

/// Name of the service's socket in its data folder.
pub const ADMIN_SOCKET: &str = "admin.sock";
/// Connections that wait to be accepted.
const BACKLOG: u32 = 64;
/// Readable and writable for its owner only.
const OWNER_ONLY: u32 = 0o600;

/// A listening socket in a data folder. Dropped, it is taken away.
#[derive(Debug)]
pub struct AdminSocket {
    pub(crate) listener: UnixListener,
    path: PathBuf,
}

impl AdminSocket {
    /// Listens. Who calls this holds the lock of the folder, so a socket that is there already is
    /// of a process that ended without taking it away.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => fs::remove_file(path)?,
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let socket = UnixSocket::new_stream()?;
        socket.bind(path)?;
        // Nobody can connect before it listens, so the process's umask opens nothing.
        let listening = fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))
            .and_then(|()| socket.listen(BACKLOG));
        match listening {
            Ok(listener) => Ok(Self {
                listener,
                path: path.to_owned(),
            }),
            Err(error) => {
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // One that stays is taken away by the next that binds.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_of_a_process_that_died_is_replaced_and_a_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(ADMIN_SOCKET);
        // What a killed process leaves: the file, and nobody behind it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let socket = AdminSocket::bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNER_ONLY);
        drop(socket);
        assert!(!path.exists());
        fs::write(&path, "somebody's").unwrap();
        let refused = AdminSocket::bind(&path).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"somebody's");
    }

    #[tokio::test]
    async fn a_path_longer_than_a_socket_can_have_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("d".repeat(100));
        fs::create_dir(&long).unwrap();
        let refused = AdminSocket::bind(&long.join(ADMIN_SOCKET)).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
    }
}
