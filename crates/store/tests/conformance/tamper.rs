//! The database changed behind the ledger's back: what a reader is shown is what was published, or
//! nothing.

use baton_domain::access::Role;
use baton_domain::act::{Caller, Lease, ListSettings, Pull};
use baton_domain::ids::{ProfileId, SubscriptionId};
use baton_domain::log::verify_inclusion;
use baton_domain::section::SectionKind;
use baton_store::{PulledWhat, Refusal};
use futures::future::join_all;

use crate::engine::on_both_engines;
use crate::values::section;
use crate::world::World;

const KINDS: [SectionKind; 2] = [SectionKind::Identity, SectionKind::Send];

/// A profile whose second version stands, and who reads it.
struct Standing {
    profile: ProfileId,
    receiver: Caller,
    subscription: SubscriptionId,
    /// Position of the second version.
    position: u64,
}

/// Ways to change what a reader would be shown. `{profile}` is the contribution.
const CHANGES: [(&str, &str); 10] = [
    (
        "sections exchanged within their version",
        "UPDATE content SET sealed = (SELECT o.sealed FROM content o \
         WHERE o.content_id = content.content_id AND o.kind = 1), \
         wrapped = (SELECT o.wrapped FROM content o \
         WHERE o.content_id = content.content_id AND o.kind = 1) WHERE content_id IN ({content})",
    ),
    (
        "a section taken away",
        "DELETE FROM content WHERE kind = 1 AND content_id IN ({content})",
    ),
    (
        "the signatory taken away",
        "DELETE FROM content WHERE kind = 0 AND content_id IN ({content})",
    ),
    (
        "everything taken away",
        "DELETE FROM content WHERE content_id IN ({content})",
    ),
    (
        "a section of the first version in the second: it opens, and is not what was published",
        "UPDATE profile SET sections = replace(sections, content_id, ({first})) \
         WHERE id = '{profile}'",
    ),
    (
        "the same with the entry of the first version",
        "UPDATE profile SET sections = replace(replace(sections, content_id, ({first})), \
         ' ' || position || ' ', ' ' || (SELECT v.position FROM version v \
         WHERE v.profile_id = '{profile}' AND v.version = 1) || ' ') WHERE id = '{profile}'",
    ),
    (
        "the cover of the first version over the second",
        "UPDATE profile SET content_id = ({first}) WHERE id = '{profile}'",
    ),
    (
        "the cover of the first version with its entry",
        "UPDATE profile SET content_id = ({first}), position = (SELECT v.position FROM version v \
         WHERE v.profile_id = '{profile}' AND v.version = 1) WHERE id = '{profile}'",
    ),
    (
        "an entry of something else",
        "UPDATE profile SET position = position - 1 WHERE id = '{profile}'",
    ),
    (
        "the body of the entry dropped",
        "UPDATE entry SET body = NULL WHERE position = {position}",
    ),
];

const CONTENT: &str = "SELECT p.content_id FROM profile p WHERE p.id = '{profile}'";
const FIRST: &str =
    "SELECT v.content_id FROM version v WHERE v.profile_id = '{profile}' AND v.version = 1";

impl Standing {
    /// A statement about this contribution.
    fn about(&self, text: &str) -> String {
        text.replace("{content}", CONTENT)
            .replace("{first}", FIRST)
            .replace("{profile}", self.profile.as_str())
            .replace("{position}", &self.position.to_string())
    }

    /// Fetched, and pulled with its sections. What cannot be opened is no answer to a fetch, and
    /// in a turn an item that is not available.
    async fn read(&self, world: &World) -> [Result<(), Refusal>; 2] {
        let fetched = world.fetch(&self.receiver, &self.profile).await.map(drop);
        let act = Pull {
            subscription: self.subscription.clone(),
            from: self.position.into(),
            limit: 1,
            inline: true,
            lease: Lease::Break,
        };
        let pulled = world.ledger.act(&self.receiver, act).await.unwrap().value;
        let [item] = pulled.items.as_slice() else {
            panic!("{pulled:?}")
        };
        let shown = match &item.what {
            PulledWhat::Profile(_) => Ok(()),
            PulledWhat::NotAvailable => Err(Refusal::Internal),
            other => panic!("{other:?}"),
        };
        [fetched, shown]
    }
}

impl World {
    async fn standing(&self) -> Standing {
        let sender = self.caller(&self.primary.id, &[Role::Publisher]).await;
        let receiver = self.caller(&self.secondary.id, &[Role::Dsl]).await;
        let subscription = self.subscription(&receiver).await;
        let transition = self.open_move(self.number()).await;
        self.published(&sender, self.publish(&transition, &KINDS, "A"))
            .await;
        let done = self
            .published(&sender, self.publish(&transition, &KINDS, "B"))
            .await;
        Standing {
            profile: done.value.profile,
            receiver,
            subscription,
            position: done.receipt.unwrap().position,
        }
    }
}

on_both_engines! {
    async fn content_that_was_changed_in_the_database_is_closed_and_nothing_else_is(home) {
        let world = World::new(home).await;
        let beside = world.standing().await;
        for (what, sql) in CHANGES {
            let standing = world.standing().await;
            assert_eq!(standing.read(&world).await, [Ok(()), Ok(())], "before: {what}");
            home.tamper(&standing.about(sql)).await;
            let closed = [Err(Refusal::Internal), Err(Refusal::Internal)];
            assert_eq!(standing.read(&world).await, closed, "{what}");
        }
        let shown = world.fetch(&beside.receiver, &beside.profile).await.unwrap();
        let bytes: Vec<_> = shown.sections.into_iter().map(|section| section.bytes).collect();
        assert_eq!(bytes, KINDS.map(|kind| section(kind, "B")));
        assert_eq!(shown.signatory, "signed by B");
    }

    async fn a_single_bit_anywhere_in_sealed_content_or_its_entry_closes_it(home) {
        let world = World::new(home).await;
        let content = "kind = {kind} AND content_id IN ({content})";
        let (signed, identity) = (content.replace("{kind}", "0"), content.replace("{kind}", "1"));
        let columns = [
            (("content", "sealed"), identity.as_str()),
            (("content", "wrapped"), identity.as_str()),
            (("content", "sealed"), signed.as_str()),
            (("entry", "body"), "position = {position}"),
            (("entry", "leaf"), "position = {position}"),
        ];
        for (column, row) in columns {
            let standing = world.standing().await;
            home.flip(column, &standing.about(row)).await;
            let closed = [Err(Refusal::Internal), Err(Refusal::Internal)];
            assert_eq!(standing.read(&world).await, closed, "{column:?}");
            home.flip(column, &standing.about(row)).await;
            assert_eq!(standing.read(&world).await, [Ok(()), Ok(())], "as it was: {column:?}");
        }
    }

    async fn a_changed_tile_shows_in_every_proof_that_uses_it(home) {
        let world = World::new(home).await;
        let list = ListSettings { after: None, limit: 1, code: None };
        while world.size() < 600 {
            join_all((0..200).map(|_| world.ledger.act(&world.officer, list.clone()))).await;
        }
        assert!(proved(&world, 300).await);
        home.flip(("tile", "hash"), "level = 1 AND idx = 0").await;
        assert!(!proved(&world, 300).await, "its path goes over the first 256 entries");
        assert!(proved(&world, 3).await, "one within them does not");
    }
}

/// Whether the ledger's own proof of an entry holds.
async fn proved(world: &World, position: u64) -> bool {
    let proof = world.ledger.inclusion(position, None).await;
    let proof = proof.unwrap().unwrap();
    let newest = world.opened(&proof.checkpoint);
    let leaf = proof.leaf.unwrap();
    verify_inclusion(&leaf, position, proof.size, &proof.hashes, &newest.root).is_ok()
}
