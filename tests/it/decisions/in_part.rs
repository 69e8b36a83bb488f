//! What an instruction leaves the council of `identity`: names and date of birth, cut out of the bytes that
//! were received; of the rest nothing tells that it was there.

use baton_wire::status::Reason;
use baton_wire::v1::{
    self, DecisionSaid, DecisionToward, ItemKind, Level, Point, RecipientPurpose, Role, SectionKind,
};

use super::{Said, parent, position};
use crate::friends::absent::answers;
use crate::harness::*;
use crate::recipients::{further, next, what};

/// What the virtual school is named for.
const NAMED: &[SectionKind] = &[SectionKind::Identity, SectionKind::Attainment];
const IDENTITY: &[SectionKind] = &[SectionKind::Identity];

const NO: Said<'static> = parent(DecisionToward::Council, DecisionSaid::Refused, &[]);
const BACK: Said<'static> = parent(DecisionToward::Council, DecisionSaid::Withdrawn, &[]);

/// A move that a council's virtual school receives, beside the destination.
async fn looked_after(exchange: &Exchange, sender: &Caller) -> Move {
    let of = exchange.open_move().await;
    let named = further(RecipientPurpose::LookedAfter, NAMED);
    let council = exchange.council();
    sender.names(&of.name, &council, named).await.unwrap();
    of
}

async fn officer(exchange: &Exchange) -> Caller {
    let council = exchange.council();
    exchange
        .person(&council, &[Role::VirtualSchoolOfficer])
        .await
}

async fn sender(exchange: &Exchange) -> Caller {
    exchange.person(&exchange.primary, &[Role::Publisher]).await
}

/// Somebody with every sort of name.
fn who() -> v1::Identity {
    let text = |text: &str| Some(text.to_owned());
    v1::Identity {
        legal_surname: text("Testcroft"),
        legal_forename: text("Ada"),
        middle_names: text("Ngozi"),
        preferred_surname: text("Croft"),
        preferred_forename: text("Addie"),
        name_pronunciation: text("AY-da"),
        date_of_birth: text("2014-11-03"),
        ..Default::default()
    }
}

/// Their section as a school has it.
fn known() -> v1::Identity {
    v1::Identity {
        sex: Some("F".to_owned()),
        nc_year: Some("6".to_owned()),
        out_of_year_group: Some(false),
        not_answered: vec![v1::NotAnswered {
            field: Some("uln".to_owned()),
            reason: Some(v1::NotAnsweredReason::Unknown.into()),
            ..Default::default()
        }],
        ..who()
    }
}

/// What is sent: this identity, with the learner's UPN, and a result.
fn sent(of: &Move, identity: v1::Identity) -> v1::ProfileSubmission {
    let content = v1::Sections {
        identity: Some(identity),
        attainment: typical(2, of.point).attainment,
        ..Default::default()
    };
    v1::ProfileSubmission {
        level: Level::Enhanced.into(),
        ..submission(of, content)
    }
}

/// The same of a school that knows no number of the learner, and nothing but names and birth.
fn bare(of: &Move) -> v1::ProfileSubmission {
    let mut bare = sent(of, who());
    bare.content.as_mut().unwrap().identity = Some(who());
    bare
}

fn identity(profile: v1::Profile) -> v1::Identity {
    profile.content.unwrap().identity.unwrap()
}

/// The only kind there is, as bits of an entry.
fn bits() -> i64 {
    1 << i32::from(SectionKind::Identity)
}

on_both_engines! {
    async fn an_instruction_leaves_names_and_birth_and_the_ledger_says_so(exchange) {
        let sender = sender(exchange).await;
        let of = looked_after(exchange, &sender).await;
        let profile = sender.publish(sent(&of, known())).await.unwrap().name;
        let virtual_school = officer(exchange).await;
        let before = virtual_school.get(&profile).await.unwrap();
        assert_eq!((before.level(), kinds(&before).len()), (Level::Enhanced, 2));
        assert!(identity(before).upn.is_some());

        let done = sender.records(&of.name, &NO).await.unwrap();
        let stays = &done.not_stopped[0];
        let names = ["legal_surname", "legal_forename", "middle_names", "preferred_surname",
            "preferred_forename", "name_pronunciation", "date_of_birth"];
        assert_eq!((stays.kind(), &stays.fields[..]), (SectionKind::Identity, &names.map(str::to_owned)[..]));
        assert!(done.not_stopped[1..].iter().all(|one| one.fields.is_empty()));

        let size = exchange.size();
        let got = virtual_school.get(&profile).await.unwrap();
        assert_eq!((got.level(), kinds(&got)), (Level::Unspecified, vec!["identity".to_owned()]));
        assert_eq!(identity(got), who());
        let line = exchange.one_since(size).await;
        assert_eq!(format!("{:?}", line.get("detail/in_part")), format!("Some(Int({}))", bits()));
        let mut watch = virtual_school.watch(&virtual_school.subscribe().await.unwrap(), "").await.unwrap();
        assert_eq!(kinds(&next(&mut watch).await.profile.unwrap()), ["identity"]);
        drop(watch);
        // The school goes on as before, and so does who sent it.
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        for all in [&lead, &sender] {
            let got = all.get(&profile).await.unwrap();
            assert_eq!(got.level(), Level::Enhanced);
            assert!(identity(got).sex.is_some());
        }
        let told = sender.who_saw(&of.name).await.unwrap();
        let shown = told.iter().filter(|one| ["fetched", "pulled"].contains(&one.act.as_str()));
        let shown: Vec<_> = shown.map(|one| (one.act.as_str(), one.kinds.len(), one.kinds_in_part.len())).collect();
        let whole = ("fetched", 2, 0);
        assert_eq!(shown, [whole, ("fetched", 1, 1), ("pulled", 1, 1), whole, whole]);
        let item = &told.iter().find(|one| one.act == "pulled").unwrap().items[0];
        assert_eq!((&item.kinds, &item.kinds_in_part), (&vec!["identity".to_owned()], &vec!["identity".to_owned()]));
        exchange.holds().await;
    }

    async fn of_the_rest_there_is_nothing_as_if_it_had_never_been_written(exchange) {
        let sender = sender(exchange).await;
        let (of, other) = (looked_after(exchange, &sender).await, looked_after(exchange, &sender).await);
        for of in [&of, &other] {
            sender.records(&of.name, &NO).await.unwrap();
        }
        let with = sender.publish(sent(&of, known())).await.unwrap().name;
        let without = sender.publish(bare(&other)).await.unwrap().name;
        let passport = sender.add(&with, (IDENTITY[0], "a passport"), b"of Ada").await.unwrap();
        let virtual_school = officer(exchange).await;
        let mut told = Vec::new();
        for (of, profile) in [(&of, &with), (&other, &without)] {
            let id = format!("s{}", told.len());
            let subscription = virtual_school.subscribe_to(&id, of.point, 0).await.unwrap();
            // The first answers move the own receipt on.
            answers(&virtual_school, (of, profile), &subscription, IDENTITY[0]).await;
            told.push(answers(&virtual_school, (of, profile), &subscription, IDENTITY[0]).await);
        }
        for (at, (with, without)) in told[0].iter().zip(&told[1]).enumerate() {
            assert!(with == without, "answer {at} differs");
        }
        assert!(told[0][4].len() > 100, "something came, with its content");
        let read = virtual_school.download(&passport).await.0;
        assert_eq!(refused(read).reason, Reason::PermissionDenied);
        exchange.holds().await;
    }

    async fn what_changes_beyond_names_and_birth_is_no_item(exchange) {
        let sender = sender(exchange).await;
        let of = looked_after(exchange, &sender).await;
        let virtual_school = officer(exchange).await;
        let subscription = virtual_school.subscribe().await.unwrap();
        sender.records(&of.name, &NO).await.unwrap();
        let profile = sender.publish(sent(&of, known())).await.unwrap().name;
        let mut token = virtual_school.await_item(&subscription, "").await.unwrap().token;
        let mut comes = async |expected: usize| {
            let turn = virtual_school.pull(&subscription, &token).await.unwrap();
            assert_eq!(turn.items.len(), expected);
            token = turn.token;
        };
        let boy = v1::Identity { sex: Some("M".to_owned()), ..known() };
        assert_eq!(sender.publish(sent(&of, boy.clone())).await.unwrap().version, 2);
        comes(0).await;
        let passport = sender.add(&profile, (IDENTITY[0], "a passport"), b"of Ada").await.unwrap();
        sender.remove_document(&passport).await.unwrap();
        comes(0).await;
        let renamed = v1::Identity { preferred_forename: Some("Ad".to_owned()), ..boy };
        assert_eq!(sender.publish(sent(&of, renamed.clone())).await.unwrap().version, 3);
        comes(1).await;
        let by = signed(sent(&of, renamed), "Head of year, B. Testcroft");
        assert_eq!(sender.publish(by).await.unwrap().version, 4);
        comes(1).await;
        // A school is told of each.
        let lead = exchange.person(&of.to, &[Role::ReceiverLead]).await;
        let all = lead.pull(&lead.subscribe().await.unwrap(), "").await.unwrap();
        assert_eq!(all.items.len(), 6);
        // Erased, it is gone for everybody.
        sender.erase_kind(&of.name, IDENTITY[0]).await.unwrap();
        assert_eq!(refused(virtual_school.get(&profile).await).reason, Reason::PermissionDenied);
        exchange.holds().await;
    }

    async fn taken_back_all_of_it_is_put_before_the_council_and_a_new_refusal_tells_nothing(exchange) {
        let sender = sender(exchange).await;
        let virtual_school = officer(exchange).await;
        // Of everything, or of identity alone: what goes on is the same.
        for kinds_refused in [&[][..], IDENTITY] {
            let of = looked_after(exchange, &sender).await;
            let subscription = virtual_school.subscribe_to(&format!("s{}", kinds_refused.len()), of.point, 0).await.unwrap();
            let content = v1::Sections { identity: Some(known()), ..Default::default() };
            let profile = sender.publish(submission(&of, content)).await.unwrap().name;
            let mut token = virtual_school.await_item(&subscription, "").await.unwrap().token;
            let mut comes = async || {
                let turn = virtual_school.pull(&subscription, &token).await.unwrap();
                token = turn.token;
                what(&turn.items).into_iter().map(|one| format!("{one:?}")).collect::<Vec<_>>()
            };
            let no = Said { kinds: kinds_refused, ..NO };
            sender.records(&of.name, &no).await.unwrap();
            assert!(comes().await.is_empty(), "who still sees a part is told nothing");
            assert_eq!(identity(virtual_school.get(&profile).await.unwrap()), who());
            let back = Said { kinds: kinds_refused, ..BACK };
            let lifted = sender.records(&of.name, &back).await.unwrap();
            let turn = virtual_school.pull(&subscription, "").await.unwrap();
            let last = turn.items.last().unwrap();
            assert_eq!((last.kind(), last.position), (ItemKind::Profile, position(&lifted)));
            assert_eq!(comes().await.len(), 1);
            assert!(identity(virtual_school.get(&profile).await.unwrap()).sex.is_some());
        }
        exchange.holds().await;
    }

    async fn of_an_identity_of_nothing_but_numbers_an_instruction_leaves_nothing(exchange) {
        let sender = sender(exchange).await;
        let of = looked_after(exchange, &sender).await;
        let virtual_school = officer(exchange).await;
        let subscription = virtual_school.subscribe().await.unwrap();
        let only = v1::Identity { sex: Some("F".to_owned()), ..Default::default() };
        let content = v1::Sections { identity: Some(only), ..Default::default() };
        let profile = sender.publish(submission(&of, content)).await.unwrap().name;
        let token = virtual_school.await_item(&subscription, "").await.unwrap().token;
        let done = sender.records(&of.name, &NO).await.unwrap();
        let closed = virtual_school.pull(&subscription, &token).await.unwrap();
        assert_eq!((closed.items.len(), closed.items[0].kind()), (1, ItemKind::Closed));
        assert_eq!(closed.items[0].position, position(&done));
        assert_eq!(refused(virtual_school.documents_of(&profile).await).reason, Reason::PermissionDenied);
        assert_eq!(refused(virtual_school.get(&profile).await).reason, Reason::PermissionDenied);
        let lifted = sender.records(&of.name, &BACK).await.unwrap();
        let again = virtual_school.pull(&subscription, &closed.token).await.unwrap();
        assert_eq!((again.items.len(), again.items[0].position), (1, position(&lifted)));
        virtual_school.get(&profile).await.unwrap();
        exchange.holds().await;
    }
}

/// The turn of a receiver that is refused much is not shorter for it.
mod turns {
    use prost::Message as _;

    use super::*;

    /// Content one turn carries, bytes (`store/src/acts/pull.rs`).
    const TURN_BYTES: usize = 3 * 1024 * 1024;
    /// Profiles of a turn: as many as one entry names.
    const TURN: usize = 64;

    /// All a child may say, in characters of four bytes each.
    fn much() -> v1::LearnerVoice {
        let text = |count| Some("\u{1d11e}".repeat(count));
        v1::LearnerVoice {
            about_me: text(2500),
            good_at: text(1500),
            matters_to_me: text(1500),
            find_hard: text(1500),
            helps_me: text(1500),
            about_the_move: text(2000),
            hopes_for_the_future: text(2000),
            ..Default::default()
        }
    }

    on_both_engines! {
        async fn a_turn_is_not_shorter_for_what_is_refused(exchange) {
            let refused = [SectionKind::LearnerVoice];
            let no = parent(DecisionToward::Education, DecisionSaid::Refused, &refused);
            let sender = sender(exchange).await;
            let content = v1::Sections {
                identity: Some(who()),
                learner_voice: Some(much()),
                ..Default::default()
            };
            let bytes = much().encoded_len();
            assert!(bytes * TURN > TURN_BYTES, "{bytes} bytes each would make no turn too long");
            for _ in 0..TURN {
                let of = exchange.planned(Point::PrimaryToSecondary).await;
                sender.records(&of.name, &no).await.unwrap();
                sender.publish(submission(&of, content.clone())).await.unwrap();
            }
            let lead = exchange.person(&exchange.secondary, &[Role::ReceiverLead]).await;
            let pull = v1::PullRequest {
                parent: lead.setting.clone(),
                subscription: lead.mine(&lead.subscribe().await.unwrap()),
                inline_content: true,
                ..Default::default()
            };
            let turn = lead.subscriptions().pull(pull).await.unwrap().into_inner();
            assert_eq!(turn.items.len(), TURN);
        }
    }
}
