//! Once a setting was handed over, its caretaker's agreement counts: who answers for what it left.

use baton_wire::status::Reason;
use baton_wire::v1::{Role, SendingReason};

use super::part;
use crate::harness::*;

on_both_engines! {
    async fn the_caretakers_agreement_counts_for_what_was_left(exchange) {
        let of = exchange.open_move().await;
        let sent = exchange.head_sends(&of, part(true, true)).await.name;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let carer = exchange.elsewhere.clone();
        exchange.officer.signs_no_more(&carer.name).await.unwrap();
        exchange.officer.hand_over(&of.from, &carer.name).await.unwrap();
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"], "its own is nobody's any more");
        let closed = exchange.officer.signs(&of.from.name, framework()).await;
        assert_eq!(refused(closed).reason, Reason::SettingHandedOver);
        // Who looks after it may send all the same, and is told why nothing goes.
        let head = exchange.person(&carer, &[Role::Publisher]).await;
        let shown = head.transition(&of.name).await.unwrap().missing_agreements;
        assert_eq!((shown.len(), shown[0].sender_unsigned, shown[0].receiver_unsigned), (1, true, false));
        head.sends_without(&of.name, &of.to, SendingReason::JoiningUnderWay).await.unwrap();
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["attendance", "health"]);
        head.sends_without_no_more(&of.name, &of.to).await.unwrap();
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"]);

        let subscription = lead.subscribe().await.unwrap();
        let token = lead.pull(&subscription, "").await.unwrap().token;
        head.signs("", framework()).await.unwrap();
        let turn = lead.await_item(&subscription, &token).await.unwrap();
        assert_eq!(numbers(&the_profile(&turn.items).kinds).len(), 2);
        exchange.holds().await;
    }

    async fn what_an_unsigned_setting_left_opens_with_a_caretaker_that_signed(exchange) {
        let of = exchange.open_move().await;
        exchange.officer.signs_no_more(&of.from.name).await.unwrap();
        exchange.head_sends(&of, part(true, true)).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let token = lead.await_item(&subscription, "").await.unwrap().token;
        exchange.officer.hand_over(&of.from, &exchange.elsewhere.name).await.unwrap();
        let turn = lead.await_item(&subscription, &token).await.unwrap();
        assert_eq!(numbers(&the_profile(&turn.items).kinds).len(), 2);
    }
}
