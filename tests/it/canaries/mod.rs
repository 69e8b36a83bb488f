//! Every free text of every section of many profiles says where it stands. What each role of each
//! setting can get out of the service, by whatever call, is searched for it: nothing is found but
//! what the hand-written matrix of `roles` gives it.

mod marked;
mod received;

use std::collections::BTreeSet;

use baton_domain::section::{Class, SectionKind};
use baton_wire::twin as wire;
use baton_wire::v1::{self, Role};

use crate::campaign;
use crate::doors::answers::telling;
use crate::family::{CHILD, PARENT_WITHOUT_HEALTH, shown_to_families};
use crate::harness::*;
use crate::roles::{ROLES, receiving, sending};
pub(crate) use marked::Put;
use marked::{Canary, canaries, canary, marked};
pub(crate) use received::Received;

const PROFILES: usize = 4;
const PROFILES_IN_A_CAMPAIGN: usize = 500;
/// In place of a field: the signatories of both contributions, of no kind, the title of the document,
/// and its text.
const NO_KIND: u8 = 0;
const SIGNATORIES: [usize; 2] = [900, 903];
const TITLE: usize = 901;
const TEXT: usize = 902;
/// The section the document of each profile goes with.
const DOCUMENTED: SectionKind = SectionKind::Health;

/// The class a learner is in.
fn class_of(learner: usize) -> &'static str {
    ["6A", "6B"][learner / 2 % 2]
}

/// Somebody who tries everything, and what the matrix gives them.
struct Seeker {
    place: String,
    who: Caller,
    kinds: Vec<&'static str>,
    /// Of which learners.
    of: Of,
}

/// Of which learners somebody may know.
enum Of {
    All,
    Class(&'static str),
    One(usize),
}

impl Seeker {
    fn may_see(&self, learner: usize) -> bool {
        match self.of {
            Of::All => true,
            Of::Class(class) => class == class_of(learner),
            Of::One(own) => own == learner,
        }
    }
}

/// A parent of the first learner, who is not shown health, and a competent child.
async fn families(exchange: &Exchange, sender: &Caller, sent: &[Sent]) -> Vec<Seeker> {
    let mut seekers = Vec::new();
    for (own, reader, withheld) in [(0, PARENT_WITHOUT_HEALTH, "health"), (1, CHILD, "")] {
        let mut kinds = shown_to_families();
        kinds.retain(|kind| *kind != withheld);
        seekers.push(Seeker {
            place: format!("family of learner {own}"),
            who: exchange.reader(sender, &sent[own].of.name, reader).await,
            kinds,
            of: Of::One(own),
        });
    }
    seekers
}

/// Everybody by roles, and two teachers.
async fn seekers(exchange: &Exchange, of: &Move) -> Vec<Seeker> {
    let council = Setting {
        name: exchange.officer.setting.clone(),
        ..of.to.clone()
    };
    let nothing: fn(Role) -> Vec<&'static [&'static str]> = |_| Vec::new();
    let mut seekers = Vec::new();
    for (place, setting, table) in [
        ("sender", &of.from, sending as fn(Role) -> _),
        ("receiver", &of.to, receiving),
        ("elsewhere", &exchange.elsewhere, nothing),
        ("council", &council, nothing),
    ] {
        for role in ROLES {
            seekers.push(Seeker {
                place: format!("{role:?} of the {place}"),
                who: exchange.person(setting, &[role]).await,
                kinds: table(role).concat(),
                of: Of::All,
            });
        }
    }
    for class in ["6A", "6Z"] {
        seekers.push(Seeker {
            place: format!("teacher of {class} of the sender"),
            who: exchange.teacher(&of.from, &[class]).await,
            kinds: sending(Role::Contributor).concat(),
            of: Of::Class(class),
        });
    }
    seekers
}

/// A profile of canaries.
pub(crate) struct Sent {
    pub(crate) of: Move,
    /// The ordinary contribution, and that of class R.
    pub(crate) profiles: [String; 2],
    pub(crate) document: String,
    pub(crate) put: Put,
    /// The other children it names come to the receiver, too.
    pub(crate) with_friends: bool,
}

async fn send(exchange: &Exchange, sender: &Caller, learner: usize) -> Sent {
    let of = exchange.move_of_group(class_of(learner)).await;
    let (content, put) = marked(complete(learner as u64, &of.learner), learner);
    // Of every second profile: of the others nobody but the sender sees them.
    let with_friends = learner.is_multiple_of(2);
    if with_friends {
        exchange.with_friends(&of, &content).await;
    }
    let mut profiles = [String::new(), String::new()];
    let parts = profiles.iter_mut().zip(apart(&content)).zip(SIGNATORIES);
    for ((name, part), signatory) in parts {
        let mut publish = frame(sender, &of.name, part);
        let submission = publish.profile.as_mut().unwrap();
        submission.signatory = canary((learner, NO_KIND, signatory));
        let published: Answer<wire::PublishProfileResponse> =
            twin(sender, "ProfileService/PublishProfile", &publish).await;
        *name = published.unwrap().name;
    }
    let of_kind = |field| canary((learner, DOCUMENTED.number(), field));
    let (title, text) = (of_kind(TITLE), of_kind(TEXT));
    let kind = v1::SectionKind::try_from(i32::from(DOCUMENTED.number())).unwrap();
    let document = sender
        .add(&profiles[0], (kind, &title), text.as_bytes())
        .await;
    Sent {
        document: document.unwrap(),
        of,
        profiles,
        put,
        with_friends,
    }
}

/// Everything of these kinds that a profile holds.
fn of_kinds(learner: usize, sent: &Sent, kinds: &[&str]) -> BTreeSet<Canary> {
    let mut all = BTreeSet::new();
    for (number, put) in &sent.put.of_kinds {
        let kind = SectionKind::from_number(u32::from(*number)).unwrap();
        if kinds.contains(&kind.name()) {
            all.extend((0..*put).map(|field| (learner, *number, field)));
            let signatory = SIGNATORIES[usize::from(kind.class() == Class::R)];
            all.insert((learner, NO_KIND, signatory));
        }
    }
    if kinds.contains(&DOCUMENTED.name()) {
        all.extend([TITLE, TEXT].map(|field| (learner, DOCUMENTED.number(), field)));
    }
    all
}

/// What a profile says of other children who do not come to the receiver.
fn not_theirs(learner: usize, sent: &Sent) -> Vec<Canary> {
    let number = SectionKind::Relationships.number();
    let of_peers = sent.put.of_peers.iter().filter(|_| !sent.with_friends);
    of_peers.map(|field| (learner, number, *field)).collect()
}

async fn fly(exchange: &Exchange, profiles: usize) {
    let of = exchange.open_move().await;
    let sender = exchange
        .person(&of.from, &[Role::Publisher, Role::Dsl])
        .await;
    let mut sent = Vec::new();
    for learner in 0..profiles {
        sent.push(send(exchange, &sender, learner).await);
    }
    let put: usize = sent.iter().flat_map(|one| one.put.of_kinds.values()).sum();
    assert!(put > 300 * profiles, "{put} in {profiles} profiles");
    let (mut people, mut bytes, mut seen) = (0, 0, 0);
    let mut asked = BTreeSet::new();
    let mut all = seekers(exchange, &of).await;
    all.append(&mut families(exchange, &sender, &sent).await);
    for seeker in all {
        let mut got = Received::default();
        for one in &sent {
            got.about(&seeker.who, one).await;
        }
        got.in_general(&seeker.who).await;
        asked.append(&mut got.asked);
        let found = canaries(&got.bytes);
        let each = || sent.iter().enumerate();
        let own = each().filter(|(learner, _)| seeker.may_see(*learner));
        let all = own.flat_map(|(learner, one)| of_kinds(learner, one, &seeker.kinds));
        let mut expected: BTreeSet<Canary> = all.collect();
        if seeker.who.setting != of.from.name {
            for canary in each().flat_map(|(learner, one)| not_theirs(learner, one)) {
                expected.remove(&canary);
            }
        }
        let beyond: Vec<_> = found.difference(&expected).take(5).collect();
        assert!(beyond.is_empty(), "{} got {beyond:?}", seeker.place);
        let missing: Vec<_> = expected.difference(&found).take(5).collect();
        assert!(missing.is_empty(), "{} missed {missing:?}", seeker.place);
        (people, bytes, seen) = (people + 1, bytes + got.bytes.len(), seen + found.len());
    }
    let left: Vec<_> = telling().difference(&asked).cloned().collect();
    assert!(
        left.is_empty(),
        "nobody asked {left:?}, which may tell of a child"
    );
    // What lies on the disk is sealed, what the operator is shown tells nothing.
    exchange.home.write_down().await;
    for file in exchange.home.files().await {
        let found = canaries(&std::fs::read(&file).unwrap_or_default());
        assert!(found.is_empty(), "{} of {}", found.len(), file.display());
    }
    for page in ["/metrics", "/ready"] {
        assert!(
            canaries(exchange.page(page).await.as_bytes()).is_empty(),
            "{page}"
        );
    }
    println!(
        "figures: canaries: profiles={profiles} put={put} people={people} bytes={bytes} seen={seen} beyond=0"
    );
}

on_both_engines! {
    async fn nobody_receives_what_is_not_in_their_row_of_the_matrix(exchange) {
        fly(exchange, PROFILES).await;
    }
}

on_both_engines! {
    async fn campaign_access_canaries_of_many_profiles(exchange) {
        if campaign::wanted() {
            fly(exchange, PROFILES_IN_A_CAMPAIGN).await;
        }
    }
}
