//! A request id makes a mutating call safe to repeat; the same id with other content is refused.

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role};

use crate::harness::*;

on_both_engines! {
    async fn a_repeated_publish_is_one_version_and_one_entry(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let (id, content) = (fresh(), submission(&of, typical(1, of.point)));
        let first = sender.publish_as(&id, content.clone()).await.unwrap();
        let size = exchange.size();
        let again = sender.publish_as(&id, content).await.unwrap();
        assert_eq!(exchange.size(), size, "a replay makes no entry");
        assert_eq!((&again.name, again.version), (&first.name, first.version));
        let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
        assert!(again.replayed && !first.replayed);
        assert_eq!((again.position, &again.leaf_hash), (first.position, &first.leaf_hash));
    }

    async fn the_same_request_id_with_other_content_is_refused(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let (id, content) = (fresh(), submission(&of, typical(1, of.point)));
        sender.publish_as(&id, content.clone()).await.unwrap();
        let before = exchange.size();
        let answer = sender.publish_as(&id, signed(content, "Somebody else")).await;
        let told = refused(answer);
        assert_eq!((told.code, told.reason), (tonic::Code::AlreadyExists, Reason::RequestIdConflict));
        exchange.one_since(before).await;
        let colleague = exchange.person(&of.from, &[Role::Publisher]).await;
        let answer = colleague.publish_as(&id, submission(&of, typical(2, of.point))).await;
        assert_eq!(refused(answer).reason, Reason::RequestIdConflict, "ids are the setting's");
    }

    async fn request_ids_of_two_settings_have_nothing_to_do_with_each_other(exchange) {
        let one = exchange.open_move().await;
        let other = exchange.planned(v1::Point::SecondaryToPost16).await;
        let id = fresh();
        for of in [one, other] {
            let sender = exchange.person(&of.from, &[Role::Publisher]).await;
            let published = sender.publish_as(&id, submission(&of, typical(1, of.point))).await;
            assert_eq!(published.unwrap().version, 1);
        }
    }

    async fn equal_content_makes_no_new_version_and_nothing_for_the_receiver(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let content = submission(&of, typical(1, of.point));
        sender.publish(content.clone()).await.unwrap();
        let first = receiver.await_item(&subscription, "").await.unwrap();

        let before = exchange.size();
        let same = sender.publish(content).await.unwrap();
        assert_eq!((same.version, same.changed), (1, false));
        assert_eq!(exchange.one_since(before).await.said(), ("unchanged", "done"));
        let then = receiver.pull(&subscription, &first.token).await.unwrap();
        assert_eq!(then.items, [], "nothing new came");
    }

    async fn every_mutating_call_can_be_repeated(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let profile = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;

        macro_rules! twice {
            ($caller:expr, $service:ident, $method:ident, $request:expr) => {{
                let request = $request;
                let first = $caller.$service().$method(request.clone()).await.unwrap().into_inner();
                let size = exchange.size();
                let again = $caller.$service().$method(request).await.unwrap().into_inner();
                assert_eq!(exchange.size(), size, concat!(stringify!($method), " was done twice"));
                (first, again)
            }};
        }
        macro_rules! receipts {
            ($answers:expr) => {{
                let (first, again) = $answers;
                let (first, again) = (first.receipt.unwrap(), again.receipt.unwrap());
                assert_eq!(first.position, again.position);
                assert!(again.replayed);
            }};
        }
        let subscription = v1::Subscription { subscription_id: "one".to_owned(), ..Default::default() };
        let (first, again) = twice!(receiver, subscriptions, create_subscription,
            v1::CreateSubscriptionRequest {
                parent: receiver.setting.clone(),
                subscription: Some(subscription),
                request_id: fresh(),
            });
        assert_eq!(first.name, again.name);
        receipts!(twice!(receiver, subscriptions, acknowledge, v1::AcknowledgeRequest {
            parent: receiver.setting.clone(),
            profile: receiver.mine(&profile),
            version: 1,
            request_id: fresh(),
        }));
        receipts!(twice!(receiver, subscriptions, reject, v1::RejectRequest {
            parent: receiver.setting.clone(),
            profile: receiver.mine(&profile),
            version: 1,
            reason: v1::RejectReason::Moved.into(),
            request_id: fresh(),
        }));
        receipts!(twice!(sender, transitions, record_fact, v1::RecordFactRequest {
            parent: sender.setting.clone(),
            name: sender.mine(&of.name),
            fact: v1::TransitionFact::Enrolled.into(),
            request_id: fresh(),
        }));
        receipts!(twice!(sender, transitions, redirect_transition, v1::RedirectTransitionRequest {
            parent: sender.setting.clone(),
            name: sender.mine(&of.name),
            to: Some(exchange.academy.code.clone()),
            request_id: fresh(),
            ..Default::default()
        }));
        receipts!(twice!(sender, profiles, withdraw_profile, v1::WithdrawProfileRequest {
            parent: sender.setting.clone(),
            name: sender.mine(&profile),
            request_id: fresh(),
        }));
        let (first, again) = twice!(exchange.officer, transitions, plan_transitions,
            v1::PlanTransitionsRequest {
                parent: exchange.officer.setting.clone(),
                transitions: vec![exchange.plan_of(v1::Point::PrimaryToSecondary)],
                request_id: fresh(),
            });
        let name = |answer: &v1::PlanTransitionsResponse| {
            answer.transitions[0].transition.clone().unwrap().name
        };
        assert_eq!(name(&first), name(&again));
        let (first, again) = twice!(exchange.officer, settings, issue_credential,
            v1::IssueCredentialRequest {
                parent: exchange.officer.setting.clone(),
                setting: of.from.name.clone(),
                label: "a key".to_owned(),
                roles: vec![Role::Publisher.into()],
                request_id: fresh(),
                ..Default::default()
            });
        assert_eq!(first.credential, again.credential);
        assert!(!first.api_key.is_empty());
        assert_eq!(again.api_key, "", "a secret is shown this once");
        receipts!(twice!(exchange.officer, settings, revoke_credential,
            v1::RevokeCredentialRequest {
                parent: exchange.officer.setting.clone(),
                name: first.credential.unwrap().name,
                request_id: fresh(),
            }));
    }

    async fn a_call_without_a_request_id_is_told_so(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let before = exchange.size();
        let told = refused(sender.publish_as("", submission(&of, typical(1, of.point))).await);
        assert_eq!(told.rules(), [("request_id", "request_id.form")]);
        assert_eq!(exchange.size(), before, "what cannot be decoded leaves no entry");
    }
}
