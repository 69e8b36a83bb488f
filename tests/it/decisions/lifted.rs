//! A decision about one setting, a request that is sent again, a move that is erased, and refusals
//! recorded on two nodes while a receiver waits.

use baton_wire::v1::{DecisionSaid, DecisionToward, ItemKind, Role, SectionKind};
use futures::future::try_join_all;

use super::{Said, parent, position};
use crate::harness::*;
use crate::recipients::what;

const KINDS: &[SectionKind] = &[SectionKind::Attainment];
const REFUSAL: Said<'static> = parent(DecisionToward::Education, DecisionSaid::Refused, KINDS);

on_both_engines! {
    async fn a_refusal_to_one_school_goes_with_the_school(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let one = Said { setting: Some(&of.to), ..REFUSAL };
        sender.records(&of.name, &one).await.unwrap();
        // A form that allows education as such does not open it.
        let form = Said { said: DecisionSaid::Allowed, kinds: &[], ..REFUSAL };
        sender.records(&of.name, &form).await.unwrap();
        let has = async |setting: &Setting| {
            let lead = exchange.person(setting, &[Role::ReceiverLead]).await;
            let kinds = kinds(&lead.get(&profile).await.unwrap());
            kinds.contains(&"attainment".to_owned())
        };
        assert!(!has(&of.to).await);
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        assert!(has(&exchange.academy).await, "it was not refused to this one");
        exchange.officer.redirect(&of.name, &of.to, "2026-03-09").await.unwrap();
        assert!(!has(&of.to).await, "it was, to that one");
        exchange.holds().await;
    }

    async fn a_decision_changed_in_the_database_is_found(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.records(&of.name, &REFUSAL).await.unwrap();
        exchange.holds().await;
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        // The refusal becomes an agreement: `said` is the fourth word.
        let said = "UPDATE sharing SET decisions = '2 3 1 1' || substr(decisions, 8)";
        exchange.home.tamper(said).await;
        let (whole, told) = crate::tamper::verified(&connection).await;
        assert!(!whole && told.contains("row_changed"), "{told}");
        exchange.home.tamper("DELETE FROM sharing").await;
        let (whole, told) = crate::tamper::verified(&connection).await;
        assert!(!whole && told.contains("row_missing"), "{told}");
    }

    async fn a_request_sent_again_is_answered_again_and_what_is_erased_says_nothing(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        exchange.sent(&of).await;
        let asked = REFUSAL.asked(&sender, &of.name);
        let first = sender.transitions().record_sharing_decision(asked.clone()).await.unwrap().into_inner();
        let back = Said { said: DecisionSaid::Withdrawn, ..REFUSAL };
        sender.records(&of.name, &back).await.unwrap();
        let again = sender.transitions().record_sharing_decision(asked).await.unwrap().into_inner();
        assert_eq!(again.decision, first.decision);
        assert_eq!(position(&again), position(&first));
        let all = sender.decisions(&of.name).await.unwrap();
        assert_eq!(all.len(), 2, "and is not in force again: the newest counts");
        let size = exchange.size();
        sender.erase(sender.erasure(&of.name)).await.unwrap();
        let line = exchange.one_since(size).await;
        let rows = format!("{:?}", line.get("rows").unwrap());
        assert!(rows.contains("sharing"), "{rows}");
        let text = if exchange.home.is_postgres() {
            "SELECT convert_to(decisions, 'UTF8') FROM sharing"
        } else {
            "SELECT CAST(decisions AS BLOB) FROM sharing"
        };
        assert_eq!(exchange.home.bytes(text).await, [Vec::<u8>::new()]);
        exchange.holds().await;
    }
}

#[test]
fn refusals_and_their_lifting_on_two_nodes_come_in_one_order() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, door) = exchange.second().await;
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let one = exchange.person(&of.from, &[Role::Publisher]).await;
        let sections = baton_wire::v1::Sections {
            attainment: typical(2, of.point).attainment,
            ..Default::default()
        };
        one.publish(submission(&of, sections)).await.unwrap();
        let token = lead.await_item(&subscription, "").await.unwrap().token;
        let other = exchange.person(&of.from, &[Role::Dsl]).await.at(&door);
        let begun = exchange.size();
        let allows = Said {
            said: DecisionSaid::Allowed,
            ..REFUSAL
        };
        let turns = [&one, &other].map(async |who| {
            for _ in 0..12 {
                who.records(&of.name, &REFUSAL).await?;
                who.records(&of.name, &allows).await?;
            }
            Answer::Ok(())
        });
        try_join_all(turns).await.unwrap();

        // By position: each change of the row puts the opposite item before the receiver.
        let lines = exchange.lines(begun).await;
        let changes = lines.iter().zip(begun..).filter(|(line, _)| {
            line.said() == ("sharing_recorded", "done") && line.get("rows").is_some()
        });
        let expected: Vec<(i64, bool)> = changes
            .map(|(line, position)| {
                let refused = line.text("detail/said") == "refused";
                (i64::try_from(position).unwrap(), refused)
            })
            .collect();
        let came = lead.pull(&subscription, &token).await.unwrap();
        let last = came
            .items
            .iter()
            .map(|item| (item.position, item.kind() == ItemKind::Closed));
        assert_eq!(
            last.collect::<Vec<_>>(),
            expected,
            "each once, in the ledger's order"
        );
        assert!(what(&came.items).len() >= 24, "{expected:?}");
        exchange.holds().await;
        second.stop().await;
        exchange.end().await;
    });
}
