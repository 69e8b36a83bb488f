//! Evidence of a contradiction, kept for people and other verifiers.

use std::{fs, io, path::Path};

use baton_domain::log::leaf_hash;

use crate::{AlarmKind, Evidence, file};

/// Contradictions a folder keeps; a service that makes up new ones does not fill the disk.
pub const EVIDENCE_MAX: usize = 64;
/// Files of one contradiction.
const FILES: usize = 3;
/// Greatest size of a checkpoint kept, in bytes; the signed ones have a few hundred.
const CHECKPOINT_BYTES_MAX: usize = 64 * 1024;

/// Saves both checkpoints and the key that the first one verifies with. The same contradiction
/// has the same files.
pub(super) fn save(
    folder: &Path,
    kind: AlarmKind,
    [held, seen, key]: [&str; 3],
) -> io::Result<Evidence> {
    fs::create_dir_all(folder)?;
    let both = [held.as_bytes(), b"\0", seen.as_bytes()].concat();
    let mut pair = leaf_hash(&both).to_string();
    pair.truncate(16);
    let at = |what: &str| folder.join(format!("baton-{}-{pair}.{what}", kind.name()));
    let evidence = Evidence {
        held: at("held.checkpoint"),
        seen: at("seen.checkpoint"),
        verifier_key: at("vkey"),
    };
    if !evidence.seen.exists() && fs::read_dir(folder)?.count() > (EVIDENCE_MAX - 1) * FILES {
        return Err(io::Error::new(
            io::ErrorKind::StorageFull,
            "the evidence folder is full",
        ));
    }
    for (path, text) in [
        (&evidence.held, held),
        (&evidence.seen, seen),
        (&evidence.verifier_key, key),
    ] {
        let bytes = text.as_bytes();
        file::replace(path, &bytes[..bytes.len().min(CHECKPOINT_BYTES_MAX)])?;
    }
    Ok(evidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_evidence_is_kept_once_and_a_folder_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let save = |seen: &str| save(folder.path(), AlarmKind::Fork, ["held", seen, "key"]);
        let first = save("seen").unwrap();
        assert_eq!(save("seen").unwrap(), first);
        assert_eq!(fs::read_to_string(&first.held).unwrap(), "held");
        assert_eq!(fs::read_to_string(&first.seen).unwrap(), "seen");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), FILES);
        let kept = (0..2 * EVIDENCE_MAX)
            .filter(|n| save(&n.to_string()).is_ok())
            .count();
        assert_eq!(kept, EVIDENCE_MAX - 1);
        assert_eq!(save("seen").unwrap(), first, "what is kept already stays");
    }
}
