//! An agreement that ends closes at once, on open streams too, by an act or by its last day; and what was
//! answered shorter meanwhile is told again once both have signed.

use baton_wire::status::Reason;
use baton_wire::v1::{ItemKind, Role, SectionKind};

use super::{days, other_health, part};
use crate::harness::*;
use crate::recipients::next;

on_both_engines! {
    async fn ended_it_closes_at_once_on_an_open_stream(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let mut watch = lead.watch(&subscription, "").await.unwrap();
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let sent = head.publish(submission(&of, part(true, true))).await.unwrap().name;
        assert_eq!(numbers(&next(&mut watch).await.profile.unwrap().kinds).len(), 2);
        let file = head.add(&sent, (SectionKind::Attendance, "days"), b"missed").await.unwrap();
        next(&mut watch).await;
        lead.download(&file).await.0.unwrap();

        let theirs = exchange.person(&of.to, &[Role::Publisher]).await;
        let ended = theirs.signs_no_more("").await.unwrap().agreement.unwrap();
        assert!(ended.ended && !ended.in_force, "{ended:?}");
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"]);
        assert_eq!(refused(lead.download(&file).await.0).reason, Reason::PermissionDenied);
        // A change of what is closed is no item; one of health is, and shows health alone.
        let mut changed = part(false, true);
        changed.attendance.as_mut().unwrap().what_helps = Some("a taxi".to_owned());
        head.publish(submission(&of, changed)).await.unwrap();
        let told = head.publish(submission(&of, other_health())).await.unwrap();
        assert!(told.changed);
        let item = next(&mut watch).await;
        assert_eq!(item.position, told.receipt.unwrap().position, "the first thing that came");
        assert_eq!(numbers(&item.profile.unwrap().kinds).len(), 1);
        assert_eq!(refused(theirs.signs_no_more("").await).reason, Reason::NoAgreement);
        exchange.holds().await;
    }

    async fn its_last_day_is_its_last(exchange) {
        let of = exchange.open_move().await;
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        exchange.officer.signs(&of.to.name, days("2026-03-01", "2026-04-01")).await.unwrap();
        exchange.hand.send_replace(at("2026-04-01T22:59:59Z"));
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["attendance", "health"]);
        exchange.hand.send_replace(at("2026-04-01T23:00:00Z"));
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"]);
        let over = exchange.officer.signs_no_more(&of.to.name).await;
        assert_eq!(refused(over).reason, Reason::NoAgreement, "nothing is left to end");
    }

    async fn who_was_refused_meanwhile_is_told_once_it_is_open_again(exchange) {
        let of = exchange.open_move().await;
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let turn = lead.pull(&subscription, "").await.unwrap();
        assert_eq!(turn.items.len(), 1);
        exchange.officer.signs_no_more(&of.to.name).await.unwrap();
        // What came as open is refused when it is asked for.
        assert_eq!(refused(lead.get(&sent).await).reason, Reason::PermissionDenied);
        exchange.officer.signs(&of.to.name, framework()).await.unwrap();
        let again = lead.await_item(&subscription, &turn.token).await.unwrap();
        assert_eq!(again.items[0].kind(), ItemKind::Profile);
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["attendance"]);
    }

    async fn what_comes_meanwhile_is_not_available_and_comes_back(exchange) {
        let of = exchange.open_move().await;
        exchange.head_sends(&of, part(false, true)).await;
        exchange.officer.signs_no_more(&of.from.name).await.unwrap();
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let turn = lead.pull(&subscription, "").await.unwrap();
        assert_eq!(turn.items[0].kind(), ItemKind::NotAvailable);
        exchange.officer.signs(&of.from.name, framework()).await.unwrap();
        let again = lead.await_item(&subscription, &turn.token).await.unwrap();
        assert_eq!(again.items[0].kind(), ItemKind::Profile);
    }
}
