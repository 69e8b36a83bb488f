//! The small world of the tests: a council, settings of several kinds, and moves between them.

use baton_wire::v1;
use bytes::Bytes;
use prost::Message as _;

use super::caller::{Caller, Door};
use super::calls::fresh;
use super::exchange::Exchange;
use super::papers::Papers;

/// The academic year the learners of the tests leave in.
pub(crate) const YEAR: i32 = 2025;
/// The council of the tests. Its number is a real one, nothing else is.
pub(crate) const COUNCIL: &str = "301";

/// Microseconds UTC.
pub(crate) fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

/// A permanent UPN with its check letter.
pub(crate) fn upn(number: u32) -> v1::LearnerIdentifier {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRTUVWXYZ";
    let body = format!("820{number:09}");
    let weighted = body
        .bytes()
        .zip(2..)
        .map(|(digit, weight)| usize::from(digit - b'0') * weight);
    let letter = char::from(LETTERS[weighted.sum::<usize>() % 23]);
    v1::LearnerIdentifier {
        scheme: "upn".to_owned(),
        value: format!("{letter}{body}"),
    }
}

/// A setting and a code it is known by.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// `settings/{setting}`.
    pub(crate) name: String,
    pub(crate) code: v1::SettingIdentifier,
}

/// A planned move, as the council names it.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    /// `settings/{council}/transitions/{transition}`.
    pub(crate) name: String,
    pub(crate) point: v1::Point,
    pub(crate) from: Setting,
    pub(crate) to: Setting,
    /// Who moves, as it was planned.
    pub(crate) learner: Vec<v1::LearnerIdentifier>,
}

/// The UPN of a learner who was planned with one: a profile states no other.
pub(crate) fn upn_of(learner: &[v1::LearnerIdentifier]) -> Option<String> {
    let upn = learner.iter().find(|id| id.scheme == "upn")?;
    Some(upn.value.clone())
}

impl Exchange {
    /// What a plan of a point says once everything it takes is known: the offer was made and
    /// accepted. Of the adult point the release is still missing.
    pub(crate) fn plan_of(&self, point: v1::Point) -> v1::PlannedTransition {
        let (from, to, route) = match point {
            v1::Point::EarlyYearsToPrimary => (&self.nursery, &self.primary, ""),
            v1::Point::PrimaryToSecondary => (&self.primary, &self.secondary, ""),
            v1::Point::SecondaryToPost16 => (&self.secondary, &self.college, ""),
            v1::Point::Post16ToAdult => {
                (&self.college, &self.adult_care, "post16-adult-social-care")
            }
            v1::Point::Unspecified => panic!("no point"),
        };
        v1::PlannedTransition {
            from: Some(from.code.clone()),
            learner: vec![upn(self.number())],
            to: Some(to.code.clone()),
            route: route.to_owned(),
            point: point.into(),
            academic_year: YEAR,
            offer_date: "2026-03-02".to_owned(),
            acceptance: v1::AcceptanceState::Accepted.into(),
            ..Default::default()
        }
    }

    /// The council plans the ordinary move of a point.
    pub(crate) async fn planned(&self, point: v1::Point) -> Move {
        self.planned_as(self.plan_of(point)).await
    }

    /// The council plans this move.
    pub(crate) async fn planned_as(&self, plan: v1::PlannedTransition) -> Move {
        let setting = |code: &Option<v1::SettingIdentifier>| {
            let all = [
                &self.nursery,
                &self.primary,
                &self.secondary,
                &self.academy,
                &self.college,
                &self.adult_care,
            ];
            let found = all
                .into_iter()
                .find(|setting| Some(&setting.code) == code.as_ref());
            found.expect("a setting of the tests").clone()
        };
        let (from, to) = (setting(&plan.from), setting(&plan.to));
        let learner = plan.learner.clone();
        let outcome = self.officer.plan(vec![plan]).await.unwrap().remove(0);
        let transition = outcome
            .transition
            .unwrap_or_else(|| panic!("{:?}", outcome.error));
        Move {
            name: transition.name.clone(),
            point: transition.point(),
            from,
            to,
            learner,
        }
    }

    /// Plans the other children whom encoded sections name for where a move leads: who receives it is
    /// shown them. Their moves.
    pub(crate) async fn with_friends(&self, of: &Move, content: &Bytes) -> Vec<Move> {
        let peers = peers_of(content);
        let mut moves = Vec::new();
        for peer in peers {
            let id = |scheme: &str, value: Option<String>| v1::LearnerIdentifier {
                scheme: scheme.to_owned(),
                value: value.expect("one of each"),
            };
            let plan = v1::PlannedTransition {
                learner: vec![id("upn", peer.upn), id("local", peer.local_id)],
                ..self.plan_of(of.point)
            };
            moves.push(self.planned_as(plan).await);
        }
        assert!(!moves.is_empty(), "nobody is named");
        moves
    }

    /// A move of Year 6 to Year 7 whose window is open.
    pub(crate) async fn open_move(&self) -> Move {
        self.planned(v1::Point::PrimaryToSecondary).await
    }
}

fn peers_of(content: &Bytes) -> Vec<v1::PeerRow> {
    let sections = v1::Sections::decode(content.clone()).unwrap();
    sections
        .relationships
        .expect("a section that names them")
        .peers
}

pub(super) async fn first_officer(door: &Door, token: &str) -> Caller {
    let papers = Papers::new();
    let council = v1::Setting {
        kind: v1::SettingKind::Council.into(),
        display_name: "Council of the tests".to_owned(),
        council: COUNCIL.to_owned(),
        identifiers: vec![code("baton-local:council")],
        ..Default::default()
    };
    let request = v1::BootstrapRequest {
        council: Some(council),
        certificate_spki_sha256: papers.spki.to_vec().into(),
        agreement: Some(framework()),
    };
    let asker = Caller::with_key(door, token);
    let made = asker
        .settings()
        .bootstrap(request)
        .await
        .unwrap()
        .into_inner();
    let (council, credential) = (made.council.unwrap(), made.credential.unwrap());
    Caller::with_papers(door, &papers).of(&council.name, &credential.name)
}

/// What everybody signs at joining.
pub(crate) fn framework() -> v1::SignedAgreement {
    v1::SignedAgreement {
        version: "2025.1".to_owned(),
        text_sha256: vec![7; 32].into(),
        first_day: "2025-09-01".to_owned(),
        last_day: String::new(),
    }
}

fn code(text: &str) -> v1::SettingIdentifier {
    let (scheme, value) = text.split_once(':').unwrap();
    v1::SettingIdentifier {
        scheme: scheme.to_owned(),
        value: value.to_owned(),
    }
}

pub(super) async fn settings(officer: &Caller) -> [Setting; 7] {
    let all = [
        (
            v1::SettingKind::Nursery,
            "Little Samples",
            "ofsted-ey:EY100001",
        ),
        (v1::SettingKind::School, "Sample Primary", "gias:100002"),
        (v1::SettingKind::School, "Sample Secondary", "gias:100003"),
        (v1::SettingKind::School, "Example Academy", "gias:100004"),
        (v1::SettingKind::College, "Sample College", "ukprn:10000005"),
        (
            v1::SettingKind::AdultSocialCare,
            "Sample Adult Care",
            "baton-local:adult-care",
        ),
        (v1::SettingKind::School, "School Elsewhere", "gias:100006"),
    ];
    let drafts = all.map(|(kind, name, text)| v1::Setting {
        kind: kind.into(),
        display_name: name.to_owned(),
        council: COUNCIL.to_owned(),
        identifiers: vec![code(text)],
        ..Default::default()
    });
    let request = v1::ImportSettingsRequest {
        parent: officer.setting.clone(),
        settings: drafts.to_vec(),
        request_id: fresh(),
        validate_only: false,
        agreement: Some(framework()),
    };
    let imported = officer
        .settings()
        .import_settings(request)
        .await
        .unwrap()
        .into_inner();
    let mut names = imported.settings.into_iter().map(|it| {
        assert!(it.error.is_none(), "{:?}", it.error);
        it.setting.unwrap().name
    });
    all.map(|(_, _, text)| Setting {
        name: names.next().unwrap(),
        code: code(text),
    })
}
