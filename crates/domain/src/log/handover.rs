//! How one key of a ledger names the next: a signed note of both, kept for good.
//!
//! ```text
//! baton/log-key/v1
//! baton.ledger/ldg_…/1+<old key id>+<old key>
//! baton.ledger/ldg_…/1+<new key id>+<new key>
//! entry 1042
//!
//! — baton.ledger/ldg_…/1 <old key>
//! — baton.ledger/ldg_…/1 <new key>
//! ```
//!
//! Who holds the old key learns the new one from this, and from nothing else. It is no checkpoint
//! and cannot be read as one: its first line is no origin of a key.

use super::note::{self, NoteError, SignerKey, VerifierKey};

const HEADER: &str = "baton/log-key/v1";
/// The most hand-overs of one ledger: with a key a year more than it lives.
pub const HANDOVERS_MAX: usize = 64;

/// One key in the place of another, from an entry on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// The key that signed until then, and signs on while both are in force.
    pub old: VerifierKey,
    /// The one after it.
    pub new: VerifierKey,
    /// Position of the entry that says so, `log_key_changed`.
    pub entry: u64,
}

impl Handover {
    /// Signed by both: the old key vouches, the new one shows that it is held.
    pub fn sign(old: &SignerKey, new: &SignerKey, entry: u64) -> Result<String, NoteError> {
        let (from, to) = (old.verifier(), new.verifier());
        note::sign(
            &format!("{HEADER}\n{from}\n{to}\nentry {entry}\n"),
            &[old, new],
        )
    }

    /// Reads a hand-over by the old key that it names itself: it may be anybody's. For who knows
    /// where it comes from.
    pub fn of_itself(signed: &[u8]) -> Option<Self> {
        let named = read(note::text(signed).ok()?)?;
        Self::open(signed, &named.old).ok()
    }

    /// Reads a hand-over from a key that is held. Another name would be another ledger or term.
    pub fn open(signed: &[u8], held: &VerifierKey) -> Result<Self, NoteError> {
        let text = note::open(signed, std::slice::from_ref(held))?;
        let handover = read(text.text()).ok_or(NoteError::Format)?;
        let same = handover.old == *held && handover.new.name() == held.name();
        if !same || handover.old == handover.new {
            return Err(NoteError::Format);
        }
        // The new key must have signed, too.
        note::open(signed, std::slice::from_ref(&handover.new))?;
        Ok(handover)
    }
}

fn read(text: &str) -> Option<Handover> {
    let mut lines = text.strip_suffix('\n')?.split('\n');
    let (HEADER, old, new, entry, None) = (
        lines.next()?,
        lines.next()?,
        lines.next()?,
        lines.next()?,
        lines.next(),
    ) else {
        return None;
    };
    let number = entry.strip_prefix("entry ")?;
    let entry: u64 = number.parse().ok()?;
    (entry.to_string() == number).then_some(Handover {
        old: old.parse().ok()?,
        new: new.parse().ok()?,
        entry,
    })
}

/// The keys that lead on from one that is held, itself first: every hand-over is signed by the key
/// before it. What leads nowhere is passed over.
pub fn chain<'a>(
    held: &VerifierKey,
    handovers: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<VerifierKey> {
    let mut keys = vec![held.clone()];
    let mut last = held.clone();
    for signed in handovers.into_iter().take(HANDOVERS_MAX) {
        if let Ok(handover) = Handover::open(signed, &last) {
            last = handover.new;
            keys.push(last.clone());
        }
    }
    keys
}

/// Every key that a held one vouches for, oldest first: those before it, whose hand-overs it signed
/// itself, and those after it ([`chain`]).
pub fn lineage<'a>(
    held: &VerifierKey,
    handovers: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<VerifierKey> {
    let notes: Vec<&[u8]> = handovers.into_iter().take(HANDOVERS_MAX).collect();
    let (mut before, mut first) = (Vec::new(), held.clone());
    for signed in notes.iter().rev() {
        if let Some(handover) = Handover::of_itself(signed).filter(|it| it.new == first) {
            first = handover.old;
            before.insert(0, first.clone());
        }
    }
    before.extend(chain(held, notes));
    before
}
