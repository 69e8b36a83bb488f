//! The operator's page: counts and times, and nothing about anybody.

use baton_wire::v1::Role;

use crate::harness::*;

on_both_engines! {
    async fn calls_are_counted_by_method_and_code_and_labels_cannot_be_made_up(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let stranger = exchange.person(&exchange.elsewhere, &[Role::Senco]).await;
        let profile = sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        receiver.get(&profile.name).await.unwrap();
        stranger.get(&profile.name).await.unwrap_err();
        let made_up = raw(&sender, "MadeUpService/Xanthippe", Vec::new().into()).await;
        assert_eq!(made_up.unwrap_err().code(), tonic::Code::Unimplemented);

        assert!(exchange.page("/ready").await.starts_with("HTTP/1.1 200"));
        let page = exchange.page("/metrics").await;
        for line in [
            r#"baton_calls_total{method="/baton.v1.ProfileService/PublishProfile",code="0"}"#,
            r#"baton_calls_total{method="/baton.v1.ProfileService/GetProfile",code="0"}"#,
            r#"baton_calls_total{method="/baton.v1.ProfileService/GetProfile",code="7"}"#,
            r#"baton_calls_total{method="other",code="12"}"#,
            "baton_batch_acts",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
        let learner = &of.learner[0].value;
        for personal in [learner.as_str(), "Testcroft", "Xanthippe", "stg_", "trn_", "prf_"] {
            assert!(!page.contains(personal), "{personal} is in {page}");
        }
    }
}
