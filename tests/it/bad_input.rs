//! What nobody should send: each has a clear answer, and none of them repeats what was sent.
//! `harness::refused` holds every answer of every test to the same: the reason in the agreed form,
//! and no marker anywhere.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use baton_domain::section::SectionKind;
use baton_wire::status::Reason;
use baton_wire::v1::{self, Point, Role};
use baton_wire::{sample, twin as wire};
use bytes::{BufMut as _, Bytes, BytesMut};
use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::harness::*;

/// A field whose value is bytes.
fn field(number: u32, value: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    encode_key(number, WireType::LengthDelimited, &mut out);
    encode_varint(value.len() as u64, &mut out);
    out.put_slice(value);
    out.freeze()
}

fn join(parts: &[Bytes]) -> Bytes {
    parts.concat().into()
}

/// Somebody who may publish, the move, and whether the ledger stays as it is.
struct Desk {
    sender: Caller,
    of: Move,
}

impl Desk {
    async fn new(exchange: &Exchange) -> Self {
        let of = exchange.open_move().await;
        let sender = exchange.person(&of.from, &[Role::Publisher]).await;
        Self { sender, of }
    }

    /// Publishes these bytes for content; what is told of it. Nothing may have been entered.
    async fn told(&self, exchange: &Exchange, content: Bytes) -> Told {
        let before = exchange.size();
        let publish = frame(&self.sender, &self.of.name, content);
        let answer: Answer<wire::PublishProfileResponse> =
            twin(&self.sender, "ProfileService/PublishProfile", &publish).await;
        let told = refused(answer);
        assert_eq!(
            exchange.size(),
            before,
            "what cannot be decoded leaves no entry: {told:?}"
        );
        told
    }

    async fn rules(&self, exchange: &Exchange, content: Bytes) -> Vec<(String, String)> {
        let told = self.told(exchange, content).await;
        assert_eq!(told.reason, Reason::InvalidRequest, "{told:?}");
        told.rules()
            .into_iter()
            .map(|(at, rule)| (at.to_owned(), rule.to_owned()))
            .collect()
    }
}

/// An identity section with one more field.
fn identity(more: Bytes) -> Bytes {
    field(1, &join(&[sample::section(SectionKind::Identity, 1), more]))
}

/// Nothing of what was shown stands in a token in the clear: it may go on after what was not.
fn assert_is_sealed<'a>(token: &str, names: impl Iterator<Item = &'a String>) {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).unwrap();
    for name in names {
        let id = name.rsplit('/').next().unwrap().as_bytes();
        assert!(!bytes.windows(id.len()).any(|part| part == id), "{name}");
    }
}

on_both_engines! {
    async fn content_that_breaks_the_contract_is_named_by_its_path_and_rule(exchange) {
        let desk = Desk::new(exchange).await;
        let send = v1::SpecialEducationalNeeds::default();
        let twice = v1::Sections {
            learner_voice: Some(v1::LearnerVoice {
                nothing_to_add: Some(true),
                ..v1::LearnerVoice::decode(sample::section(SectionKind::LearnerVoice, 1)).unwrap()
            }),
            send: Some(send),
            ..Default::default()
        };
        let typed = |change: &dyn Fn(&mut v1::Identity)| {
            let section = sample::section(SectionKind::Identity, 1);
            let mut identity = v1::Identity::decode(section).unwrap();
            change(&mut identity);
            let sections = v1::Sections { identity: Some(identity), ..Default::default() };
            Bytes::from(sections.encode_to_vec())
        };
        let not_answered = |it: &mut v1::Identity| it.not_answered = vec![v1::NotAnswered {
            field: Some("date_of_birth".to_owned()),
            reason: Some(v1::NotAnsweredReason::Unknown.into()),
            by: Some("Office".to_owned()),
            why: None,
        }];
        let cases: Vec<(&str, Bytes)> = vec![
            ("an unknown field of a newer client", identity(field(900, MARKER.as_bytes()))),
            ("an unknown section", field(99, b"")),
            ("a section twice", join(&[identity(Bytes::new()), identity(Bytes::new())])),
            ("both nothing to add and something", twice.encode_to_vec().into()),
            ("both set and not answered", typed(&not_answered)),
            ("a wrong check letter", typed(&|it| it.upn = Some("B820000000001".to_owned()))),
            ("a date that is none", typed(&|it| it.date_of_birth = Some("2014-02-30".to_owned()))),
            ("a date of birth to come",
                typed(&|it| it.date_of_birth = Some("2026-03-11".to_owned()))),
            ("a name where a date stands",
                typed(&|it| it.date_of_birth = Some(MARKER.to_owned()))),
            ("a code of no set", typed(&|it| it.sex = Some(MARKER.to_owned()))),
            ("a zero character",
                typed(&|it| it.legal_surname = Some(format!("{MARKER}\u{0}")))),
            ("text that is no UTF-8",
                field(1, &field(1, &[MARKER.as_bytes(), b"\xff\xfe"].concat()))),
            ("a torn section", field(1, b"\x0a\x7f")),
            ("bytes that are no message", Bytes::from_static(b"\xff\xff\xff\xff\xff")),
            ("a section nobody publishes", field(22, b"")),
            ("no section at all", Bytes::new()),
        ];
        let mut table = String::new();
        for (what, content) in cases {
            let rules = desk.rules(exchange, content).await;
            let rules: Vec<String> =
                rules.into_iter().map(|(at, rule)| format!("{at} {rule}")).collect();
            writeln!(table, "{what}: {}", rules.join(", ")).unwrap();
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r"
        an unknown field of a newer client: profile.content.identity.#900 field.unknown
        an unknown section: profile.content.#99 field.unknown
        a section twice: profile.content.identity field.twice
        both nothing to add and something: profile.content.learner_voice.nothing_to_add nothing_to_add.values
        both set and not answered: profile.content.identity.not_answered[0].field not_answered.value
        a wrong check letter: profile.content.identity.upn upn.check_letter
        a date that is none: profile.content.identity.date_of_birth date.form
        a date of birth to come: profile.content.identity.date_of_birth date.future
        a name where a date stands: profile.content.identity.date_of_birth date.form
        a code of no set: profile.content.identity.sex code_set.sex
        a zero character: profile.content.identity.legal_surname text.nul
        text that is no UTF-8: profile.content.identity.legal_surname text.utf8
        a torn section: profile.content.identity message.malformed
        bytes that are no message: profile.content message.malformed
        a section nobody publishes: profile.content.individual_support_plan section.not_publishable
        no section at all: profile.content content.empty
        "); }
    }

    async fn five_megabytes_in_a_text_field_are_refused_and_everyone_else_is_served(exchange) {
        let desk = Desk::new(exchange).await;
        let text = MARKER.repeat(5 * 1024 * 1024 / MARKER.len());
        let content = field(16, &field(1, text.as_bytes()));
        assert!(content.len() > 5_000_000);
        let rules = desk.rules(exchange, content).await;
        assert!(
            rules.iter().any(|(at, rule)| at.starts_with("profile.content") && rule.contains("large")),
            "{rules:?}"
        );
        let sections = typical(1, desk.of.point);
        desk.sender.publish(submission(&desk.of, sections)).await.expect("the next one");
    }

    async fn a_message_larger_than_the_limit_is_refused_without_being_read(exchange) {
        let desk = Desk::new(exchange).await;
        let before = exchange.size();
        let message = field(2, &vec![b'x'; 9 * 1024 * 1024]);
        let answer = raw(&desk.sender, "ProfileService/PublishProfile", message).await;
        let told = refused(answer);
        assert_eq!(told.reason, Reason::RequestTooLarge);
        assert_eq!(exchange.size(), before);
    }

    async fn bytes_that_are_no_message_are_refused_as_such(exchange) {
        let desk = Desk::new(exchange).await;
        let before = exchange.size();
        let parent = field(1, desk.sender.setting.as_bytes());
        for (what, message) in [
            ("a torn field", join(&[parent.clone(), Bytes::from_static(b"\x12\x7f")])),
            ("a wrong type", join(&[parent.clone(), Bytes::from_static(b"\x18\x01\x10\x01")])),
            ("no UTF-8", field(1, &[MARKER.as_bytes(), b"\xff"].concat())),
        ] {
            for method in ["ProfileService/PublishProfile", "TransitionService/RedirectTransition"] {
                let told = refused_bytes(raw(&desk.sender, method, message.clone()).await);
                assert_eq!(told, Reason::InvalidRequest, "{what} to {method}");
            }
        }
        assert_eq!(exchange.size(), before);
    }

    async fn a_method_that_does_not_exist_is_told_so(exchange) {
        let desk = Desk::new(exchange).await;
        for method in ["ProfileService/ReadEverything", "NoService/Get"] {
            let told = refused(raw(&desk.sender, method, Bytes::new()).await);
            assert_eq!(told.reason, Reason::Unimplemented, "{method}");
        }
    }

    async fn a_call_names_every_field_that_is_wrong_at_once(exchange) {
        let sender = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let plan = v1::PlannedTransition {
            from: Some(v1::SettingIdentifier { scheme: "gias".to_owned(), value: MARKER.to_owned() }),
            learner: vec![
                v1::LearnerIdentifier { scheme: "upn".to_owned(), value: format!("A{MARKER}") },
                v1::LearnerIdentifier { scheme: MARKER.to_owned(), value: "1".to_owned() },
            ],
            to: Some(v1::SettingIdentifier { scheme: "ukprn".to_owned(), value: "1".to_owned() }),
            route: MARKER.to_owned(),
            point: 99,
            academic_year: 1,
            offer_date: "2026-03-11".to_owned(),
            acceptance: 9,
            start_date: MARKER.to_owned(),
            plan_names_setting: false,
            group: format!("{MARKER},"),
        };
        let before = exchange.size();
        let error = sender.plan(vec![plan]).await.unwrap().remove(0).error.unwrap();
        assert_eq!(exchange.size(), before);
        assert!(!format!("{error:?}").contains(MARKER), "{error:?}");
        let mut table = String::new();
        for it in error.violations {
            writeln!(table, "{} {} ({})", it.field, it.rule, it.value_shape).unwrap();
        }
        insta::allow_duplicates! { insta::assert_snapshot!(table, @r"
        transitions[0].from.value gias.form (text of 13 characters)
        transitions[0].to.value ukprn.form (text of 1 characters)
        transitions[0].learner[0].value upn.form (text of 14 characters)
        transitions[0].learner[1].scheme scheme.unknown (text of 13 characters)
        transitions[0].academic_year academic_year.range (number)
        transitions[0].offer_date date.future (text of 10 characters)
        transitions[0].start_date date.form (text of 13 characters)
        transitions[0].acceptance enum.unknown ()
        transitions[0].point enum.unknown (number)
        transitions[0].group group.form (text of 14 characters)
        "); }
    }

    async fn a_setting_nobody_knows_is_told_as_unknown(exchange) {
        let mut plan = exchange.plan_of(Point::PrimaryToSecondary);
        plan.to = Some(v1::SettingIdentifier { scheme: "gias".to_owned(), value: "199999".to_owned() });
        let before = exchange.size();
        let error = exchange.officer.plan(vec![plan.clone()]).await.unwrap().remove(0).error.unwrap();
        assert_eq!(error.reason, Reason::UnknownSetting.name());
        assert_eq!(exchange.one_since(before).await.said(), ("planned", "failed"));
        plan.to = Some(exchange.nursery.code.clone());
        let error = exchange.officer.plan(vec![plan]).await.unwrap().remove(0).error.unwrap();
        assert_eq!(error.reason, Reason::DestinationNotOfRoute.name());
    }

    async fn names_that_are_none_are_refused_and_not_repeated(exchange) {
        let desk = Desk::new(exchange).await;
        for name in [
            "",
            MARKER,
            "settings/x",
            &format!("settings/{MARKER}/profiles/{MARKER}"),
            &format!("{}/profiles/../../{MARKER}", desk.sender.setting),
            &"settings/".repeat(100_000),
        ] {
            let request = v1::GetProfileRequest {
                parent: desk.sender.setting.clone(),
                name: name.to_owned(),
                kinds: Vec::new(),
            };
            let told = refused(desk.sender.profiles().get_profile(request).await);
            assert_eq!(told.violations[0].field, "name", "{name:.40}");
            let request = v1::ListTransitionsRequest {
                parent: name.to_owned(),
                page_token: MARKER.to_owned(),
                ..Default::default()
            };
            let told = refused(desk.sender.transitions().list_transitions(request).await);
            assert_eq!(told.violations[0].field, "parent", "{name:.40}");
        }
    }

    async fn a_page_token_is_bound_to_its_caller_and_its_arguments(exchange) {
        let request = v1::ListSettingsRequest {
            parent: exchange.officer.setting.clone(),
            page_size: 3,
            ..Default::default()
        };
        let officer = &exchange.officer;
        let first = officer.settings().list_settings(request.clone()).await.unwrap().into_inner();
        assert_eq!(first.settings.len(), 3);
        let token = first.next_page_token;
        assert_is_sealed(&token, first.settings.iter().map(|it| &it.name));
        let mut names: Vec<String> = first.settings.into_iter().map(|it| it.name).collect();
        let mut next = v1::ListSettingsRequest { page_token: token.clone(), ..request.clone() };
        while !next.page_token.is_empty() {
            let page = officer.settings().list_settings(next.clone()).await.unwrap().into_inner();
            names.extend(page.settings.into_iter().map(|it| it.name));
            next.page_token = page.next_page_token;
        }
        assert_eq!(names.len(), 8, "the council and seven settings");
        assert!(names.is_sorted() && names.windows(2).all(|two| two[0] != two[1]));

        let other = exchange.person(&exchange.primary, &[Role::Publisher]).await;
        let theirs = v1::ListSettingsRequest {
            parent: other.setting.clone(),
            page_token: token.clone(),
            ..request.clone()
        };
        let told = refused(other.settings().list_settings(theirs).await);
        assert_eq!(told.violations[0].field, "page_token");
        let identifier = Some(exchange.primary.code.clone());
        let changed = v1::ListSettingsRequest { page_token: token, identifier, ..request };
        let told = refused(officer.settings().list_settings(changed).await);
        assert_eq!(told.violations[0].field, "page_token");
    }
}

#[test]
fn a_call_that_takes_longer_than_the_deadline_is_told_so() {
    run(async || {
        let deadline = std::time::Duration::from_secs(1);
        let exchange = Exchange::limited(Home::sqlite(), generous(), deadline).await;
        let receiver = exchange.person(&exchange.secondary, &[Role::Senco]).await;
        let subscription = receiver.subscribe().await.unwrap();
        let told = refused(receiver.await_item(&subscription, "").await);
        assert_eq!(told.reason, Reason::DeadlineExceeded);
        exchange.end().await;
    });
}

/// The reason told of bytes that are no message. No field can be named, so only the reason counts.
#[track_caller]
fn refused_bytes(answer: Answer<Bytes>) -> Reason {
    let Err(status) = answer else {
        panic!("no message, and it was answered")
    };
    let problem = baton_wire::status::Problem::of(&status);
    let problem = problem.unwrap_or_else(|| panic!("no ErrorInfo: {status:?}"));
    assert!(
        !format!("{status:?}").contains(MARKER),
        "repeated: {status:?}"
    );
    problem.reason
}
