//! A head's reason opens one move to one receiver, until it is taken back or the move is erased.

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role, SectionKind, SendingReason};

use super::{apart_sections, part, with_agreements};
use crate::harness::*;
use crate::recipients::{further, next};

on_both_engines! {
    async fn a_reason_opens_that_move_only_and_taking_it_back_closes(exchange) {
        let (of, other) = (exchange.unsigned_move().await, exchange.open_move().await);
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        let stays = exchange.head_sends(&other, part(false, true)).await.name;
        let mut watch = lead.watch(&subscription, "").await.unwrap();
        let done = head.sends_without(&of.name, &of.to, SendingReason::UrgentNeed).await.unwrap();
        let shown = done.transition.unwrap().missing_agreements;
        assert_eq!(shown[0].reason(), SendingReason::UrgentNeed);
        let item = next(&mut watch).await;
        assert_eq!((item.kind(), item.position), (ItemKind::Profile, done.receipt.unwrap().position));
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["attendance"]);
        assert_eq!(refused(lead.get(&stays).await).reason, Reason::PermissionDenied);
        let told = exchange.head_sends(&of, part(true, true)).await.missing_agreement.unwrap();
        assert_eq!(told.reason(), SendingReason::UrgentNeed);
        next(&mut watch).await;

        head.sends_without_no_more(&of.name, &of.to).await.unwrap();
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["health"]);
        let twice = head.sends_without_no_more(&of.name, &of.to).await;
        assert_eq!(refused(twice).reason, Reason::NotSentWithoutAgreement);
        exchange.holds().await;
    }

    async fn taken_back_where_nothing_is_left_it_is_closed_at_its_position(exchange) {
        let of = exchange.unsigned_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let subscription = lead.subscribe().await.unwrap();
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        head.sends_without(&of.name, &of.to, SendingReason::Other).await.unwrap();
        let mut watch = lead.watch(&subscription, "").await.unwrap();
        assert_eq!(next(&mut watch).await.kind(), ItemKind::Profile);
        let ended = head.sends_without_no_more(&of.name, &of.to).await.unwrap();
        let closed = next(&mut watch).await;
        let position = ended.receipt.unwrap().position;
        assert_eq!((closed.kind(), closed.position), (ItemKind::Closed, position));
        assert_eq!(refused(lead.get(&sent).await).reason, Reason::PermissionDenied);
    }

    async fn it_is_for_receivers_that_need_it_and_that_who_asks_knows_of(exchange) {
        let of = exchange.unsigned_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let reason = SendingReason::JoiningUnderWay;
        let rules = |told: Told| {
            let rules = told.rules();
            rules.iter().map(|(_, rule)| (*rule).to_owned()).collect::<Vec<_>>()
        };
        let stranger = head.sends_without(&of.name, &exchange.academy, reason).await;
        assert_eq!(rules(refused(stranger)), ["setting.not_receiving"]);
        let nobody = Setting {
            code: v1::SettingIdentifier { scheme: "gias".to_owned(), value: "199999".to_owned() },
            ..of.to.clone()
        };
        let unknown = head.sends_without(&of.name, &nobody, reason).await;
        assert_eq!(rules(refused(unknown)), ["setting.unknown"]);
        // A recipient of class R alone is not there for the head.
        let dsl = exchange.person(&of.from, &[Role::Dsl]).await;
        let service = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        exchange.officer.signs_no_more(&service.name).await.unwrap();
        let note = [SectionKind::FamilyAndAgencies];
        let named = further(v1::RecipientPurpose::Safeguarding, &note);
        dsl.names(&of.name, &service, named).await.unwrap();
        let hidden = head.sends_without(&of.name, &service, reason).await;
        assert_eq!(rules(refused(hidden)), ["setting.not_receiving"]);
        let shown = head.transition(&of.name).await.unwrap().missing_agreements;
        assert_eq!(shown.len(), 1, "nor is it told of");
        let acts = async || {
            let saw = head.who_saw(&of.name).await.unwrap();
            let acts = saw.into_iter().map(|one| one.act);
            acts.filter(|act| act.contains("without")).collect::<Vec<_>>()
        };
        let taken = head.sends_without_no_more(&of.name, &service).await;
        assert_eq!(refused(taken).reason, Reason::NotSentWithoutAgreement);
        let before = acts().await;
        let both = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        both.sends_without(&of.name, &service, reason).await.unwrap();
        assert_eq!(acts().await, before, "nor that somebody sends to it");
        let taken = head.sends_without_no_more(&of.name, &service).await;
        assert_eq!(refused(taken).reason, Reason::NotSentWithoutAgreement);
        both.sends_without_no_more(&of.name, &service).await.unwrap();
        let own = acts().await;
        assert_eq!(own.len(), before.len() + 1, "what it tried itself, as with any setting");
        let twice = both.sends_without_no_more(&of.name, &service).await;
        assert_eq!(refused(twice).reason, Reason::NotSentWithoutAgreement);
        exchange.officer.signs(&service.name, framework()).await.unwrap();
        let needless = both.sends_without(&of.name, &service, reason).await;
        assert_eq!(refused(needless).reason, Reason::AgreementInForce);
        exchange.officer.signs_no_more(&service.name).await.unwrap();
        assert_eq!(acts().await, own, "nor of any try of others");
        // Nor once it is a recipient no more.
        both.sends_without(&of.name, &service, reason).await.unwrap();
        dsl.lets_go(&of.name, &service).await.unwrap();
        let taken = head.sends_without_no_more(&of.name, &service).await;
        assert_eq!(refused(taken).reason, Reason::NotSentWithoutAgreement);
        exchange.officer.signs(&of.to.name, framework()).await.unwrap();
        let needless = head.sends_without(&of.name, &of.to, reason).await;
        assert_eq!(refused(needless).reason, Reason::AgreementInForce);
    }

    async fn a_reason_for_what_is_kept_apart_is_for_nothing_else(exchange) {
        let of = exchange.open_move().await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let dsl = exchange.person(&of.from, &[Role::Dsl]).await;
        let both = exchange.person(&of.from, &[Role::Publisher, Role::Dsl]).await;
        let service = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        exchange.officer.signs_no_more(&service.name).await.unwrap();
        let lead = exchange.person(&service, &[Role::Dsl]).await;
        let sent = exchange.head_sends(&of, part(false, true)).await.name;
        let apart = dsl.publish(submission(&of, apart_sections(true))).await.unwrap().name;
        let family = [SectionKind::FamilyAndAgencies];
        let hidden = further(v1::RecipientPurpose::Safeguarding, &family);
        dsl.names(&of.name, &service, hidden).await.unwrap();
        both.sends_without(&of.name, &service, SendingReason::UrgentNeed).await.unwrap();
        assert_eq!(lead.kinds_seen(&apart).await.unwrap(), ["family_and_agencies"]);

        // The head names the same setting, and gave no reason.
        let days = further(v1::RecipientPurpose::HealthCare, &[SectionKind::Attendance]);
        let done = head.names(&of.name, &service, days).await.unwrap();
        let missing = done.transition.unwrap().missing_agreements;
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].reason(), SendingReason::Unspecified);
        assert_eq!(refused(lead.get(&sent).await).reason, Reason::PermissionDenied);
        assert_eq!(lead.kinds_seen(&apart).await.unwrap(), ["family_and_agencies"], "it stays");
        head.sends_without(&of.name, &service, SendingReason::Other).await.unwrap();
        assert_eq!(lead.kinds_seen(&sent).await.unwrap(), ["attendance"]);
        head.sends_without_no_more(&of.name, &service).await.unwrap();
        assert_eq!(refused(lead.get(&sent).await).reason, Reason::PermissionDenied);
        assert_eq!(lead.kinds_seen(&apart).await.unwrap(), ["family_and_agencies"]);
        both.sends_without_no_more(&of.name, &service).await.unwrap();
        assert_eq!(refused(lead.get(&apart).await).reason, Reason::PermissionDenied);
        exchange.holds().await;
    }

    async fn it_is_told_by_who_saw_and_forgotten_with_the_move(exchange) {
        let of = exchange.unsigned_move().await;
        exchange.head_sends(&of, part(true, true)).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let asked = v1::SendWithoutAgreementRequest {
            parent: head.setting.clone(),
            name: head.mine(&of.name),
            setting: Some(of.to.code.clone()),
            reason: SendingReason::UrgentNeed.into(),
            request_id: fresh(),
        };
        let send = async || head.transitions().send_without_agreement(asked.clone()).await;
        let first = send().await.unwrap().into_inner().receipt.unwrap().position;
        head.sends_without_no_more(&of.name, &of.to).await.unwrap();
        let again = send().await.unwrap().into_inner().receipt.unwrap();
        assert_eq!((again.position, again.replayed), (first, true));
        let shown = head.transition(&of.name).await.unwrap().missing_agreements;
        assert_eq!(shown[0].reason(), SendingReason::Unspecified, "and does not stand again");
        let conflict = v1::SendWithoutAgreementRequest {
            reason: SendingReason::Other.into(),
            ..asked.clone()
        };
        let conflict = head.transitions().send_without_agreement(conflict).await;
        assert_eq!(refused(conflict).reason, Reason::RequestIdConflict);

        let saw = v1::WhoSawRequest {
            parent: head.setting.clone(),
            transition: head.mine(&of.name),
            ..Default::default()
        };
        let saw = head.audit().who_saw(saw).await.unwrap().into_inner().sightings;
        let line = saw.iter().find(|it| it.act == "sent_without_agreement").unwrap();
        assert_eq!((line.what.as_str(), line.concerned.len()), ("urgent_need", 1));

        head.erase(head.erasure(&of.name)).await.unwrap();
        let left = "SELECT count(*) FROM sent_without WHERE reason <> 0 OR ended = 0";
        assert_eq!(exchange.home.count(left).await, 0);
        exchange.holds().await;
    }

    async fn a_reason_or_an_agreement_changed_in_the_database_is_found(exchange) {
        with_agreements(exchange).await;
        exchange.holds().await;
        let folder = tempfile::tempdir().unwrap();
        let connection = exchange.officer.connection(&exchange.door, folder.path());
        for (change, word) in [
            ("UPDATE sent_without SET reason = reason + 1", "row_changed"),
            ("UPDATE sent_without SET reason = reason - 1", ""),
            ("UPDATE agreement SET first_day = '2020-01-01'", "row_changed"),
            ("DELETE FROM sent_without", "row_missing"),
        ] {
            exchange.home.tamper(change).await;
            let (whole, told) = crate::tamper::verified(&connection).await;
            assert_eq!(whole, word.is_empty(), "{change}: {told}");
            assert!(told.contains(word), "{change}: {told}");
        }
    }
}
