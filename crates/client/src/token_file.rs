//! Where a subscriber keeps its resume token.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::file;

/// A file that holds the resume token of one subscription. It is replaced whole (mode 0600):
/// after a crash it holds the last token saved or the one before.
///
/// Save a token after what came before it is dealt with: at worst some items come twice, never
/// none. One subscriber, one file.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// The file at that path; it need not exist yet, its folder must.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The token; empty, which means from the beginning, if none was saved.
    pub async fn load(&self) -> io::Result<String> {
        let path = self.path.clone();
        let text = file::blocking(move || file::read(&path)).await?;
        Ok(text.unwrap_or_default().trim_end().to_owned())
    }

    /// Saves a token; it is on disk when this returns.
    pub async fn save(&self, token: &str) -> io::Result<()> {
        let (path, line) = (self.path.clone(), format!("{token}\n"));
        file::blocking(move || file::replace(&path, line.as_bytes())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_token_is_replaced_whole_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::at(folder.path().join("token"));
        assert_eq!(file.load().await.unwrap(), "");
        for round in 0..20 {
            let token = "t".repeat(1 + 500 * (round % 3));
            file.save(&token).await.unwrap();
            assert_eq!(file.load().await.unwrap(), token);
        }
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(file.path()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn readers_never_see_half_a_token() {
        let folder = tempfile::tempdir().unwrap();
        let file = TokenFile::at(folder.path().join("token"));
        file.save(&"a".repeat(4000)).await.unwrap();
        let writer = async {
            for round in 0..50 {
                let letter = if round % 2 == 0 { "a" } else { "b" };
                file.save(&letter.repeat(4000)).await.unwrap();
            }
        };
        let reader = async {
            for _ in 0..200 {
                let token = file.load().await.unwrap();
                assert_eq!(token.len(), 4000);
                assert!(token.bytes().all(|byte| byte == token.as_bytes()[0]));
            }
        };
        tokio::join!(writer, reader);
    }

    #[tokio::test]
    async fn a_failed_save_keeps_the_old_token_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        // A folder cannot be replaced by a file.
        std::fs::create_dir(&path).unwrap();
        assert!(TokenFile::at(&path).save("t").await.is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
