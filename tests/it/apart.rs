//! What is of class R is kept apart: two worlds that differ by it alone answer alike to everybody who
//! may see nothing of it.

use std::fmt::Debug;

use baton_wire::status::Reason;
use baton_wire::v1::{self, ItemKind, Role, SectionKind};
use prost::Message as _;

use crate::harness::*;
use crate::recipients::{further, until};

const FAMILY: SectionKind = SectionKind::FamilyAndAgencies;
const NOTE: SectionKind = SectionKind::ChildProtectionNote;

/// What a safeguarding lead sends.
fn restricted(of: &Move, seed: u64, note: bool) -> v1::ProfileSubmission {
    let [_, sections] = apart(&complete(seed, &of.learner));
    let mut sections = v1::Sections::decode(sections).unwrap();
    sections.child_protection_note = sections.child_protection_note.filter(|_| note);
    submission(of, sections)
}

/// Answers of a world, one after the other: ids by the order they come up in, and without what is
/// random or hangs on all entries.
#[derive(Default)]
struct Diary {
    ids: Vec<String>,
    /// Positions are masked, too.
    positions: bool,
    lines: Vec<String>,
}

/// Fields whose values are masked; their length is not.
const RANDOM: [&str; 4] = [
    "token: \"",
    "checkpoint: \"",
    "leaf_hash: b\"",
    "inclusion_proof: b\"",
];
/// Fields that say a position.
const PLACES: [&str; 2] = ["position: ", "next_start: "];
const ID_CHARS: usize = 26;

impl Diary {
    fn note(&mut self, who: &str, answer: &Answer<String>) {
        let told = match answer {
            Ok(answer) => answer.clone(),
            Err(status) => format!("{:?}", refused::<()>(Err(status.clone()))),
        };
        let line = self.masked(&told);
        self.lines.push(format!("{who}: {line}"));
    }

    fn masked(&mut self, told: &str) -> String {
        let mut rest = told.to_owned();
        for field in RANDOM {
            let mut parts = rest.split(field);
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let end = closing_quote(part);
                out.push_str(field);
                out.push_str(if end == 0 { "none" } else { "some" });
                out.push_str(&part[end..]);
            }
            rest = out;
        }
        for field in PLACES.into_iter().filter(|_| self.positions) {
            let mut parts = rest.split(field);
            let mut out = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let after = part.trim_start_matches(|digit: char| digit.is_ascii_digit());
                // That there is none is told.
                out.push_str(if part.starts_with("0,") {
                    "none"
                } else {
                    "some"
                });
                out.push_str(after);
            }
            rest = out;
        }
        let (mut out, mut rest) = (String::new(), rest.as_str());
        while let Some(at) = rest.find('_') {
            let id = at
                .checked_sub(3)
                .and_then(|from| rest.get(from..at + 1 + ID_CHARS));
            let id = id.filter(|id| {
                let (prefix, random) = id.split_at(3);
                prefix.bytes().all(|byte| byte.is_ascii_lowercase())
                    && random[1..].bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
            let Some(id) = id else {
                out.push_str(&rest[..=at]);
                rest = &rest[at + 1..];
                continue;
            };
            let known = self.ids.iter().position(|known| known == id);
            let number = known.unwrap_or_else(|| {
                self.ids.push(id.to_owned());
                self.ids.len() - 1
            });
            out.push_str(&rest[..at - 3]);
            out.extend([&id[..3], "#", &number.to_string()]);
            rest = &rest[at + 1 + ID_CHARS..];
        }
        out + rest
    }
}

/// Where a text as it is printed for debugging ends.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Somebody who may see nothing of class R, and where it has come in the feed.
struct Person {
    name: String,
    who: Caller,
    feed: Option<(String, String)>,
}

struct Story<'a> {
    exchange: &'a Exchange,
    /// The move everybody looks at, and one that goes elsewhere.
    of: Move,
    other: Move,
    lead: Caller,
    head: Caller,
    people: Vec<Person>,
    diary: Diary,
}

impl<'a> Story<'a> {
    async fn new(exchange: &'a Exchange) -> Self {
        let of = exchange.open_move().await;
        let plan = v1::PlannedTransition {
            to: Some(exchange.academy.code.clone()),
            ..exchange.plan_of(v1::Point::PrimaryToSecondary)
        };
        let other = exchange.planned_as(plan).await;
        let council = Setting {
            name: exchange.officer.setting.clone(),
            ..of.to.clone()
        };
        let mut people = Vec::new();
        for (setting, roles) in [
            (&of.to, &[Role::ReceiverLead][..]),
            (&of.to, &[Role::Senco]),
            (&of.to, &[Role::DataManager]),
            (&of.to, &[Role::SubjectTeacher]),
            (&council, &[Role::TransitionOfficer]),
            (&council, &[Role::AdmissionsOfficer]),
            (&of.from, &[Role::Publisher]),
            (&of.from, &[Role::Contributor]),
            (&of.from, &[Role::Senco]),
            (&of.from, &[Role::DataManager]),
        ] {
            let who = exchange.person(setting, roles).await;
            let feed = if setting.name == of.to.name {
                let name = format!("{:?}", roles[0]).to_lowercase();
                Some((
                    who.subscribe_to(&name, v1::Point::Unspecified, 0)
                        .await
                        .unwrap(),
                    String::new(),
                ))
            } else {
                None
            };
            people.push(Person {
                name: format!("{roles:?} of {}", setting.code.value),
                who,
                feed,
            });
        }
        Self {
            lead: exchange.person(&of.from, &[Role::Dsl]).await,
            head: exchange.person(&of.from, &[Role::Publisher]).await,
            diary: Diary::default(),
            exchange,
            of,
            other,
            people,
        }
    }

    /// Everybody asks for everything there is to ask for.
    async fn all_look(&mut self, name: &str) {
        for person in &mut self.people {
            let (who, diary) = (&person.who, &mut self.diary);
            let mut note = |what: &str, told: &Answer<String>| {
                diary.note(&format!("{} {what}", person.name), told);
            };
            note("gets", &told(&who.get(name).await));
            note("lists documents", &told(&who.documents_of(name).await));
            note("looks", &told(&who.transition(&self.of.name).await));
            let mut all = who.list_transitions().await;
            if let Ok(all) = &mut all {
                // They come in order of their ids.
                all.sort_by_key(|one| format!("{:?}", one.learner));
            }
            note("lists", &told(&all));
            for page_size in [0, 3] {
                let request = v1::WhoSawRequest {
                    parent: who.setting.clone(),
                    transition: who.mine(&self.of.name),
                    page_size,
                    ..Default::default()
                };
                let saw = who
                    .audit()
                    .who_saw(request)
                    .await
                    .map(tonic::Response::into_inner);
                note("asks who saw", &told(&saw));
            }
            let preview = v1::EraseRequest {
                validate_only: true,
                ..who.erasure(&self.of.name)
            };
            let mut preview = who.erase(preview).await;
            if let Ok(preview) = &mut preview {
                // They come in order of their ids, too.
                let first = |name: &String| *name != self.of.to.name;
                preview.receivers.sort_by_key(first);
            }
            note("would erase", &told(&preview));
            let Some((subscription, token)) = &mut person.feed else {
                continue;
            };
            for (max_items, inline_content) in [(1, false), (64, true)] {
                let mut from = token.clone();
                // As long as something comes, and once more.
                for _ in 0..20 {
                    let request = v1::PullRequest {
                        parent: who.setting.clone(),
                        subscription: who.mine(subscription),
                        token: from.clone(),
                        max_items,
                        inline_content,
                        ..Default::default()
                    };
                    let turn = who
                        .subscriptions()
                        .pull(request)
                        .await
                        .map(tonic::Response::into_inner);
                    note("pulls", &told(&turn));
                    let Ok(turn) = turn else { break };
                    from = turn.token;
                    if turn.items.is_empty() {
                        break;
                    }
                }
                if max_items == 64 {
                    *token = from;
                }
            }
        }
    }

    /// What happens to the one move, or to the other one.
    async fn goes_on(&mut self, first: bool) {
        let (of, lead, exchange) = (self.of.clone(), self.lead.clone(), self.exchange);
        let marked = if first {
            of.clone()
        } else {
            self.other.clone()
        };
        let apart = lead
            .publish(restricted(&marked, 1, true))
            .await
            .unwrap()
            .name;
        let name = self
            .head
            .publish(submission(&of, typical(1, of.point)))
            .await;
        self.diary.note("published", &told(&name));
        let name = name.unwrap().name;
        self.head
            .publish(submission(&self.other, typical(2, of.point)))
            .await
            .unwrap();
        self.all_look(&name).await;

        // Another version, a document, and who may see it all reads it and takes it over.
        lead.publish(restricted(&marked, 2, true)).await.unwrap();
        lead.add(&apart, (FAMILY, "an order"), b"an order of the court")
            .await
            .unwrap();
        let receiver = exchange.person(&marked.to, &[Role::Dsl]).await;
        assert_eq!(receiver.get(&apart).await.unwrap().kinds.len(), 2);
        assert_eq!(receiver.documents_of(&apart).await.unwrap().len(), 1);
        receiver.acknowledge(&apart, 2).await.unwrap();
        self.all_look(&name).await;

        let content = v1::Sections {
            health: typical(3, of.point).health,
            ..Default::default()
        };
        let contributor = &self
            .people
            .iter()
            .find(|one| one.name.contains("Contributor"))
            .unwrap()
            .who;
        let next = contributor.publish(submission(&of, content)).await;
        self.diary.note("published", &told(&next));
        let receiver = exchange.person(&of.to, &[Role::Senco]).await;
        let taken = receiver.acknowledge(&name, 2).await;
        self.diary.note("took over", &told(&taken));
        // What the service does by itself (clearing files, releasing) is entered in no order: from
        // here positions say nothing.
        self.diary.positions = true;
        lead.erase_kind(&marked.name, FAMILY).await.unwrap();
        self.all_look(&name).await;

        lead.withdraw(&apart).await.unwrap();
        self.all_look(&name).await;
        lead.publish(restricted(&marked, 4, true)).await.unwrap();
        let size = exchange.size();
        for moved in [&of, &self.other] {
            exchange
                .officer
                .redirect(&moved.name, &exchange.elsewhere, "2026-03-09")
                .await
                .unwrap();
        }
        exchange.entered("released", size, 3).await;
        self.all_look(&name).await;
    }
}

fn told<T: Debug>(answer: &Answer<T>) -> Answer<String> {
    answer
        .as_ref()
        .map(|it| format!("{it:?}"))
        .map_err(Clone::clone)
}

async fn worlds_answer_alike(homes: [Home; 2]) {
    let mut diaries = Vec::new();
    for (home, first) in homes.into_iter().zip([true, false]) {
        let exchange = Exchange::new(home).await;
        let mut story = Story::new(&exchange).await;
        Box::pin(story.goes_on(first)).await;
        diaries.push(story.diary.lines);
        exchange.verify_all().await;
        exchange.end().await;
    }
    let [with, without] = diaries.try_into().unwrap();
    assert!(with.len() > 400, "{}", with.len());
    for (with, without) in with.iter().zip(&without) {
        assert!(with == without, "{}", difference(with, without));
    }
    assert_eq!(with.len(), without.len());
}

/// Where two lines begin to differ, and what stands around: they may be long.
fn difference(with: &str, without: &str) -> String {
    let pairs = with.char_indices().zip(without.chars());
    let at = pairs.take_while(|((_, one), other)| one == other).count();
    let around = |line: &str| -> String {
        line.chars()
            .skip(at.saturating_sub(400))
            .take(800)
            .collect()
    };
    let who: String = with.chars().take(60).collect();
    format!(
        "{who}\nwith: …{}…\nwithout: …{}…",
        around(with),
        around(without)
    )
}

#[test]
fn to_whom_it_does_not_concern_class_r_changes_no_answer_sqlite() {
    run(async || Box::pin(worlds_answer_alike([Home::sqlite(), Home::sqlite()])).await);
}

#[test]
fn to_whom_it_does_not_concern_class_r_changes_no_answer_postgres() {
    run(async || {
        let homes = (Home::postgres().await, Home::postgres().await);
        let (Some(one), Some(other)) = homes else {
            return;
        };
        Box::pin(worlds_answer_alike([one, other])).await;
    });
}

on_both_engines! {
    async fn a_released_note_arrives_at_the_senco_as_it_is_released(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let senco = exchange.person(&of.to, &[Role::Senco]).await;
        let receiving = exchange.person(&of.to, &[Role::Dsl]).await;
        let feed = senco.subscribe_to("senco", v1::Point::Unspecified, 0).await.unwrap();
        let leads = receiving.subscribe_to("lead", v1::Point::Unspecified, 0).await.unwrap();
        let name = lead.publish(restricted(&of, 1, true)).await.unwrap().name;
        let before = exchange.size();
        let turn = senco.pull(&feed, "").await.unwrap();
        assert_eq!(turn.items, [], "nothing came, and nothing is not available");
        assert_eq!(exchange.size(), before, "an empty turn");
        let told = receiving.pull(&leads, "").await.unwrap();
        assert_eq!(the_profile(&told.items).kinds.len(), 2);

        receiving.record(&of.name, v1::TransitionFact::ChildProtectionNoteReleased).await.unwrap();
        let turn = senco.await_item(&feed, &turn.token).await.unwrap();
        let profile = the_profile(&turn.items);
        assert_eq!((&profile.name, kinds(profile)), (&senco.mine(&name), vec!["child_protection_note".to_owned()]));
        senco.acknowledge(&name, 1).await.unwrap();
        // What has no note is the lead's alone again.
        lead.publish(restricted(&of, 2, true)).await.unwrap();
        let turn = senco.await_item(&feed, &turn.token).await.unwrap();
        assert_eq!(the_profile(&turn.items).version, 2);
        let mut rest = restricted(&of, 3, false);
        rest.removes = vec![NOTE.into()];
        lead.publish(rest).await.unwrap();
        assert_eq!(senco.pull(&feed, &turn.token).await.unwrap().items, []);
        assert_eq!(refused(senco.get(&name).await).reason, Reason::PermissionDenied);
        assert_eq!(kinds(&receiving.get(&name).await.unwrap()), ["family_and_agencies"]);

        // It is taken back: those are told who were told of it.
        lead.publish(restricted(&of, 4, true)).await.unwrap();
        lead.withdraw(&name).await.unwrap();
        for (who, feed) in [(&senco, &feed), (&receiving, &leads)] {
            let all = who.pull(feed, "").await.unwrap().items;
            assert_eq!(all.last().map(v1::Item::kind), Some(ItemKind::Closed), "{all:?}");
        }
        exchange.verify_all().await;
    }

    async fn a_withdrawal_takes_back_one_contribution_and_a_redirect_both(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiving = exchange.person(&of.to, &[Role::Dsl]).await;
        let apart = lead.publish(restricted(&of, 1, true)).await.unwrap().name;
        let name = head.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        for answer in [
            head.withdraw(&apart).await.map(drop),
            head.get(&apart).await.map(drop),
            head.documents_of(&apart).await.map(drop),
        ] {
            assert_eq!(refused(answer).reason, Reason::PermissionDenied, "it is not there");
        }
        head.withdraw(&name).await.unwrap();
        assert_eq!(refused(receiving.get(&name).await).reason, Reason::PermissionDenied);
        receiving.get(&apart).await.expect("it stands");
        let state = head.transition(&of.name).await.unwrap();
        assert_eq!((state.state(), state.published_count), (v1::TransitionState::Withdrawn, 0));

        head.publish(submission(&of, typical(1, of.point))).await.unwrap();
        exchange.officer.redirect(&of.name, &exchange.academy, "2026-03-09").await.unwrap();
        for profile in [&name, &apart] {
            assert_eq!(refused(receiving.get(profile).await).reason, Reason::PermissionDenied);
        }
        let next = exchange.person(&exchange.academy, &[Role::Dsl]).await;
        next.get(&apart).await.unwrap();
        exchange.verify_all().await;
    }

    async fn who_saw_tells_of_class_r_to_those_who_may_know_of_it(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.from, &[Role::Dsl, Role::Publisher]).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let receiving = exchange.person(&of.to, &[Role::Dsl]).await;
        let apart = lead.publish(restricted(&of, 1, true)).await.unwrap().name;
        receiving.get(&apart).await.unwrap();
        let acts = async |who: &Caller| -> Vec<String> {
            let all = who.who_saw(&of.name).await.unwrap();
            let acts = all.into_iter().map(|one| one.act);
            acts.filter(|act| act != "who_saw_asked").collect()
        };
        for who in [&lead, &exchange.officer] {
            let told = acts(who).await;
            assert!(["published", "fetched"].iter().all(|act| told.iter().any(|one| one == act)), "{told:?}");
        }
        let told = acts(&head).await;
        assert!(!told.iter().any(|act| act == "published" || act == "fetched"), "{told:?}");
        // Nor that somebody tried to add a file of it to what the head sent.
        let name = head.publish(submission(&of, typical(1, of.point))).await.unwrap().name;
        let (before, known) = (acts(&head).await, acts(&lead).await.len());
        let file = lead.add(&name, (SectionKind::FamilyAndAgencies, "minutes"), b"of a meeting").await;
        assert_eq!(refused(file).reason, Reason::RestrictedApart);
        assert_eq!(acts(&head).await, before);
        assert_eq!(acts(&lead).await.len(), known + 1, "the lead is told");
        // Nor that somebody with a key tried to release a note, or to share of it.
        let (key, _) = exchange.key_holder(&of.from, &[Role::Dsl]).await;
        let released = key.record(&of.name, v1::TransitionFact::ChildProtectionNoteReleased).await;
        assert_eq!(refused(released).reason, Reason::PermissionDenied);
        let hidden = further(v1::RecipientPurpose::Safeguarding, &[SectionKind::FamilyAndAgencies]);
        let unfit = lead.names(&of.name, &of.to, hidden).await;
        assert_eq!(refused(unfit).reason, Reason::RecipientUnfit);
        assert_eq!(acts(&head).await, before);
        assert_eq!(acts(&lead).await.len(), known + 3);
    }

    async fn a_note_is_released_only_where_it_is_received(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let service = exchange.another(v1::SettingKind::Council, "neighbour").await;
        exchange.officer.signs(&service.name, framework()).await.unwrap();
        let hidden = further(v1::RecipientPurpose::Safeguarding, &[SectionKind::FamilyAndAgencies]);
        lead.names(&of.name, &service, hidden).await.unwrap();
        lead.publish(restricted(&of, 1, true)).await.unwrap();
        let theirs = exchange.person(&service, &[Role::Dsl]).await;
        let senco = exchange.person(&service, &[Role::Senco]).await;
        let feed = senco.subscribe().await.unwrap();
        let leads = theirs.subscribe().await.unwrap();
        let came = theirs.await_item(&leads, "").await.unwrap();
        assert_eq!(kinds(the_profile(&came.items)), ["family_and_agencies"]);
        // Whatever its lead says: a note was not sent there.
        let note = v1::TransitionFact::ChildProtectionNoteReleased;
        theirs.record(&of.name, note).await.unwrap();
        assert_eq!(senco.pull(&feed, "").await.unwrap().items, []);
        let both = [SectionKind::FamilyAndAgencies, NOTE];
        let more = further(v1::RecipientPurpose::Safeguarding, &both);
        lead.names(&of.name, &service, more).await.unwrap();
        assert_eq!(senco.pull(&feed, "").await.unwrap().items, [], "it was not there to be released");
        theirs.record(&of.name, note).await.unwrap();
        let came = senco.pull(&feed, "").await.unwrap();
        assert_eq!(kinds(the_profile(&came.items)), ["child_protection_note"]);
    }

    async fn the_service_ends_what_is_kept_apart_by_itself(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.from, &[Role::Dsl, Role::Publisher]).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let hidden = exchange.another(v1::SettingKind::HealthService, "team").await;
        let open = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        let safe = (v1::RecipientPurpose::Safeguarding, [SectionKind::FamilyAndAgencies]);
        let care = (v1::RecipientPurpose::HealthCare, [SectionKind::Health]);
        lead.names(&of.name, &hidden, until(safe.0, &safe.1, "2026-03-12")).await.unwrap();
        head.names(&of.name, &open, until(care.0, &care.1, "2026-03-12")).await.unwrap();
        let size = exchange.size();
        exchange.hand.send_replace(at("2026-03-13T12:00:00Z"));
        exchange.entered("recipient_ended", size, 2).await;
        let ended = async |who: &Caller| -> Vec<usize> {
            let all = who.who_saw(&of.name).await.unwrap();
            let all = all.into_iter().filter(|one| one.act == "recipient_ended");
            all.map(|one| one.concerned.len()).collect()
        };
        assert_eq!(ended(&head).await, [1], "the one it named");
        assert_eq!(ended(&lead).await, [1, 1]);
    }

    async fn what_is_shared_of_class_r_changes_nothing_of_what_is_shared_otherwise(exchange) {
        let of = exchange.open_move().await;
        let lead = exchange.person(&of.from, &[Role::Dsl]).await;
        let head = exchange.person(&of.from, &[Role::Publisher]).await;
        let service = exchange.another(v1::SettingKind::HealthService, "school-nursing").await;
        let theirs = exchange.person(&service, &[Role::Dsl]).await;
        let nurse = exchange.person(&service, &[Role::HealthProfessional]).await;
        let care = further(v1::RecipientPurpose::HealthCare, &[SectionKind::Health]);
        head.names(&of.name, &service, care).await.unwrap();
        exchange.sent(&of).await;
        let apart = lead.publish(restricted(&of, 1, true)).await.unwrap().name;
        let feed = nurse.subscribe().await.unwrap();
        nurse.await_item(&feed, "").await.unwrap();
        let before = head.transition(&of.name).await.unwrap();
        let items = nurse.pull(&feed, "").await.unwrap().items;
        let (saw, told) = (head.who_saw(&of.name).await.unwrap().len(), theirs.get(&apart).await);
        assert_eq!(refused(told).reason, Reason::PermissionDenied);
        let hidden = further(v1::RecipientPurpose::Safeguarding, &[SectionKind::FamilyAndAgencies]);
        lead.names(&of.name, &service, hidden).await.unwrap();
        assert_eq!(kinds(&theirs.get(&apart).await.unwrap()), ["family_and_agencies"]);
        let after = head.transition(&of.name).await.unwrap();
        assert_eq!((after.recipients, after.published_count), (before.recipients, 1));
        assert_eq!(nurse.pull(&feed, "").await.unwrap().items, items, "nor does the nurse learn of it");
        // The two readings of the move and the account itself; not that the lead named it.
        let acts = head.who_saw(&of.name).await.unwrap();
        assert!(acts.iter().filter(|one| one.act == "recipient_added").count() == 1, "{saw}: {acts:?}");
        // Named again it gets what is said last.
        let both = [SectionKind::FamilyAndAgencies, NOTE];
        let more = further(v1::RecipientPurpose::Safeguarding, &both);
        lead.names(&of.name, &service, more).await.unwrap();
        assert_eq!(kinds(&theirs.get(&apart).await.unwrap()).len(), 2);
        lead.names(&of.name, &service, hidden).await.unwrap();
        assert_eq!(kinds(&theirs.get(&apart).await.unwrap()), ["family_and_agencies"]);
        // On other days it would be another sharing: both cannot stand in one place.
        let days = v1::RecipientPurpose::Safeguarding;
        let other = until(days, &[SectionKind::FamilyAndAgencies], "2026-04-30");
        let told = refused(lead.names(&of.name, &service, other).await);
        assert_eq!(told.rules(), [("setting", "setting.otherwise")]);
    }
}
