//! Named and ended at the same time on two nodes: what stands is what the ledger says last, and the
//! recipient is told each turn of it in order.

use baton_wire::v1::{ItemKind, RecipientPurpose, Role, SectionKind};
use futures::future::try_join_all;

use super::further;
use crate::harness::*;

#[test]
fn naming_and_ending_on_two_nodes_come_in_one_order() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, door) = exchange.second().await;
        let of = exchange.open_move().await;
        let council = exchange.council();
        let officer = exchange
            .person(&council, &[Role::VirtualSchoolOfficer])
            .await;
        let subscription = officer.subscribe().await.unwrap();
        let profile = exchange.sent(&of).await;
        let one = exchange.person(&of.from, &[Role::Publisher]).await;
        let other = exchange
            .person(&of.from, &[Role::Publisher])
            .await
            .at(&door);
        let named = further(RecipientPurpose::LookedAfter, &[SectionKind::Identity]);
        let begun = exchange.size();
        let turns = [&one, &other].map(async |who| {
            let mut done = 0;
            for _ in 0..12 {
                who.names(&of.name, &council, named).await?;
                // The other one may have been faster.
                done += usize::from(who.lets_go(&of.name, &council).await.is_ok());
            }
            Answer::Ok(done)
        });
        let ended = try_join_all(turns).await.unwrap();
        assert!(ended.iter().sum::<usize>() >= 12, "{ended:?}");

        // By position: each change of the row puts the opposite item before the recipient.
        let lines = exchange.lines(begun).await;
        let changes = lines.iter().zip(begun..).filter(|(line, _)| {
            let (kind, verdict) = line.said();
            kind.starts_with("recipient_") && verdict == "done" && line.get("rows").is_some()
        });
        let expected: Vec<(i64, ItemKind)> = changes
            .map(|(line, position)| {
                let kind = if line.said().0 == "recipient_added" {
                    ItemKind::NotAvailable
                } else {
                    ItemKind::Closed
                };
                (i64::try_from(position).unwrap(), kind)
            })
            .collect();
        let came = officer.pull(&subscription, "").await.unwrap();
        let last = came.items.iter().map(|item| (item.position, item.kind()));
        assert_eq!(
            last.collect::<Vec<_>>(),
            expected,
            "each once, in the ledger's order"
        );
        let alternate = expected.windows(2).all(|two| two[0].1 != two[1].1);
        assert!(alternate, "{expected:?}");
        assert!(
            officer.get(&profile).await.is_err(),
            "the last word was that it ends"
        );
        exchange.holds().await;
        second.stop().await;
        exchange.end().await;
    });
}
