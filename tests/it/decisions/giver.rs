//! Who may record a decision, and whose it is to give: everything that is wrong is told at once, and
//! changes nothing.

use baton_wire::status::Reason;
use baton_wire::v1::{
    self, DecisionBasis, DecisionGiver, DecisionSaid, DecisionToward, Role, SectionKind,
};

use super::{Said, parent};
use crate::harness::*;

const REFUSAL: Said<'static> = parent(
    DecisionToward::Education,
    DecisionSaid::Refused,
    &[SectionKind::Attainment],
);

on_both_engines! {
    async fn the_sending_side_records_and_nobody_else(exchange) {
        let of = exchange.open_move().await;
        let profile = exchange.sent(&of).await;
        let council = exchange.council();
        let lead = exchange.person(&of.to, &[Role::ReceiverLead, Role::Senco, Role::Dsl, Role::Publisher]).await;
        let (key, _) = exchange.key_holder(&of.from, &[Role::Publisher]).await;
        for who in [
            &lead,
            &exchange.person(&exchange.elsewhere, &[Role::Publisher, Role::Dsl]).await,
            &exchange.person(&council, &[Role::AdmissionsOfficer, Role::TransitionOfficer]).await,
            &exchange.person(&of.from, &[Role::DataManager, Role::Contributor]).await,
            &key,
        ] {
            let size = exchange.size();
            let answer = who.records(&of.name, &REFUSAL).await;
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
            let line = exchange.one_since(size).await;
            assert_eq!(line.said(), ("sharing_recorded", "denied"));
            assert_eq!(refused(who.decisions(&of.name).await).reason, Reason::PermissionDenied);
        }
        let had = lead.get(&profile).await.unwrap();
        for role in [Role::Publisher, Role::Senco, Role::Dsl] {
            let who = exchange.person(&of.from, &[role]).await;
            who.records(&of.name, &REFUSAL).await.unwrap();
        }
        let sees = lead.get(&profile).await.unwrap();
        assert_eq!(sees.kinds.len() + 1, had.kinds.len());
        let sender = exchange.person(&of.from, &[Role::Senco]).await;
        let all = sender.decisions(&of.name).await.unwrap();
        assert_eq!(all.len(), 1, "said again is said once");
        assert_eq!((all[0].giver(), all[0].said()), (DecisionGiver::Parent, DecisionSaid::Refused));
        exchange.holds().await;
    }

    async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_changed(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        exchange.sent(&of).await;
        let code = v1::SettingIdentifier { scheme: "baton-local".to_owned(), value: "none".to_owned() };
        let unknown = Setting { name: String::new(), code };
        let wrong = Said {
            giver: DecisionGiver::Representative,
            basis: DecisionBasis::OwnDecision,
            on: "2026-03-11",
            setting: Some(&unknown),
            ..REFUSAL
        };
        let told = refused(sender.records(&of.name, &wrong).await);
        let mut rules: Vec<_> = told.violations.iter().map(|one| one.rule.clone()).collect();
        rules.sort();
        let expected = [
            "assessed_on.required",
            "basis.giver",
            "giver.representative_under_16",
            "said_on.future",
            "setting.unknown",
        ];
        assert_eq!(rules, expected);
        // A vendor receives nothing of its own.
        let vendor = exchange.vendor("example-mis").await;
        for setting in [&exchange.adult_care, &vendor] {
            let other = Said { setting: Some(setting), ..REFUSAL };
            let told = refused(sender.records(&of.name, &other).await);
            assert_eq!(told.violations[0].rule, "setting.toward");
        }
        assert_eq!(sender.decisions(&of.name).await.unwrap(), []);
        let alone = Said {
            giver: DecisionGiver::Learner,
            basis: DecisionBasis::OwnDecision,
            ..REFUSAL
        };
        let told = refused(sender.records(&of.name, &alone).await);
        assert_eq!(told.violations[0].rule, "basis.under_16");
        let competent = Said { basis: DecisionBasis::CompetentChild, ..alone };
        sender.records(&of.name, &competent).await.unwrap();
        // What the child refused, a parent does not allow.
        let allows = Said { said: DecisionSaid::Allowed, ..REFUSAL };
        sender.records(&of.name, &allows).await.unwrap();
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let listed = lead.list_transitions().await.unwrap();
        assert_eq!(listed.len(), 1);
        let subscription = lead.subscribe().await.unwrap();
        let came = lead.pull(&subscription, "").await.unwrap();
        assert!(!kinds(the_profile(&came.items)).contains(&"attainment".to_owned()));
    }
}
