//! No delegation carries class R: by no section, version, count, item or name.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};
use prost::Message as _;

use super::{ALL, Mandate};
use crate::harness::*;
use crate::recipients::restricted;

on_both_engines! {
    async fn a_vendor_is_told_the_same_with_and_without_class_r(exchange) {
        let vendor = exchange.vendor("example-mis").await;
        let mut worlds = Vec::new();
        for with in [false, true] {
            let of = exchange.open_move().await;
            for side in [&of.from, &of.to] {
                let head = exchange.person(side, &[Role::Publisher]).await;
                head.lets(&vendor, ALL).await.unwrap();
            }
            let client = exchange.client(&vendor, &of.to).await;
            let name = format!("world-{with}");
            let subscription = client.subscribe_to(&name, of.point, 0).await.unwrap();
            let begun = client.pull(&subscription, "").await.unwrap().token;
            let dsl = exchange.person(&of.from, &[Role::Dsl]).await;
            let sender = exchange.person(&of.from, &[Role::Publisher]).await;
            let mut said = submission(&of, typical(1, of.point));
            sender.publish(said.clone()).await.unwrap();
            if with {
                said.content = Some(Box::new(restricted()));
                let hidden = dsl.publish(said).await.unwrap().name;
                // By its name neither, on neither side, nor as what could be sent.
                let reading = exchange.person(&of.to, &[Role::Dsl]).await;
                assert_eq!(kinds(&reading.get(&hidden).await.unwrap()).len(), 2);
                let there = exchange.client(&vendor, &of.from).await;
                for who in [&client, &there] {
                    let told = refused(who.get(&hidden).await);
                    assert_eq!(told.reason, Reason::PermissionDenied);
                    let mut own = submission(&of, restricted());
                    own.signatory = "Head of year".to_owned();
                    let told = refused(who.publish(own).await);
                    assert_eq!(told.reason, Reason::PermissionDenied);
                }
            }
            let items = client.pull(&subscription, &begun).await.unwrap().items;
            assert_eq!(items.len(), 1, "with class R: {with}");
            let got = client.get(&the_profile(&items).name).await.unwrap();
            let progress = client.transition(&of.name).await.unwrap();
            worlds.push((
                items[0].kind(),
                kinds(&got),
                got.version,
                got.content.map(|content| v1::Sections { identity: None, ..*content }.encode_to_vec()),
                progress.state(),
                progress.published_count,
            ));
        }
        let [without, with] = worlds.try_into().unwrap();
        assert!(without.0 == with.0 && without.1 == with.1 && without.2 == with.2);
        assert!(without.3 == with.3, "other bytes");
        assert_eq!((without.4, without.5), (with.4, with.5));
        exchange.holds().await;
    }

    async fn kinds_of_class_r_cannot_be_handed_over(exchange) {
        let vendor = exchange.vendor("example-mis").await;
        let head = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let all = [v1::SectionKind::Identity, v1::SectionKind::FamilyAndAgencies,
            v1::SectionKind::ChildProtectionNote];
        let before = exchange.size();
        let told = refused(head.lets(&vendor, Mandate { kinds: &all, ..ALL }).await);
        assert_eq!(told.rules(), [("kinds[1]", "kinds.restricted"), ("kinds[2]", "kinds.restricted")]);
        assert_eq!(exchange.size(), before);
        // And if a row said so, its bits would open nothing.
        let of = exchange.open_move().await;
        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        head.lets(&vendor, ALL).await.unwrap();
        let dsl = exchange.person(&of.from, &[Role::Dsl]).await;
        let said = submission(&of, restricted());
        let hidden = dsl.publish(said).await.unwrap().name;
        let client = exchange.client(&vendor, &of.to).await;
        exchange.home.tamper("UPDATE delegation SET kinds = 33554430, roles = 524287").await;
        // All but a family's, which goes with no other.
        exchange.home.tamper("UPDATE credential SET roles = 524287").await;
        assert_eq!(refused(client.get(&hidden).await).reason, Reason::PermissionDenied);
    }
}
