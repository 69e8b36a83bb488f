//! Other children that the section `relationships` names: where the record of each lies in its bytes,
//! and by what it is named. The bytes stay as they were received; who may not see a child is given
//! them without its record.

use baton_domain::{
    act::NamedPeer,
    friends::{PEERS_MAX, Unlinked},
    ids::{LearnerIdentifier, LearnerScheme, Upn},
    section::SectionKind,
};
use bytes::Bytes;

use crate::{
    contract::{Kind, Message},
    facts,
    raw::{Fields, Raw},
    violation::Violation,
};

const PEERS: &str = "peers";

/// The other children that checked sections name, in order.
pub fn named(sections: &[(SectionKind, Bytes)]) -> Vec<NamedPeer> {
    let about = |(kind, _): &&(SectionKind, Bytes)| *kind == SectionKind::Relationships;
    let Some((kind, section)) = sections.iter().find(about) else {
        return Vec::new();
    };
    let Some((_, field)) = Message::of(*kind).field_named(PEERS) else {
        return Vec::new();
    };
    let Kind::Message(row_of) = field.kind else {
        return Vec::new();
    };
    let mut fields = Fields::of(section);
    let mut begins = 0;
    let mut found = Vec::new();
    // The walk lets no more through: of what was not checked no more is looked at.
    while found.len() < PEERS_MAX
        && let Some(Ok((number, raw))) = fields.next()
    {
        let ends = section.len() - fields.left();
        if let (true, Raw::Bytes(row)) = (number == field.number, raw) {
            found.push(NamedPeer {
                record: begins..ends,
                identifiers: identifiers(row_of, row),
            });
        }
        begins = ends;
    }
    found
}

fn identifiers(row_of: &'static Message, row: &[u8]) -> Vec<LearnerIdentifier> {
    let text = |name| facts::text_in(row_of, row, name);
    let upn = text("upn").and_then(|text| Upn::parse(text).ok());
    let local = text("local_id");
    let local =
        local.and_then(|text| LearnerIdentifier::parse(LearnerScheme::Local.name(), text).ok());
    upn.map(Into::into).into_iter().chain(local).collect()
}

/// Rows that name the learner whom the profile is about, by one of these.
pub(crate) fn themselves<'a>(
    peers: &'a [NamedPeer],
    learner: &'a [LearnerIdentifier],
) -> impl Iterator<Item = Violation> + 'a {
    let own = |peer: &NamedPeer| peer.identifiers.iter().any(|one| learner.contains(one));
    let rows = peers.iter().enumerate();
    rows.filter(move |(_, peer)| own(peer))
        .map(|(place, _)| own_friend(place))
}

/// A row that names the learner whom the profile is about.
pub fn own_friend(place: usize) -> Violation {
    let expected = "Name another child: this one is the learner the profile is about.";
    Violation::new(path(place), "peer.itself", expected)
}

/// Rows of which the submission alone tells that nobody outside will be shown them.
pub fn unnamed(peers: &[NamedPeer]) -> impl Iterator<Item = Violation> {
    let rows = peers.iter().enumerate();
    rows.filter(|(_, peer)| peer.identifiers.is_empty())
        .map(|(place, _)| notice(place, Unlinked::Unnamed))
}

/// What a sender is told of a row that leads to no child it knows. The child is not named.
pub fn notice(place: usize, why: Unlinked) -> Violation {
    let (rule, expected) = match why {
        Unlinked::Unnamed => (
            "peer.unnamed",
            "It will not be shown to anybody outside: give upn or local_id of a child you planned.",
        ),
        Unlinked::Unknown => (
            "peer.unknown",
            "It will not be shown to anybody outside: no child you planned goes by this upn or \
             local_id now. Correct it, or plan the child's move, and publish again.",
        ),
        Unlinked::Differing => (
            "peer.differing",
            "It will not be shown to anybody outside: upn and local_id are of different children \
             you planned. Correct one of them and publish again.",
        ),
    };
    Violation::new(path(place), rule, expected)
}

fn path(place: usize) -> String {
    format!("content.{}.{PEERS}[{place}]", SectionKind::Relationships)
}
