//! Erasing before its time: a learner, a move, or one section kind. No key of it is left in the database
//! when the answer leaves.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Erase, Extent};
use baton_domain::entry::EntryKind;
use baton_domain::ids::{ProfileId, SettingId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::section::{KindSet, SectionKind};
use serde::{Deserialize, Serialize};

use super::apart::is_restricted;
use super::forget::ROWS_MAX;
use super::redirect::find;
use super::{Idempotent, Step, direct};
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, TransitionRow, VersionRow, fact, profile_state};
use crate::scene::{Question, Scene};
use crate::view::{kinds, writes};
use crate::world::Needs;

/// What was erased, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Moves that are gone; none when one kind was erased.
    pub transitions: Vec<TransitionId>,
    /// Contributions.
    pub profiles: Vec<ErasedProfile>,
    /// Settings that had any of it before them. They are told, and have copies of their own.
    pub receivers: Vec<SettingId>,
    /// More is left of the learner than one act can erase: ask again.
    pub more: bool,
    /// Every contribution, those too that the caller may not know of; for the entry.
    #[serde(skip)]
    all: Vec<ProfileId>,
}

/// A contribution of which something was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedProfile {
    /// Its id.
    pub profile: ProfileId,
    /// The version that stood.
    pub version: u32,
    bits: u32,
}

impl ErasedProfile {
    /// Kinds that went, as far as the caller may see them.
    pub fn kinds(&self) -> KindSet {
        kinds(i64::from(self.bits))
    }
}

impl Step for Erase {
    type Outcome = Erased;
    const TAKES_AWAY: bool = true;

    fn kind(&self) -> EntryKind {
        if self.validate_only {
            EntryKind::ErasurePreviewed
        } else {
            EntryKind::Erased
        }
    }

    fn needs(&self, needs: &mut Needs) {
        needs.transitions.insert(self.transition.clone());
        needs.families = true;
        needs.versions |= matches!(self.extent, Extent::Section(_));
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let content = format!("{} {:?} {:?}", self.transition, self.extent, self.reason);
        (!self.validate_only).then(|| Idempotent {
            id: &self.request,
            method: "erase",
            content: content.into_bytes(),
        })
    }

    fn remember(outcome: &Erased) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Erased> {
        serde_json::from_str(remembered).ok()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Erased, Refusal> {
        let (row, question) = find(scene, &self.transition)?;
        scene.detail("reason", self.reason.name());
        scene.detail("extent", extent(self.extent));
        if matches!(self.extent, Extent::Section(kind) if is_restricted(kind)) {
            scene.tell_apart();
        }
        allowed(self, scene, &row, question)?;
        let erased = match self.extent {
            Extent::Learner | Extent::Identity => {
                let of_learner = scene.world.moves_of(&row.learner_id);
                let living = of_learner.filter(|other| other.facts & fact::ERASED == 0);
                let living = living.cloned().collect();
                if self.extent == Extent::Identity && !self.validate_only {
                    scene.retire(&row.learner_id)?;
                }
                moves(self, scene, living)
            }
            Extent::Transition => moves(self, scene, vec![row.clone()]),
            Extent::Section(kind) => section(self, scene, (&row, question.relation), kind)?,
        };
        let names = erased.all.iter().map(|id| Json::from(id.as_str()));
        let names = names.collect();
        scene.detail("profiles", Json::Arr(names));
        Ok(erased)
    }
}
direct!(Erase);

fn extent(extent: Extent) -> &'static str {
    match extent {
        // Which identity was put away stands nowhere.
        Extent::Learner | Extent::Identity => "learner",
        Extent::Transition => "transition",
        Extent::Section(kind) => kind.name(),
    }
}

fn allowed(
    act: &Erase,
    scene: &mut Scene<'_>,
    row: &TransitionRow,
    question: Question,
) -> Result<(), Refusal> {
    let may = match act.extent {
        Extent::Section(kind) => scene.ask(Action::EraseSection, question, Some(kind)),
        // The entry of an identity that was put away is like any other's: no more is asked.
        Extent::Learner | Extent::Identity | Extent::Transition => {
            scene.ask(Action::Erase, question, None)
        }
    };
    if !may {
        let told = question.legal_hold && scene.ask(Action::Hold, question, None);
        return Err(if told {
            Refusal::Failed("LEGAL_HOLD")
        } else {
            Refusal::Denied
        });
    }
    alive(row)?;
    if scene.is_marked(&row.learner_id, fact::RESTRICTED) {
        return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
    }
    Ok(())
}

/// As many of a learner's moves as one entry has room for, and the learner with the last.
fn moves(act: &Erase, scene: &mut Scene<'_>, moves: Vec<TransitionRow>) -> Erased {
    let (mut erased, mut rows) = (Erased::default(), 0);
    for row in moves {
        rows += scene.rows_of(&row);
        if rows > ROWS_MAX && !erased.transitions.is_empty() {
            erased.more = true;
            break;
        }
        for profile in scene.unerased(&row) {
            erased.add(scene, &row, &profile, None);
        }
        erased.transitions.push(row.id.clone());
        if !act.validate_only {
            scene.forget_move(&row);
            scene.forget_learner_of(&row);
        }
    }
    erased.receivers.sort();
    erased.receivers.dedup();
    erased
}

fn section(
    act: &Erase,
    scene: &mut Scene<'_>,
    (row, relation): (&TransitionRow, Relation),
    kind: SectionKind,
) -> Result<Erased, Refusal> {
    let acting = &scene.caller.ok_or(Refusal::Denied)?.acting;
    let own = |profile: &&ProfileRow| {
        writes(relation, acting, row, profile)
            && profile.state != profile_state::ERASED
            && profile.is_apart() == is_restricted(kind)
    };
    let own = scene.world.profiles_of(&row.id).find(own);
    // An earlier version may have it where the current one has not: it goes all the same.
    let profile = own.cloned().ok_or(Refusal::Failed("NOTHING_TO_ERASE"))?;
    let has = |kinds: i64| kinds & (1 << kind.number()) != 0;
    let of_any = |one: &VersionRow| one.profile_id == profile.id && has(one.sent);
    let documents = scene.has_documents(&profile.id, |one| one == Some(kind));
    if !has(profile.kinds) && !documents && !scene.world.versions.iter().any(of_any) {
        return Err(Refusal::Failed("NOTHING_TO_ERASE"));
    }
    let mut erased = Erased::default();
    erased.add(scene, row, &profile, Some(kind));
    if !act.validate_only {
        scene.forget_section(row, &profile, (kind, profile.version));
    }
    Ok(erased)
}

impl Erased {
    fn add(
        &mut self,
        scene: &mut Scene<'_>,
        row: &TransitionRow,
        profile: &ProfileRow,
        kind: Option<SectionKind>,
    ) {
        self.all.push(profile.id.clone());
        let relation = self::relation(scene, row);
        if !scene.may_know(row, profile, relation) {
            return;
        }
        let seen = match kind {
            // It was asked for, by one who may take it away.
            Some(kind)
                if kinds(profile.kinds)
                    .union(scene.kinds_of_documents(&profile.id))
                    .contains(kind) =>
            {
                1 << kind.number()
            }
            Some(_) => 0,
            None => scene.seen_of(row, profile).bits(),
        };
        self.receivers.extend(scene.told_of(&profile.id));
        self.profiles.push(ErasedProfile {
            profile: profile.id.clone(),
            version: profile.version_number(),
            bits: seen,
        });
    }
}

fn relation(scene: &Scene<'_>, row: &TransitionRow) -> Relation {
    let caller = scene.caller;
    caller.map_or(Relation::None, |caller| {
        scene.question(&caller.acting, row).relation
    })
}

/// Nothing is done to a move that was erased.
pub(super) fn alive(row: &TransitionRow) -> Result<(), Refusal> {
    if row.facts & fact::ERASED == 0 {
        Ok(())
    } else {
        Err(Refusal::Failed("ERASED"))
    }
}
