//! What a receiver asks.

use baton_wire::twin as wire;

use super::*;

pub(super) fn subscriptions(of: &Things) -> Vec<Call> {
    use Person::Receiver;
    let parent = || of.receiver.clone();
    let profile = under(&of.receiver, &of.profile);
    vec![
        call(
            "SubscriptionService/CreateSubscription",
            Receiver,
            &wire::CreateSubscriptionRequest {
                parent: parent(),
                subscription: Some(wire::Subscription {
                    subscription_id: "fuzz".to_owned(),
                    academic_year: 2025,
                    ..Default::default()
                }),
                request_id: fresh(),
            },
        ),
        call(
            "SubscriptionService/Pull",
            Receiver,
            &wire::PullRequest {
                parent: parent(),
                subscription: of.subscription.clone(),
                token: of.token.clone(),
                max_items: 3,
                wait_ms: 1,
                inline_content: true,
            },
        ),
        call(
            WATCH,
            Receiver,
            &wire::WatchRequest {
                parent: parent(),
                subscription: of.subscription.clone(),
                token: of.token.clone(),
                max_items: 3,
                inline_content: true,
            },
        ),
        call(
            "SubscriptionService/Acknowledge",
            Receiver,
            &wire::AcknowledgeRequest {
                parent: parent(),
                profile: profile.clone(),
                version: 1,
                request_id: fresh(),
            },
        ),
        call(
            "SubscriptionService/Reject",
            Receiver,
            &wire::RejectRequest {
                parent: parent(),
                profile,
                version: 1,
                request_id: fresh(),
                ..Default::default()
            },
        ),
    ]
}
