//! A setting closes: another one looks after what it left, and a child's move goes on.

use std::time::Duration;

use baton_wire::status::Reason;
use baton_wire::v1::{self, Role, SectionKind};

use crate::harness::*;

mod restricted;

impl Caller {
    /// Closes a setting and names its caretaker, whatever the register says.
    pub(crate) async fn hand_over(
        &self,
        closed: &Setting,
        to: &str,
    ) -> Answer<v1::SetCaretakerResponse> {
        self.hand_over_as(closed, to, true).await
    }

    async fn hand_over_as(
        &self,
        closed: &Setting,
        to: &str,
        still_open: bool,
    ) -> Answer<v1::SetCaretakerResponse> {
        let request = v1::SetCaretakerRequest {
            parent: self.setting.clone(),
            setting: closed.name.clone(),
            caretaker: to.to_owned(),
            request_id: fresh(),
            still_open,
        };
        Ok(self.settings().set_caretaker(request).await?.into_inner())
    }

    /// What the register says of a school now.
    async fn register(
        &self,
        of: &Setting,
        state: v1::SettingState,
        name: &str,
    ) -> v1::ImportedSetting {
        let setting = v1::Setting {
            kind: v1::SettingKind::School.into(),
            display_name: name.to_owned(),
            council: COUNCIL.to_owned(),
            identifiers: vec![of.code.clone()],
            state: state.into(),
            ..Default::default()
        };
        let request = v1::ImportSettingsRequest {
            parent: self.setting.clone(),
            settings: vec![setting],
            request_id: fresh(),
            ..Default::default()
        };
        let answer = self.settings().import_settings(request).await.unwrap();
        answer.into_inner().settings.remove(0)
    }

    /// Another destination, and nothing said of an offer.
    async fn send_to(&self, transition: &str, to: &Setting) -> Answer<()> {
        let request = v1::RedirectTransitionRequest {
            parent: self.setting.clone(),
            name: self.mine(transition),
            to: Some(to.code.clone()),
            request_id: fresh(),
            ..Default::default()
        };
        self.transitions()
            .redirect_transition(request)
            .await
            .map(drop)
    }
}

fn id(setting: &str) -> &str {
    setting.trim_start_matches("settings/")
}

/// Waits until nothing is under a key of a setting, and it has none.
async fn passed_on(home: &Home, from: &Setting, to: &str) {
    let (from, to) = (id(&from.name), id(to));
    let wait = async {
        let left = |sql: String| async move { home.count(&sql).await };
        while left(format!(
            "SELECT count(*) FROM setting_key WHERE setting_id = '{from}'"
        ))
        .await
            + left(format!(
                "SELECT count(*) FROM content WHERE owner_id = '{from}' AND keeper_id <> '{to}'"
            ))
            .await
            > 0
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    waited.expect("what the closed setting left is still under its own key");
    for table in ["content", "learner"] {
        let kept = format!(
            "SELECT count(*) FROM {table} WHERE owner_id = '{from}' AND keeper_id = '{to}'"
        );
        assert!(home.count(&kept).await > 0, "{table}");
    }
}

on_both_engines! {
    async fn a_closed_settings_moves_go_on_in_the_hands_of_its_caretaker(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let stranger = exchange.person(&exchange.academy, &[Role::Publisher, Role::Dsl]).await;
        let caretaker = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        let dsl = exchange.person(&exchange.elsewhere, &[Role::Dsl]).await;
        let said = submission(&of, typical(1, of.point));
        let sent = said.content.clone();
        let name = sender.publish(said.clone()).await.unwrap().name;
        for who in [&caretaker, &stranger] {
            assert_eq!(refused(who.get(&name).await).reason, Reason::PermissionDenied);
            assert_eq!(who.list_transitions().await.unwrap(), []);
        }

        let size = exchange.size();
        let told = exchange.officer.hand_over(&of.from, &exchange.elsewhere.name).await.unwrap();
        let closed = told.setting.unwrap();
        assert_eq!(closed.state(), v1::SettingState::Closed);
        assert_eq!(closed.caretaker, exchange.elsewhere.name);
        let line = exchange.one_since(size).await;
        assert_eq!(line.said(), ("caretaker_set", "done"));
        assert_eq!(line.text("detail/setting"), id(&of.from.name));
        assert_eq!(line.text("detail/caretaker"), id(&exchange.elsewhere.name));

        // Nobody at the closed setting has any right left, and nobody new gets one.
        for answer in [
            sender.get(&name).await.map(drop),
            sender.withdraw(&name).await.map(drop),
            sender.publish(said.clone()).await.map(drop),
            sender.list_transitions().await.map(drop),
        ] {
            assert_eq!(refused(answer).reason, Reason::Unauthenticated);
        }
        let papers = Papers::new();
        let again = exchange.officer.issue(&of.from.name, &[Role::Publisher], &papers.spki, 0).await;
        assert_eq!(refused(again).reason, Reason::SettingHandedOver);

        // The caretaker knows, answers, and keeps the move going; it reads nothing. The stranger
        // does not even know.
        assert_eq!(caretaker.transition(&of.name).await.unwrap().from, of.from.name);
        assert_eq!(caretaker.list_transitions().await.unwrap().len(), 1);
        for who in [&caretaker, &dsl] {
            assert_eq!(refused(who.get(&name).await).reason, Reason::PermissionDenied);
        }
        assert_eq!(receiver.get(&name).await.unwrap().content, sent);
        assert!(!caretaker.who_saw(&of.name).await.unwrap().is_empty());
        caretaker.hold(&of.name, v1::HoldReason::Inquiry).await.unwrap();
        assert!(caretaker.transition(&of.name).await.unwrap().legal_hold);
        caretaker.hold(&of.name, v1::HoldReason::Unspecified).await.unwrap();
        dsl.restrict(&of.name).await.unwrap();
        assert_eq!(refused(receiver.get(&name).await).reason, Reason::PermissionDenied);
        dsl.lift(&of.name).await.unwrap();
        assert!(receiver.get(&name).await.is_ok());
        caretaker.erase_kind(&of.name, SectionKind::SupportStrategies).await.unwrap();
        caretaker.send_to(&of.name, &exchange.academy).await.unwrap();
        assert_eq!(refused(receiver.get(&name).await).reason, Reason::PermissionDenied, "at once");

        // It writes nothing in the closed setting's name, and plans nothing for it.
        let theirs = v1::ProfileSubmission { transition: caretaker.mine(&of.name), ..said.clone() };
        assert_eq!(refused(caretaker.publish(theirs).await).reason, Reason::PermissionDenied);
        let plan = exchange.plan_of(of.point);
        let refusal = caretaker.plan(vec![plan.clone()]).await.unwrap().remove(0).error.unwrap();
        assert_eq!(refusal.reason, Reason::PermissionDenied.name());
        let refusal = exchange.officer.plan(vec![plan]).await.unwrap().remove(0).error.unwrap();
        assert_eq!(refusal.reason, Reason::SettingHandedOver.name());
        for answer in [
            stranger.get(&name).await.map(drop),
            stranger.withdraw(&name).await.map(drop),
            stranger.transition(&of.name).await.map(drop),
            receiver.withdraw(&name).await.map(drop),
        ] {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied);
        }
        caretaker.withdraw(&name).await.unwrap();
        let erased = dsl.erase(dsl.erasure(&of.name)).await.unwrap();
        assert_eq!(erased.transitions.len(), 1);
        exchange.is_verified().await;
    }

    async fn what_it_left_is_wrapped_under_the_caretakers_key_and_its_own_are_destroyed(exchange) {
        let (of, other) = (exchange.open_move().await, exchange.open_move().await);
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let first = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let second = sender.publish(submission(&other, typical(2, of.point))).await.unwrap().name;
        let (one, two) = (exchange.elsewhere.clone(), exchange.academy.clone());
        let ward = exchange.person(&one, &[Role::Publisher]).await;
        let next = exchange.person(&two, &[Role::Publisher]).await;
        for (setting, holder, former) in [(&one, &ward, &next), (&two, &next, &ward)] {
            exchange.officer.hand_over(&of.from, &setting.name).await.unwrap();
            passed_on(&exchange.home, &of.from, &setting.name).await;
            for name in [&first, &second] {
                assert!(receiver.get(name).await.is_ok());
            }
            let gone = refused(former.transition(&of.name).await);
            assert_eq!(gone.reason, Reason::PermissionDenied);
            let known = holder.transition(&of.name).await.unwrap();
            assert_eq!(upn_of(&known.learner), upn_of(&of.learner), "the record opens, too");
        }
        // Nothing but the caretaker's key opens it: a new epoch brings that one and no other back.
        let request = v1::RotateKeysRequest {
            parent: exchange.officer.setting.clone(),
            request_id: fresh(),
        };
        exchange.officer.keys().rotate_keys(request).await.unwrap();
        passed_on(&exchange.home, &of.from, &two.name).await;
        assert!(receiver.get(&first).await.is_ok());
        exchange.is_verified().await;
        exchange.stop().await;
        let keys = format!("DELETE FROM setting_key WHERE setting_id = '{}'", id(&two.name));
        exchange.home.tamper(&keys).await;
        exchange.start(false).await.unwrap();
        let refusal = refused(receiver.at(&exchange.door).get(&first).await);
        assert_eq!(refusal.reason, Reason::Internal, "its keeper's key is gone");
    }

    async fn who_manages_both_settings_may_and_there_are_no_chains(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let elsewhere = exchange.elsewhere.name.clone();
        let denied = refused(sender.hand_over(&of.from, &elsewhere).await);
        assert_eq!(denied.reason, Reason::PermissionDenied);
        let nobody = format!("settings/stg_{}", "0".repeat(26));
        let council = Setting { name: exchange.officer.setting.clone(), ..of.from.clone() };
        let operator = exchange.person(&exchange.elsewhere, &[Role::Operator]).await;
        let refusal = refused(operator.hand_over(&council, &elsewhere).await);
        assert_eq!(refusal.reason, Reason::CaretakerOfCouncil);
        for (closed, to, reason) in [
            (&of.from, of.from.name.clone(), Reason::CaretakerItself),
            (&of.from, nobody, Reason::PermissionDenied),
        ] {
            let refusal = refused(exchange.officer.hand_over(closed, &to).await);
            assert_eq!(refusal.reason, reason);
        }
        exchange.officer.hand_over(&of.from, &elsewhere).await.unwrap();
        let refusal = refused(exchange.officer.hand_over(&of.to, &of.from.name).await);
        assert_eq!(refusal.reason, Reason::CaretakerNotOpen);
        let refusal = refused(exchange.officer.hand_over(&exchange.elsewhere, &of.to.name).await);
        assert_eq!(refusal.reason, Reason::CaretakerOfOthers);
        exchange.officer.hand_over(&of.from, &exchange.academy.name).await.unwrap();
        exchange.officer.hand_over(&exchange.elsewhere, &of.to.name).await.unwrap();

        // It is not opened again, and what the register says of it otherwise is taken.
        let again = exchange.officer.register(&of.from, v1::SettingState::Open, "Again").await;
        assert_eq!(again.error.unwrap().reason, Reason::SettingHandedOver.name());
        let stands = exchange.officer.register(&of.from, v1::SettingState::Closed, "Late").await;
        let stands = stands.setting.unwrap();
        assert_eq!((stands.display_name.as_str(), &stands.caretaker), ("Late", &exchange.academy.name));
        exchange.is_verified().await;
    }

    async fn a_setting_that_stands_as_open_is_handed_over_by_an_express_word_only(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let elsewhere = exchange.elsewhere.name.clone();
        let size = exchange.size();
        let told = refused(exchange.officer.hand_over_as(&of.from, &elsewhere, false).await);
        assert_eq!(told.reason, Reason::SettingOpen);
        assert_eq!(exchange.one_since(size).await.said(), ("caretaker_set", "failed"));
        sender.get(&name).await.expect("it goes on");
        // The word is in the entry; another caretaker for one that is closed takes none.
        let size = exchange.size();
        exchange.officer.hand_over_as(&of.from, &elsewhere, true).await.unwrap();
        let line = exchange.one_since(size).await;
        assert_eq!(line.get("detail/still_open"), Some(&baton_domain::log::Json::Bool(true)));
        let size = exchange.size();
        let academy = exchange.academy.name.clone();
        exchange.officer.hand_over_as(&of.from, &academy, false).await.unwrap();
        assert_eq!(exchange.one_since(size).await.get("detail/still_open"), None);
        // One that the register has closed takes none either.
        exchange.officer.register(&of.to, v1::SettingState::Closed, "Closed").await;
        exchange.officer.hand_over_as(&of.to, &academy, false).await.unwrap();
        exchange.is_verified().await;
    }

    async fn the_certificate_of_a_closed_setting_serves_its_successor(exchange) {
        let of = exchange.open_move().await;
        let (papers, roles) = (Papers::new(), [Role::Publisher]);
        let issue = async |to: &Setting| exchange.officer.issue(&to.name, &roles, &papers.spki, 0).await;
        issue(&of.from).await.unwrap();
        assert_eq!(refused(issue(&exchange.academy).await).reason, Reason::CertificateInUse);
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        sender.publish(submission(&of, typical(1, of.point))).await.unwrap();
        exchange.officer.hand_over(&of.from, &exchange.academy.name).await.unwrap();
        let issued = issue(&exchange.academy).await.expect("it proves nothing any more");
        let issued = issued.credential.unwrap().name;
        let successor = Caller::with_papers(&exchange.door, &papers).of(&exchange.academy.name, &issued);
        successor.transition(&of.name).await.expect("as the caretaker");
        assert_eq!(refused(issue(&exchange.elsewhere).await).reason, Reason::CertificateInUse);
        exchange.stop().await;
        exchange.start(false).await.unwrap();
        successor.at(&exchange.door).transition(&of.name).await.expect("looked up afresh");
    }

    async fn a_council_that_looks_after_it_is_two_desks_and_officers_see_no_content(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let council = Setting { name: exchange.officer.setting.clone(), ..of.from.clone() };
        let officer = exchange.person(&council, &[Role::AdmissionsOfficer, Role::TransitionOfficer]).await;
        let desk = exchange.person(&council, &[Role::Publisher]).await;
        assert_eq!(refused(desk.get(&name).await).reason, Reason::PermissionDenied);
        exchange.officer.hand_over(&of.from, &council.name).await.unwrap();
        assert_eq!(refused(officer.get(&name).await).reason, Reason::PermissionDenied);
        assert!(officer.transition(&of.name).await.is_ok());
        officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        let adviser = exchange.person(&council, &[Role::EarlyYearsAdviser]).await;
        for who in [&desk, &adviser] {
            assert_eq!(refused(who.get(&name).await).reason, Reason::PermissionDenied);
            assert!(who.transition(&of.name).await.is_ok());
        }
        desk.withdraw(&name).await.unwrap();
    }

    async fn its_open_watches_end_and_a_caretaker_at_the_other_end_stays_the_receiver(exchange) {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiver = exchange.person(&of.to, &[Role::Senco, Role::Publisher]).await;
        let name = sender.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let subscription = receiver.subscribe().await.unwrap();
        let watch = receiver.watch(&subscription, "").await.unwrap();
        exchange.officer.hand_over(&of.from, &of.to.name).await.unwrap();
        assert!(receiver.get(&name).await.is_ok(), "by the opening rule");
        assert_eq!(refused(receiver.withdraw(&name).await).reason, Reason::PermissionDenied);
        let elsewhere = receiver.send_to(&of.name, &exchange.academy).await;
        assert_eq!(refused(elsewhere).reason, Reason::PermissionDenied);

        exchange.officer.hand_over(&of.from, &exchange.elsewhere.name).await.unwrap();
        exchange.officer.hand_over(&of.to, &exchange.academy.name).await.unwrap();
        // Something to show wakes the watch.
        let caretaker = exchange.person(&exchange.elsewhere, &[Role::Publisher]).await;
        caretaker.withdraw(&name).await.unwrap();
        let told = tokio::time::timeout(Duration::from_secs(30), ended(watch)).await;
        let told = told.expect("its watch goes on").reason;
        assert!(matches!(told, Reason::Unauthenticated | Reason::PermissionDenied), "{told:?}");
    }
}

#[test]
fn on_another_node_too_nobody_acts_for_a_setting_that_was_handed_over() {
    run(async || {
        let Some(home) = Home::postgres().await else {
            return;
        };
        let exchange = Exchange::new(home).await;
        let (second, other) = exchange.second().await;
        let of = exchange.open_move().await;
        let sender = exchange
            .person(&of.from, &[Role::Publisher])
            .await
            .at(&other);
        let caretaker = exchange
            .person(&exchange.elsewhere, &[Role::Publisher])
            .await
            .at(&other);
        let said = submission(&of, typical(1, of.point));
        let name = sender.publish(said).await.unwrap().name;
        exchange
            .officer
            .hand_over(&of.from, &exchange.elsewhere.name)
            .await
            .unwrap();
        // The other node may still know who calls; what they may is decided in the act.
        let told = refused(sender.get(&name).await).reason;
        assert!(
            matches!(told, Reason::Unauthenticated | Reason::PermissionDenied),
            "{told:?}"
        );
        assert!(caretaker.transition(&of.name).await.is_ok());
        passed_on(&exchange.home, &of.from, &exchange.elsewhere.name).await;
        assert!(caretaker.transition(&of.name).await.is_ok());
        caretaker.withdraw(&name).await.unwrap();
        second.stop().await;
        exchange.end().await;
    });
}
