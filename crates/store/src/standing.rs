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
use crate::peers::{Peer, Places, lie_in};

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
    /// Other children it names, in order.
    pub(crate) peers: Vec<Peer>,
}

impl Brought {
    /// Whether it says nothing but who other children are.
    pub(crate) fn is_of_peers_alone(&self) -> bool {
        !self.peers.is_empty() && self.bytes_left_out(Places::NONE) == self.bytes
    }

    fn hidden(&self, shown: Places) -> impl Iterator<Item = &Peer> {
        let peers = self.peers.iter().enumerate();
        let hidden = peers.filter(move |(place, _)| !shown.contains(*place));
        hidden.map(|(_, peer)| peer)
    }

    /// Records of those who are not shown; none for one that can be in no section.
    pub(crate) fn left_out(&self, shown: Places) -> Vec<Option<Range<usize>>> {
        self.hidden(shown).map(Peer::record).collect()
    }

    /// Their length together.
    pub(crate) fn bytes_left_out(&self, shown: Places) -> i64 {
        self.hidden(shown).map(|peer| peer.bytes).sum()
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
                peers,
            } = one;
            let mut line = format!("{kind} {version} {position} {bytes} {content} {digest}");
            for peer in peers {
                line.push(' ');
                line.push_str(&peer.text());
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
    let mut parts = text.split(' ');
    let kind = SectionKind::from_number(parts.next()?.parse().ok()?)?;
    let mut number = || parts.next()?.parse().ok();
    let (version, position, bytes) = (number()?, number()?, number()?);
    let content = ContentId::parse(parts.next()?).ok()?;
    let digest = parts.next()?;
    let mut read = [0; DIGEST];
    for (at, byte) in read.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digest.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    let peers = parts.map(Peer::parse).collect::<Option<Vec<_>>>()?;
    let brought = Brought {
        version,
        position,
        bytes,
        content,
        digest: read,
        peers,
    };
    let sound = lie_in(&brought.peers, bytes);
    sound.then_some((kind, brought))
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
