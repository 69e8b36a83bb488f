//! The sections of a contribution as it stands. A publish changes only the kinds it sends, so each
//! section says which version brought it and where it lies. It is part of the row that the entry
//! commits to: an older version of a section in the place of the one that stands is found.

use std::collections::BTreeMap;
use std::ops::Range;

use baton_domain::ids::ContentId;
use baton_domain::log::canonical::Json;
use baton_domain::section::{KindSet, SectionKind};

use crate::engine::value::{Column, Inconsistent, Type, Value};
use crate::learner::hex;
use crate::peers::{Peer, Places, fit};
use crate::remainder::Remainder;

/// Bytes of the digest that tells whether a section is sent again as it stands.
pub(crate) const DIGEST: usize = 16;

/// A section that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Brought {
    /// By which version.
    pub(crate) version: i64,
    /// The entry that published that version; its commitment is what the section is opened against.
    pub(crate) position: i64,
    /// Its length.
    pub(crate) bytes: i64,
    /// Where it lies, under its kind.
    pub(crate) content: ContentId,
    /// Keyed digest of the section and who signed it off.
    pub(crate) digest: [u8; DIGEST],
    /// What is left of it where it goes on in part, of a kind that can.
    pub(crate) remainder: Option<Remainder>,
    /// Other children it names, in order.
    pub(crate) peers: Vec<Peer>,
}

/// How the sections that somebody is shown are cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Of the other children that are named, those that are shown.
    pub(crate) peers: Places,
    /// Kinds that go on in part.
    pub(crate) in_part: KindSet,
}

impl Brought {
    /// Whether it says nothing but who other children are.
    pub(crate) fn is_of_peers_alone(&self) -> bool {
        !self.peers.is_empty() && self.hidden_bytes(Places::NONE) == self.bytes
    }

    fn hidden(&self, shown: Places) -> impl Iterator<Item = &Peer> {
        let peers = self.peers.iter().enumerate();
        let hidden = peers.filter(move |(place, _)| !shown.contains(*place));
        hidden.map(|(_, peer)| peer)
    }

    /// Records that are left out; none for one that can be in no section.
    pub(crate) fn left_out(&self, kind: SectionKind, cut: Cut) -> Vec<Option<Range<usize>>> {
        match &self.remainder {
            _ if !cut.in_part.contains(kind) => self.hidden(cut.peers).map(Peer::record).collect(),
            Some(remainder) => remainder.left_out().collect(),
            // Nobody knows what goes on of it: nothing does.
            None => vec![None],
        }
    }

    /// Their length together.
    pub(crate) fn bytes_left_out(&self, kind: SectionKind, cut: Cut) -> i64 {
        match &self.remainder {
            _ if !cut.in_part.contains(kind) => self.hidden_bytes(cut.peers),
            Some(remainder) => remainder.bytes_left_out(),
            None => self.bytes,
        }
    }

    fn hidden_bytes(&self, shown: Places) -> i64 {
        self.hidden(shown).map(|peer| peer.bytes).sum()
    }

    /// Digest of what is left of it in part; none where nothing is.
    pub(crate) fn digest_in_part(&self) -> Option<[u8; DIGEST]> {
        let left = |it: &&Remainder| it.bytes_left_out() < self.bytes;
        let remainder = self.remainder.as_ref().filter(left);
        remainder.map(|remainder| remainder.digest)
    }

    /// Whether there is more of it than goes on in part.
    pub(crate) fn has_more(&self) -> bool {
        let remainder = self.remainder.as_ref();
        remainder.is_none_or(|it| it.bytes_left_out() > 0)
    }
}

/// The sections that stand, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Standing(BTreeMap<SectionKind, Brought>);

impl Standing {
    pub(crate) fn get(&self, kind: SectionKind) -> Option<&Brought> {
        self.0.get(&kind)
    }

    pub(crate) fn put(&mut self, kind: SectionKind, brought: Brought) {
        self.0.insert(kind, brought);
    }

    pub(crate) fn remove(&mut self, kind: SectionKind) {
        self.0.remove(&kind);
    }

    pub(crate) fn kinds(&self) -> KindSet {
        self.0.keys().copied().collect()
    }

    /// Length of all of them together.
    pub(crate) fn bytes(&self) -> i64 {
        self.0.values().map(|one| one.bytes).sum()
    }

    /// A line a section, in order of the kinds.
    fn text(&self) -> String {
        let lines = self.0.iter().map(|(kind, one)| {
            let (kind, digest) = (kind.number(), hex(&one.digest));
            let Brought {
                version,
                position,
                bytes,
                content,
                digest: _,
                remainder,
                peers,
            } = one;
            let mut line = format!("{kind} {version} {position} {bytes} {content} {digest}");
            let words = remainder.iter().map(Remainder::text);
            for word in words.chain(peers.iter().map(Peer::text)) {
                line.push(' ');
                line.push_str(&word);
            }
            line
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// None for what [`Self::text`] would not write.
    fn parse(text: &str) -> Option<Self> {
        let sections = text.lines().map(line).collect::<Option<BTreeMap<_, _>>>()?;
        let read = Self(sections);
        (read.text() == text).then_some(read)
    }
}

fn line(text: &str) -> Option<(SectionKind, Brought)> {
    let mut parts = text.split(' ').peekable();
    let kind = SectionKind::from_number(parts.next()?.parse().ok()?)?;
    let mut number = || parts.next()?.parse().ok();
    let (version, position, bytes) = (number()?, number()?, number()?);
    let content = ContentId::parse(parts.next()?).ok()?;
    let digest = digest(parts.next()?)?;
    let remainder = parts.next_if(|word| word.contains('='));
    let remainder = match remainder {
        Some(word) => Some(Remainder::parse(word)?),
        None => None,
    };
    let peers = parts.map(Peer::parse).collect::<Option<Vec<_>>>()?;
    let brought = Brought {
        version,
        position,
        bytes,
        content,
        digest,
        remainder,
        peers,
    };
    let lies = |it: &Remainder| it.lies_in(bytes);
    let sound = fit(&brought.peers, bytes) && brought.remainder.as_ref().is_none_or(lies);
    sound.then_some((kind, brought))
}

/// A digest as it was written. What is longer, or not in small letters, is found by writing it again.
pub(crate) fn digest(text: &str) -> Option<[u8; DIGEST]> {
    let mut read = [0; DIGEST];
    for (at, byte) in read.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(read)
}

impl Column for Standing {
    const TYPE: Type = Type::Text;
    fn into_value(self) -> Value {
        Value::Text(Some(self.text()))
    }
    fn from_value(value: Value) -> Result<Self, Inconsistent> {
        match value {
            Value::Text(Some(text)) => Self::parse(&text).ok_or(Inconsistent),
            _ => Err(Inconsistent),
        }
    }
    fn json(&self) -> Json {
        Json::Str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use baton_domain::ids::LearnerId;

    use super::*;

    fn brought(version: i64) -> Brought {
        Brought {
            version,
            position: 10 * version,
            bytes: 200,
            content: ContentId::from_bytes([7; 16]),
            digest: [0xa5; DIGEST],
            remainder: None,
            peers: Vec::new(),
        }
    }

    fn peer(begins: i64, bytes: i64, learner: Option<u8>) -> Peer {
        let learner = learner.map(|byte| LearnerId::from_bytes([byte; 16]));
        Peer {
            begins,
            bytes,
            learner,
        }
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let mut standing = Standing::default();
        for kinds in 0..3 {
            assert_eq!(Standing::parse(&standing.text()), Some(standing.clone()));
            assert_eq!(standing.bytes(), 200 * kinds);
            let kind = [
                SectionKind::Send,
                SectionKind::Identity,
                SectionKind::Health,
            ];
            let at = usize::try_from(kinds).unwrap();
            standing.put(kind[at], brought(kinds + 1));
        }
        standing.remove(SectionKind::Identity);
        let left = KindSet::of(&[SectionKind::Send, SectionKind::Health]);
        assert_eq!(standing.kinds(), left);
        assert_eq!(standing.get(SectionKind::Send).unwrap().version, 1);
    }

    #[test]
    fn other_children_are_read_back_with_their_section() {
        let mut standing = Standing::default();
        let mut named = brought(1);
        named.peers = vec![peer(3, 60, Some(4)), peer(63, 40, None)];
        assert!(!named.is_of_peers_alone() && !brought(1).is_of_peers_alone());
        standing.put(SectionKind::Relationships, named);
        standing.put(SectionKind::Identity, brought(2));
        let text = standing.text();
        assert_eq!(Standing::parse(&text), Some(standing));
        for bad in [
            text.replace("63+40", "62+40"),
            text.replace("63+40", "63+140"),
            text.replace("63+40", "063+40"),
            text.replace(":-", ":"),
        ] {
            assert_eq!(Standing::parse(&bad), None, "{bad}");
        }
        let mut alone = brought(1);
        alone.peers = vec![peer(0, 150, None), peer(150, 50, None)];
        assert!(alone.is_of_peers_alone());
    }

    #[test]
    fn what_is_left_of_a_section_is_read_back_with_it() {
        let mut standing = Standing::default();
        let mut cut = brought(1);
        // A record of two bytes between two names of eight, in a section of 18.
        let section = b"\x0a\x06Okafor\x40\x01\x12\x06Okafor";
        let remainder = Remainder::of(SectionKind::Identity, section, |_| [0x5a; DIGEST]);
        (cut.bytes, cut.remainder) = (18, remainder);
        assert!(cut.has_more() && cut.digest_in_part() == Some([0x5a; DIGEST]));
        let in_part = Cut {
            in_part: KindSet::of(&[SectionKind::Identity]),
            ..Cut::default()
        };
        let left_out = |one: &Brought, cut| one.left_out(SectionKind::Identity, cut);
        assert_eq!(left_out(&cut, in_part), [Some(8..10)]);
        assert_eq!(left_out(&cut, Cut::default()), []);
        standing.put(SectionKind::Identity, cut.clone());
        let text = standing.text();
        assert_eq!(Standing::parse(&text), Some(standing));
        for bad in [
            text.replace("8+2", "8+11"),
            text.replace("8+2", "8+0"),
            text.replace("8+2", "8+2,9+1"),
            text.replace("8+2", "8+2,"),
            text.replace("8+2", "+2"),
            text.replace("5a=", "5A="),
            text.replace("5a=", "="),
        ] {
            assert_eq!(Standing::parse(&bad), None, "{bad}");
        }
        // Of nothing but what is left out, nothing is there; of what nobody knows, it closes.
        cut.bytes = 2;
        assert_eq!(cut.digest_in_part(), None);
        assert_eq!(left_out(&brought(1), in_part), [None]);
    }

    #[test]
    fn what_was_changed_makes_no_sense() {
        let mut standing = Standing::default();
        standing.put(SectionKind::Send, brought(1));
        let sound = standing.text();
        let again = format!("{sound}\n{sound}");
        for bad in [
            sound.replacen('8', "99", 1),
            sound.replacen(' ', "  ", 1),
            sound.replace("a5", "A5"),
            format!("{sound}\n"),
            format!("{sound} "),
            again,
        ] {
            assert_eq!(Standing::parse(&bad), None, "{bad:?}");
        }
    }
}
