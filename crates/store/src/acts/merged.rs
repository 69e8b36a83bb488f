//! What stands after a publish: the sections it brings in the place of those before them, those it
//! takes away gone, and all others as they are. Nothing is sealed anew for that.

use baton_domain::ids::ContentId;
use baton_domain::section::{KindSet, SectionKind};

use crate::peers::Peer;
use crate::refusal::Refusal;
use crate::remainder::Remainder;
use crate::standing::{Brought, DIGEST, Standing};

/// Most bytes the sections of a contribution have together, whoever sent them: one answer carries
/// them all. As much as one submission may have.
const BYTES_MAX: i64 = 3 * 1024 * 1024;

/// A section that is sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) kind: SectionKind,
    pub(super) bytes: i64,
    /// Salted, for the entry.
    pub(super) commitment: [u8; 32],
    /// Keyed digest of the section and who signed it off: one that several desks sign in turn would
    /// be a new version with each of them.
    pub(super) digest: [u8; 32],
    /// What is left of it where it goes on in part.
    pub(super) remainder: Option<Remainder>,
}

impl Sent {
    fn short(&self) -> [u8; DIGEST] {
        short(&self.digest)
    }

    /// Whether it stands already.
    pub(super) fn stands_in(&self, sections: &Standing) -> bool {
        let standing = sections.get(self.kind);
        standing.is_some_and(|standing| standing.digest == self.short())
    }
}

/// As much of a keyed digest as a row keeps.
pub(super) fn short(digest: &[u8; 32]) -> [u8; DIGEST] {
    let mut short = [0; DIGEST];
    short.copy_from_slice(&digest[..DIGEST]);
    short
}

/// The sections that stand after those of a version are put in. Other children are named by the one
/// that is about them.
pub(super) fn merge(
    mut standing: Standing,
    removes: KindSet,
    (sent, peers): (&[Sent], &[Peer]),
    (version, position, content): (i64, i64, &ContentId),
) -> Result<Standing, Refusal> {
    for kind in removes.iter() {
        standing.remove(kind);
    }
    for one in sent {
        let brought = Brought {
            version,
            position,
            bytes: one.bytes,
            content: content.clone(),
            digest: one.short(),
            remainder: one.remainder.clone(),
            peers: match one.kind {
                SectionKind::Relationships => peers.to_vec(),
                _ => Vec::new(),
            },
        };
        standing.put(one.kind, brought);
    }
    if standing.kinds().is_empty() {
        return Err(Refusal::Failed("NOTHING_LEFT"));
    }
    if standing.bytes() > BYTES_MAX {
        return Err(Refusal::Failed("PROFILE_TOO_LARGE"));
    }
    Ok(standing)
}
