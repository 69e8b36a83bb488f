//! No recipient learns of another: everything one is answered is the same whether the other is
//! there or not.

use baton_wire::v1::{self, RecipientPurpose, Role, SectionKind};
use prost::Message as _;

use super::{dual, further};
use crate::harness::*;

/// All that somebody is answered about a move, with everything of it but where the ledger stands.
async fn all_answers(
    who: &Caller,
    (of, profile): (&str, &str),
    subscription: &str,
) -> Vec<Vec<u8>> {
    let told = |answer: Answer<Vec<u8>>| match answer {
        Ok(bytes) => bytes,
        Err(status) => format!("{:?}", refused::<()>(Err(status))).into_bytes(),
    };
    let listed = who.list_transitions().await.unwrap();
    let turn = who.pull(subscription, "").await.unwrap();
    let documents = who.documents_of(profile).await;
    let documents = documents.map(|all| all.iter().flat_map(v1::Document::encode_to_vec).collect());
    vec![
        listed
            .iter()
            .flat_map(v1::Transition::encode_to_vec)
            .collect(),
        told(who.transition(of).await.map(|it| it.encode_to_vec())),
        told(who.get(profile).await.map(|it| it.encode_to_vec())),
        turn.items
            .iter()
            .flat_map(v1::Item::encode_to_vec)
            .collect(),
        told(documents),
        told(who.who_saw(of).await.map(|_| Vec::new())),
    ]
}

on_both_engines! {
    async fn every_answer_is_the_same_with_and_without_the_other(exchange) {
        let of = exchange.open_move().await;
        let council = exchange.council();
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let profile = exchange.sent(&of).await;
        let two = dual("2026-03-10", "2026-07-31");
        let virtual_school = further(
            RecipientPurpose::LookedAfter,
            &[SectionKind::Identity, SectionKind::Attainment],
        );
        let destination = exchange.person(&of.to, &[Role::Senco, Role::ReceiverLead]).await;
        let second = exchange.person(&exchange.academy, &[Role::Senco, Role::ReceiverLead]).await;
        let officer = exchange.person(&council, &[Role::VirtualSchoolOfficer]).await;
        let former = exchange.person(&exchange.elsewhere, &[Role::Senco]).await;
        let people = [&destination, &second, &officer, &former];
        let mut subscriptions = Vec::new();
        for who in people {
            subscriptions.push(who.subscribe().await.unwrap());
        }
        // One was a recipient once.
        sender.names(&of.name, &exchange.elsewhere, two).await.unwrap();
        former.get(&profile).await.unwrap();
        sender.lets_go(&of.name, &exchange.elsewhere).await.unwrap();
        sender.names(&of.name, &exchange.academy, two).await.unwrap();
        destination.get(&profile).await.unwrap();
        second.get(&profile).await.unwrap();

        let answers = async |who: usize| {
            all_answers(people[who], (&of.name, &profile), &subscriptions[who]).await
        };
        let (mut alone, bystanders) = (Vec::new(), [0, 1, 3]);
        for who in bystanders {
            // The first pull moves the own receipt on; what comes after it is compared.
            answers(who).await;
            alone.push(answers(who).await);
        }
        let check = async |what: &str| {
            for (who, before) in bystanders.into_iter().zip(&alone) {
                assert!(&answers(who).await == before, "{who} when the other {what}");
            }
        };
        sender.names(&of.name, &council, virtual_school).await.unwrap();
        check("is named").await;
        officer.get(&profile).await.unwrap();
        check("has opened").await;
        officer.acknowledge(&profile, 1).await.unwrap();
        check("has taken over").await;
        officer.reject(&profile, 1, v1::RejectReason::Moved).await.unwrap();
        check("has sent back").await;
        sender.lets_go(&of.name, &council).await.unwrap();
        check("is ended").await;

        // And the other way round: the new one, while an older one comes, answers and goes.
        sender.names(&of.name, &council, virtual_school).await.unwrap();
        answers(2).await;
        let with = answers(2).await;
        second.acknowledge(&profile, 1).await.unwrap();
        assert!(answers(2).await == with);
        sender.lets_go(&of.name, &exchange.academy).await.unwrap();
        assert!(answers(2).await == with);
        destination.acknowledge(&profile, 1).await.unwrap();
        assert!(answers(2).await == with, "nor of what the destination says");
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        assert!(answers(2).await == with, "nor that it is another one");
    }
}
