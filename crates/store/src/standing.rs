//! The sections of a contribution as it stands. A publish changes only the kinds it sends, so each
//! section says which version brought it and where it lies. It is part of the row that the entry
//! commits to: an older version of a section in the place of the one that stands is found.

use std::collections::BTreeMap;

use baton_domain::ids::ContentId;
use baton_domain::log::canonical::Json;
use baton_domain::section::{KindSet, SectionKind};

use crate::engine::value::{Column, Inconsistent, Type, Value};
use crate::learner::hex;

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
                ..
            } = one;
            format!("{kind} {version} {position} {bytes} {content} {digest}")
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
    let brought = Brought {
        version,
        position,
        bytes,
        content,
        digest: read,
    };
    Some((kind, brought))
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
    use super::*;

    fn brought(version: i64) -> Brought {
        Brought {
            version,
            position: 10 * version,
            bytes: 200,
            content: ContentId::from_bytes([7; 16]),
            digest: [0xa5; DIGEST],
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
