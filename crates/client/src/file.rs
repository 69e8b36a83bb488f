//! Small files that are there whole or not at all, and for nobody else to read.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

/// Greatest size of a file read, in bytes: checkpoints and tokens are far smaller.
const READ_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Replaces the file: written beside it (mode 0600), synced, renamed over it, and the folder synced.
/// Whoever reads sees the old content or the new. Blocks for the disk.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    let written = write_new(&beside, content).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left over disturbs nobody; the first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written?;
    sync_folder(path)
}

/// Keeps others from reading and replacing the file meanwhile, in other processes too, until it is
/// dropped: a lock on an empty file beside it, which stays. Blocks until it is free. On a file
/// system without locks it keeps nobody from anything: what is written there is whole all the same.
pub(crate) fn alone(path: &Path) -> io::Result<File> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(PathBuf::from(lock))?;
    match file.lock() {
        Err(error) if !knows_no_locks(&error) => Err(error),
        _ => Ok(file),
    }
}

/// Some network file systems have no locks, others none while their lock service is away.
fn knows_no_locks(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        let lockless = [Errno::NOLCK, Errno::NOTSUP, Errno::OPNOTSUPP];
        if Errno::from_io_error(error).is_some_and(|errno| lockless.contains(&errno)) {
            return true;
        }
    }
    error.kind() == io::ErrorKind::Unsupported
}

/// The text of the file, or `None` if there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut text = String::new();
    file.take(READ_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > READ_BYTES_MAX {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is too large",
        ));
    }
    Ok(Some(text))
}

/// Runs what blocks for the disk where it holds up nobody.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(io::Error::other)?
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A name no other writer uses, in the same folder, since only there a rename is atomic.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static WRITES: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = OsString::from(".");
    beside.push(name);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    beside.push(format!(".{}-{write}.new", std::process::id()));
    Ok(path.with_file_name(beside))
}

/// A rename is durable once the folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_file_system_without_locks_is_no_reason_to_save_nothing() {
        for errno in [Errno::NOLCK, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS] {
            assert!(knows_no_locks(&errno.into()), "{errno}");
        }
        for errno in [Errno::ACCESS, Errno::IO, Errno::INTR, Errno::WOULDBLOCK] {
            assert!(!knows_no_locks(&errno.into()), "{errno}");
        }
    }
}
