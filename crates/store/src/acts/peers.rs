//! Other children that a contribution names: whom each reference leads to, found when it is published,
//! and who is shown it, judged when it is shown. The rule is [`friends`] of the domain.

use baton_domain::access::Relation;
use baton_domain::act::NamedPeer;
use baton_domain::friends::{self, FriendsMove, Reader, Unlinked};
use baton_domain::ids::{LearnerId, LearnerIdentifier, LearnerScheme, SettingId};
use baton_domain::opening::Window;
use baton_domain::section::{KindSet, SectionKind};

use super::release::addressees;
use crate::keys::Keys;
use crate::learner::{self, Record};
use crate::peers::{Peer, Places};
use crate::refusal::Refusal;
use crate::rows::{FriendRow, ProfileRow, ReleasedRow, TransitionRow, profile_state};
use crate::scene::Scene;
use crate::standing::Brought;
use crate::view::writes;
use crate::world::Put as _;

/// What tells who a child is, and whose friend: whoever is refused either is not told by another
/// child's profile.
const TELLS_OF_FRIENDS: KindSet = KindSet::of(&[SectionKind::Identity, SectionKind::Relationships]);

/// A reference that leads to no child its author knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnlinkedPeer {
    /// Its place among the children the section names, from 0.
    pub place: usize,
    /// Why.
    pub why: Unlinked,
}

/// A reference of a submission, with the index entries of what it gives.
#[derive(Debug)]
pub(super) struct Reference {
    begins: i64,
    bytes: i64,
    by: Vec<(LearnerIdentifier, String)>,
}

impl Reference {
    pub(super) fn of(keys: &Keys, named: NamedPeer) -> Self {
        let number = |length: usize| i64::try_from(length).unwrap_or(i64::MAX);
        Self {
            begins: number(named.record.start),
            bytes: number(named.record.len()),
            by: learner::blinded(keys, named.identifiers),
        }
    }

    pub(super) fn blinds(&self) -> impl Iterator<Item = &String> {
        self.by.iter().map(|(_, blind)| blind)
    }
}

/// What the references of a submission lead to.
#[derive(Debug, Default)]
pub(super) struct Linked {
    pub(super) peers: Vec<Peer>,
    pub(super) unlinked: Vec<UnlinkedPeer>,
}

impl Scene<'_> {
    /// Finds each among the learners that the author itself knows; what others know is not asked.
    /// Nobody is the own friend.
    pub(super) fn link(
        &self,
        references: &[Reference],
        (author, learner): (&SettingId, &LearnerId),
    ) -> Result<Linked, Refusal> {
        let (mut linked, mut themselves) = (Linked::default(), Vec::new());
        for (place, reference) in references.iter().enumerate() {
            let found = self.find_friend(reference, author)?;
            if let Err(why) = found {
                linked.unlinked.push(UnlinkedPeer { place, why });
            }
            let found = found.ok();
            if found.as_ref() == Some(learner) {
                themselves.push(place);
            }
            linked.peers.push(Peer {
                begins: reference.begins,
                bytes: reference.bytes,
                learner: found,
            });
        }
        if themselves.is_empty() {
            Ok(linked)
        } else {
            Err(Refusal::OwnFriend(themselves))
        }
    }

    /// All that a reference gives has to lead to the same child.
    fn find_friend(
        &self,
        reference: &Reference,
        author: &SettingId,
    ) -> Result<Result<LearnerId, Unlinked>, Refusal> {
        let mut found: Option<LearnerId> = None;
        for (identifier, blind) in &reference.by {
            let Some(one) = self.world.learner_of(blind, author).cloned() else {
                return Ok(Err(Unlinked::Unknown));
            };
            let row = self.world.learners.get(one.as_str());
            let record = learner::open(self.world, self.keys, row.ok_or(Refusal::Internal)?)?;
            if !bears(&record, identifier) {
                return Ok(Err(Unlinked::Unknown));
            }
            if found.as_ref().is_some_and(|known| *known != one) {
                return Ok(Err(Unlinked::Differing));
            }
            found = Some(one);
        }
        Ok(found.ok_or(Unlinked::Unnamed))
    }

    /// The places of those a reader is shown of the other children that a contribution names.
    fn peers_seen(
        &self,
        relation: Relation,
        setting: &SettingId,
        (row, profile): (&TransitionRow, &ProfileRow),
    ) -> Places {
        if relation.is_own() {
            Places::NONE
        } else if writes(relation, setting, row, profile) {
            let peers = of(profile).map_or(0, |section| section.peers.len());
            (0..peers).collect()
        } else if relation == Relation::NamedDestination {
            self.peers_for(setting, row, profile)
        } else {
            Places::NONE
        }
    }

    /// Those that the caller is shown with these kinds of a contribution; they are remembered.
    pub(super) fn shows_peers(
        &mut self,
        relation: Relation,
        (row, profile): (&TransitionRow, &ProfileRow),
        kinds: KindSet,
    ) -> Places {
        let caller = self
            .caller
            .filter(|_| kinds.contains(SectionKind::Relationships));
        let Some(caller) = caller else {
            return Places::NONE;
        };
        let seen = self.peers_seen(relation, &caller.acting, (row, profile));
        self.was_shown(profile, &caller.acting, seen);
        seen
    }

    /// The same of a receiver, whoever asks in it: none but for the destination.
    pub(crate) fn peers_for(
        &self,
        to: &SettingId,
        row: &TransitionRow,
        profile: &ProfileRow,
    ) -> Places {
        let section = of(profile).filter(|section| !section.peers.is_empty());
        let Some(section) = section.filter(|_| row.to_id.as_ref() == Some(to)) else {
            return Places::NONE;
        };
        let shown = KindSet::of(&[SectionKind::Relationships]);
        let closed = self.closed_to((row, profile), to, shown);
        if profile.state != profile_state::PUBLISHED || !closed.is_empty() {
            return Places::NONE;
        }
        let reader = Reader::Destination(self.window(row, None));
        let places = section.peers.iter().enumerate();
        let places = places.filter(|(_, peer)| {
            let moves = peer.learner.iter().flat_map(|one| self.world.moves_of(one));
            let moves = moves.map(|friends| self.stands(friends, &profile.setting_id, to));
            friends::is_shown(reader, moves)
        });
        places.map(|(place, _)| place).collect()
    }

    /// A move of a child that is named, as it stands to who reads.
    fn stands(&self, row: &TransitionRow, author: &SettingId, to: &SettingId) -> FriendsMove {
        let sent = self.world.profiles_of(&row.id);
        let sent = sent.filter(|one| one.setting_id == *author && !one.is_apart());
        let states: Vec<i64> = sent.map(|one| one.state).collect();
        let to_reader = row.to_id.as_ref() == Some(to);
        FriendsMove {
            of_author: row.from_id == *author,
            to_reader,
            // Nothing more is looked at where it cannot matter.
            window: if to_reader {
                self.window(row, None)
            } else {
                Window::NotOpen
            },
            taken_back: !states.is_empty() && !states.contains(&profile_state::PUBLISHED),
            refused: to_reader
                && (!self.refused(row, to, TELLS_OF_FRIENDS).is_empty()
                    || !self.agreed_between(row, author, to)),
        }
    }

    /// Remembers that a receiver was shown these children: of one who comes back it is told again.
    fn was_shown(&mut self, profile: &ProfileRow, to: &SettingId, seen: Places) {
        let known = self.world.released.get(&format!("{}/{to}", profile.id));
        let fewer = known.filter(|row| row.is_told() && !row.peers().is_subset(seen));
        if let Some(known) = fewer.cloned() {
            let left = known.peers().intersection(seen);
            self.world.put(ReleasedRow {
                peers: i64::from(left.bits()),
                ..known
            });
        }
    }

    /// Puts a contribution before those who are shown a child they were not shown before.
    pub(super) fn tell_of_friends(&mut self, row: &TransitionRow, profile: &ProfileRow) {
        for to in addressees(self, row, profile) {
            if !self.knows(row, profile, &to) {
                self.release_more(row, profile, &to);
            }
        }
    }

    /// Makes a contribution findable by those it names.
    pub(super) fn index_friends(&mut self, profile: &ProfileRow) {
        let named = of(profile).map_or(&[][..], |section| &section.peers);
        for (place, peer) in (0..).zip(named) {
            if let Some(learner) = &peer.learner {
                self.world.put(FriendRow {
                    profile_id: profile.id.clone(),
                    place,
                    version: profile.version,
                    learner_id: learner.clone(),
                });
            }
        }
    }
}

/// The section that names other children.
fn of(profile: &ProfileRow) -> Option<&Brought> {
    profile.sections.get(SectionKind::Relationships)
}

/// Whether a learner goes by an identifier now. The index knows replaced ones as well, and a temporary
/// UPN is a former one once there is a permanent one.
fn bears(record: &Record, identifier: &LearnerIdentifier) -> bool {
    let permanent = |it: &LearnerIdentifier| it.scheme() == LearnerScheme::Upn;
    let former = identifier.scheme() == LearnerScheme::TemporaryUpn
        && record.identifiers.iter().any(permanent);
    record.identifiers.contains(identifier) && !former
}
