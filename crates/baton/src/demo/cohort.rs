//! Who moves: synthetic learners, spread over the settings of their point.

use anyhow::Context as _;
use baton_domain::route::Point;
use baton_wire::sample::{self, Learner};
use baton_wire::v1;
use prost::Message as _;

use super::cast::{Cast, PARTS, Part, code};

/// The academic year the learners leave in: 2025/26.
const LEAVES: i16 = 2025;
/// Moves of one call.
const PLAN_MAX: usize = 500;

/// One learner of the play.
pub(super) struct Child {
    seed: u64,
    pub(super) point: Point,
    learner: Learner,
    pub(super) from: &'static Part,
    to: &'static Part,
}

/// The learners of a seed, a quarter at each point.
pub(super) fn children(count: u32, seed: u64) -> Vec<Child> {
    (0..u64::from(count))
        .map(|index| {
            let point = Point::ALL[usize::try_from(index % 4).unwrap_or_default()];
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(index);
            Child {
                seed,
                point,
                learner: Learner::synthetic(seed, point, LEAVES),
                from: pick(index / 4, |part| part.sends == Some(point)),
                to: pick(index / 4 / 3, |part| part.receives == Some(point)),
            }
        })
        .collect()
}

fn pick(index: u64, of: impl Fn(&&'static Part) -> bool) -> &'static Part {
    let fitting: Vec<&'static Part> = PARTS.iter().filter(of).collect();
    let index = usize::try_from(index).unwrap_or_default();
    fitting[index % fitting.len()]
}

impl Child {
    /// A pupil number where there is one; nurseries have only their own.
    fn identifiers(&self) -> Vec<v1::LearnerIdentifier> {
        let upn = self.learner.upn.as_ref();
        let (scheme, value) = match upn {
            Some(upn) => (upn.scheme().name(), upn.value().to_owned()),
            None => ("local", format!("child-{}", self.seed)),
        };
        vec![v1::LearnerIdentifier {
            scheme: scheme.to_owned(),
            value,
        }]
    }

    /// What the sending setting publishes.
    pub(super) fn submission(&self) -> anyhow::Result<v1::PublishProfileRequest> {
        let content = sample::typical(self.seed, self.point, &self.learner);
        let content = v1::Sections::decode(content).context("a sample does not decode")?;
        Ok(v1::PublishProfileRequest {
            profile: Some(v1::ProfileSubmission {
                learner: self.identifiers(),
                point: v1::Point::from(self.point).into(),
                academic_year: i32::from(LEAVES),
                level: v1::Level::Universal.into(),
                content: Some(Box::new(content)),
                signatory: "Head of setting".to_owned(),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    fn plan(&self) -> v1::PlannedTransition {
        let adult = self.point == Point::Post16ToAdult;
        let offer_date = match self.point {
            Point::EarlyYearsToPrimary => "2026-04-16",
            Point::PrimaryToSecondary => "2026-03-02",
            Point::SecondaryToPost16 => "2026-05-01",
            Point::Post16ToAdult => "",
        };
        v1::PlannedTransition {
            from: Some(code(self.from.code.0, self.from.code.1)),
            learner: self.identifiers(),
            to: Some(code(self.to.code.0, self.to.code.1)),
            route: if adult {
                "post16-adult-social-care".to_owned()
            } else {
                String::new()
            },
            point: v1::Point::from(self.point).into(),
            academic_year: i32::from(LEAVES),
            offer_date: offer_date.to_owned(),
            acceptance: if adult {
                0
            } else {
                v1::AcceptanceState::Accepted.into()
            },
            ..Default::default()
        }
    }
}

/// The council loads every move.
pub(super) async fn plan(cast: &Cast, children: &[Child]) -> anyhow::Result<()> {
    let officer = &cast.person("council/officer").client;
    for part in children.chunks(PLAN_MAX) {
        let request = v1::PlanTransitionsRequest {
            transitions: part.iter().map(Child::plan).collect(),
            ..Default::default()
        };
        let answer = officer
            .plan_transitions(request)
            .await
            .context("planning moves")?;
        if let Some(error) = answer
            .transitions
            .into_iter()
            .find_map(|planned| planned.error)
        {
            anyhow::bail!(
                "a planned move was refused: {} {:?}",
                error.reason,
                error.violations
            );
        }
    }
    Ok(())
}
