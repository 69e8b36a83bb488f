//! What a sender is told of the children it names: by its own records, and by nothing else.

use baton_wire::status::Reason;
use baton_wire::v1;

use super::{local, naming, row, set};
use crate::harness::*;

/// Field and rule of each.
fn told(notices: &[v1::FieldViolation]) -> Vec<(&str, &str)> {
    let each = notices.iter();
    each.map(|one| (one.field.as_str(), one.rule.as_str()))
        .collect()
}

on_both_engines! {
    async fn a_child_nobody_knows_is_taken_and_the_sender_is_told(exchange) {
        let (child, friend) = (exchange.classmate().await, exchange.classmate().await);
        let list = exchange.child(&exchange.primary, vec![local("27")], None).await;
        let unknown = upn(exchange.number());
        let differing = [friend.of.learner[0].clone(), local("27")];
        let rows = vec![
            friend.named("Ada"),
            row("Ben", &[]),
            row("Cleo", std::slice::from_ref(&unknown)),
            row("Dan", &differing),
            list.named("Eve"),
            row("Finn", &[local("28")]),
        ];
        let sender = exchange.publisher().await;
        let said = naming(&child.of, rows);
        let expected = [
            ("profile.content.relationships.peers[1]", "peer.unnamed"),
            ("profile.content.relationships.peers[2]", "peer.unknown"),
            ("profile.content.relationships.peers[3]", "peer.differing"),
            ("profile.content.relationships.peers[5]", "peer.unknown"),
        ];
        // A check looks at the submission alone, and leaves no entry.
        let checked = sender.check(said.clone()).await.unwrap();
        assert_eq!((told(&checked.notices), checked.violations.len()), (expected[..1].to_vec(), 0));
        let id = fresh();
        let published = sender.publish_as(&id, said.clone()).await.unwrap();
        assert_eq!(told(&published.notices), expected);
        assert!(published.notices.iter().all(|one| one.description.contains("will not be shown")));
        let text = format!("{:?}", published.notices);
        for value in [&unknown.value, "Cleo", "28"] {
            assert!(!text.contains(value), "no value is repeated: {text}");
        }
        // The same request again, and the same content.
        let again = sender.publish_as(&id, said.clone()).await.unwrap();
        assert_eq!(told(&again.notices), expected);
        let same = sender.publish(said.clone()).await.unwrap();
        assert_eq!((same.changed, told(&same.notices)), (false, expected.to_vec()));

        // What another sender knows makes no difference.
        let junior = exchange.another(v1::SettingKind::School, "junior").await;
        exchange.child(&junior, vec![unknown.clone()], Some(&exchange.secondary)).await;
        let same = sender.publish(said.clone()).await.unwrap();
        assert_eq!(told(&same.notices), expected);
        // What it plans itself does: it is shown from then on, without a version.
        exchange.child(&exchange.primary, vec![unknown], Some(&exchange.secondary)).await;
        let senco = exchange.senco().await;
        assert_eq!(senco.sees(&published.name).await, set(&["Ada"]));
        let size = exchange.size();
        let found = sender.publish(said).await.unwrap();
        assert_eq!((found.version, found.changed), (1, false));
        assert_eq!(told(&found.notices), [expected[0], expected[2], expected[3]]);
        assert_eq!(exchange.one_since(size).await.said(), ("unchanged", "done"));
        assert_eq!(senco.sees(&published.name).await, set(&["Ada", "Cleo"]));
        exchange.holds().await;
    }

    async fn a_profile_that_names_its_own_learner_is_refused_with_every_such_row(exchange) {
        let number = upn(exchange.number());
        let both = vec![number.clone(), local("27")];
        let child = exchange.child(&exchange.primary, both, Some(&exchange.secondary)).await;
        let rows = vec![
            row("herself", &[local("27")]),
            row("nobody", &[]),
            row("herself again", std::slice::from_ref(&number)),
        ];
        let sender = exchange.publisher().await;
        let size = exchange.size();
        let said = refused(sender.publish(naming(&child.of, rows.clone())).await);
        assert_eq!(said.reason, Reason::InvalidRequest);
        let fields = |told: &Told| -> Vec<String> {
            told.violations.iter().map(|one| one.field.clone()).collect()
        };
        let expected = ["profile.content.relationships.peers[0]", "profile.content.relationships.peers[2]"];
        assert_eq!(fields(&said), expected);
        assert!(said.violations.iter().all(|one| one.rule == "peer.itself"));
        assert_eq!(exchange.one_since(size).await.said(), ("published", "failed"));

        // Where the submission itself says who the learner is, before it gets that far.
        let mut by_number = naming(&child.of, rows);
        by_number.transition.clear();
        by_number.learner = vec![number];
        by_number.point = child.of.point.into();
        by_number.academic_year = 2025;
        let size = exchange.size();
        let said = refused(sender.publish(by_number).await);
        assert_eq!(fields(&said), expected[1..]);
        assert_eq!(exchange.size(), size, "what cannot be read is no act");
    }

    async fn a_local_identifier_that_can_be_none_is_a_violation_of_its_row(exchange) {
        let child = exchange.classmate().await;
        let sender = exchange.publisher().await;
        let rows = vec![row("Ada", &[local("27")]), row("Ben", &[local("café")])];
        let said = refused(sender.publish(naming(&child.of, rows)).await);
        let [wrong] = said.violations.as_slice() else { panic!("{said:?}") };
        let field = "profile.content.relationships.peers[1].local_id";
        assert_eq!((wrong.field.as_str(), wrong.rule.as_str()), (field, "local_id.form"));
    }
}
