//! Content in which every free text says whose it is, of which section, and which field.

use std::collections::{BTreeMap, BTreeSet};

use baton_domain::section::SectionKind;
use baton_wire::contract::{CODE_SET_VERSION, Field, Kind, Message, tables};
use baton_wire::v1::Format;
use bytes::{Buf as _, Bytes};
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

/// How a canary begins: no field name, code or id has it.
const BEGIN: &[u8] = b"CNRY";
/// `CNRY`, four digits of the learner, two of the kind, three of the field.
const LENGTH: usize = 13;

/// What a canary says: learner, kind (0: none), field of the section.
pub(super) type Canary = (usize, u8, usize);

pub(super) fn canary((learner, kind, field): Canary) -> String {
    format!("CNRY{learner:04}{kind:02}{field:03}")
}

/// All canaries in what somebody received.
pub(super) fn canaries(received: &[u8]) -> BTreeSet<Canary> {
    let read = |window: &[u8]| {
        let digits = std::str::from_utf8(window.strip_prefix(BEGIN)?).ok()?;
        let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<usize>().ok();
        let kind = u8::try_from(number(4..6)?).ok()?;
        Some((number(0..4)?, kind, number(6..9)?))
    };
    received.windows(LENGTH).filter_map(read).collect()
}

/// Canaries that were put into content.
#[derive(Default)]
pub(crate) struct Put {
    /// How many there are of each kind.
    pub(super) of_kinds: BTreeMap<u8, usize>,
    /// Those of the section about relationships that stand in rows about other children.
    pub(super) of_peers: BTreeSet<usize>,
}

/// Puts a canary into every free text of encoded `Sections`.
pub(super) fn marked(content: Bytes, learner: usize) -> (Bytes, Put) {
    let (mut of_kinds, mut of_peers) = (BTreeMap::new(), BTreeSet::new());
    let mut out = Vec::new();
    let mut rest = content;
    while rest.has_remaining() {
        let (number, section) = (decode_key(&mut rest).unwrap().0, message(&mut rest));
        let (_, field) = tables::SECTIONS.field(number).unwrap();
        let Kind::Message(of) = field.kind else {
            panic!("a section is a message");
        };
        let kind = SectionKind::from_number(number).unwrap().number();
        let mut marker = Marker {
            learner,
            kind,
            put: 0,
            of_peers: BTreeSet::new(),
        };
        let mut inner = Vec::new();
        marker.mark(of, section, &mut inner);
        lengthed(number, &inner, &mut out);
        of_kinds.insert(kind, marker.put);
        of_peers.append(&mut marker.of_peers);
    }
    let put = Put { of_kinds, of_peers };
    (out.into(), put)
}

struct Marker {
    learner: usize,
    kind: u8,
    put: usize,
    of_peers: BTreeSet<usize>,
}

impl Marker {
    fn mark(&mut self, of: &Message, mut rest: Bytes, out: &mut Vec<u8>) {
        while rest.has_remaining() {
            let (number, wire) = decode_key(&mut rest).unwrap();
            if wire == WireType::Varint {
                encode_key(number, wire, out);
                encode_varint(decode_varint(&mut rest).unwrap(), out);
                continue;
            }
            assert_eq!(
                wire,
                WireType::LengthDelimited,
                "field {number} of {}",
                of.name
            );
            let value = message(&mut rest);
            let (_, field) = of.field(number).unwrap();
            match field.kind {
                Kind::Message(part) => {
                    let (mut inner, before) = (Vec::new(), self.put);
                    self.mark(part, value, &mut inner);
                    if part.name == "PeerRow" {
                        self.of_peers.extend(before..self.put);
                    }
                    lengthed(number, &inner, out);
                }
                Kind::Text if is_free(field) => {
                    let text = canary((self.learner, self.kind, self.put));
                    self.put += 1;
                    lengthed(number, text.as_bytes(), out);
                }
                _ => lengthed(number, &value, out),
            }
        }
    }
}

/// Whether any text may stand there.
fn is_free(field: &Field) -> bool {
    let rule = &field.rule;
    let long = rule.max_length == 0 || rule.max_length as usize >= LENGTH;
    let plain = matches!(rule.format, Format::Unspecified | Format::Line);
    let any = rule.code_set.is_empty() && plain && rule.together.is_empty();
    any && long && field.name != CODE_SET_VERSION
}

fn message(rest: &mut Bytes) -> Bytes {
    let length = usize::try_from(decode_varint(rest).unwrap()).unwrap();
    rest.split_to(length)
}

fn lengthed(number: u32, value: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}
