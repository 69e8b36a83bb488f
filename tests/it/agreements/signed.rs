//! Signing puts what becomes visible before its receivers, at a position, once; a first day does so when
//! it comes.

use baton_wire::v1::{ItemKind, Role};

use super::{days, part};
use crate::harness::*;
use crate::recipients::{next, what};

on_both_engines! {
    async fn signing_releases_at_a_position_what_was_closed(exchange) {
        let (of, bare) = (exchange.unsigned_move().await, exchange.open_move().await);
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let mut watch = lead.watch(&subscription, "").await.unwrap();
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        let first = next(&mut watch).await;
        assert_eq!(numbers(&first.profile.unwrap().kinds).len(), 1, "health");
        // Of health alone there is nothing more to be told.
        exchange.head_sends(&bare, part(true, false)).await;
        next(&mut watch).await;
        let away = lead.subscribe_to("away", of.point, 0).await.unwrap();
        let before = lead.pull(&away, "").await.unwrap().token;

        let head = exchange.person(&of.to, &[Role::Publisher]).await;
        let signed = head.signs("", framework()).await.unwrap();
        let view = signed.agreement.unwrap();
        assert!(view.in_force && !view.recorded, "{view:?}");
        let again = next(&mut watch).await;
        assert_eq!(numbers(&again.profile.unwrap().kinds).len(), 2);
        let signed_at = signed.receipt.unwrap().position;
        assert!(again.position > signed_at);
        let entry = exchange.lines(u64::try_from(again.position).unwrap()).await.remove(0);
        assert_eq!(entry.said().0, "released");
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["attendance", "health"]);

        // Signed again and ended in between, nobody is told twice of what is known.
        head.signs("", days("", "2030-08-31")).await.unwrap();
        let third = exchange.open_move().await;
        exchange.head_sends(&third, part(true, true)).await;
        let last = next(&mut watch).await;
        let known = last.profile.unwrap().transition;
        assert_eq!(known, lead.mine(&third.name), "nothing came before it");
        drop(watch);
        // Who was away in between misses nothing, and has nothing twice.
        let turn = lead.pull(&away, &before).await.unwrap();
        assert_eq!(what(&turn.items), [ItemKind::Profile, ItemKind::Profile]);
        assert_eq!(turn.items[0].position, again.position);
        exchange.holds().await;
    }

    async fn a_first_day_opens_when_it_comes_in_london(exchange) {
        let of = exchange.unsigned_move().await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        let subscription = lead.subscribe().await.unwrap();
        let token = lead.await_item(&subscription, "").await.unwrap().token;
        let view = exchange.officer.signs(&of.to.name, days("2026-04-02", "")).await.unwrap();
        let view = view.agreement.unwrap();
        assert!(!view.in_force && view.recorded, "{view:?}");
        // By the clocks of London, which are an hour ahead by then.
        exchange.hand.send_replace(at("2026-04-01T22:59:59Z"));
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"]);
        exchange.hand.send_replace(at("2026-04-01T23:00:00Z"));
        let turn = lead.await_item(&subscription, &token).await.unwrap();
        assert_eq!(numbers(&the_profile(&turn.items).kinds).len(), 2);
        exchange.holds().await;
    }

    async fn what_was_widened_before_a_node_died_is_released_when_it_starts(exchange) {
        let of = exchange.unsigned_move().await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        exchange.head_sends(&of, part(true, true)).await;
        let subscription = lead.subscribe().await.unwrap();
        let token = lead.await_item(&subscription, "").await.unwrap().token;
        exchange.stop().await;
        // As if the act of signing had been the last thing the node did.
        let signed = "UPDATE agreement SET ended = 0";
        exchange.home.tamper(signed).await;
        exchange.start(false).await.unwrap();
        let lead = lead.at(&exchange.door);
        let turn = lead.await_item(&subscription, &token).await.unwrap();
        assert_eq!(numbers(&the_profile(&turn.items).kinds).len(), 2);
    }
}
