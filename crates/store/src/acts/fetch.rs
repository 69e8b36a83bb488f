//! Reading a contribution.

use baton_domain::act::{FeedPlace, Fetch};
use baton_domain::entry::{EntryKind, number, object};
use baton_domain::ids::{ProfileId, SettingId, TransitionId};
use baton_domain::log::canonical::Json;
use baton_domain::opening::Window;
use baton_domain::section::{KindSet, SectionKind};

use super::cut::IN_PART;
use super::opened::{Sealed, Section};
use super::{Prepare, Step, Turn};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::rows::{ProfileRow, TransitionRow, receipt_state};
use crate::scene::Scene;
use crate::standing::Cut;
use crate::view::writes;
use crate::world::Needs;

/// A contribution as far as its reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The contribution.
    pub profile: ProfileId,
    /// The move.
    pub transition: TransitionId,
    /// Who contributed it.
    pub contributor: SettingId,
    /// Version.
    pub version: u32,
    /// Level, as the contract numbers it; 0 where it is not shown.
    pub level: u8,
    /// When it was published, microseconds UTC.
    pub published_us: i64,
    /// Kinds the reader may see; nobody learns of others.
    pub kinds: KindSet,
    /// The move is provisional for the reader.
    pub provisional: bool,
    /// Last day it is kept here; none for recipients whom it would tell what the destination did.
    pub kept_until: Option<jiff::civil::Date>,
    /// Who signed it off; empty until the sections are opened.
    pub signatory: String,
    /// The sections; empty when they were only named.
    pub sections: Vec<Section>,
    /// What may be opened.
    pub(crate) sealed: Option<Sealed>,
}

impl Fetched {
    /// `whole`: nothing of it is closed to the reader for want of an agreement, and it goes in part
    /// nowhere. Else it is not told how much support the child needs.
    pub(crate) fn new(
        row: &TransitionRow,
        profile: &ProfileRow,
        (kinds, whole): (KindSet, bool),
        window: Window,
    ) -> Self {
        Self {
            profile: profile.id.clone(),
            transition: row.id.clone(),
            contributor: profile.setting_id.clone(),
            version: profile.version_number(),
            level: if whole {
                shown_level(profile, kinds)
            } else {
                0
            },
            published_us: profile.published_us,
            kinds,
            provisional: window == Window::Provisional,
            kept_until: None,
            signatory: String::new(),
            sections: Vec::new(),
            sealed: None,
        }
    }

    pub(crate) const fn kept_until(mut self, last: Option<jiff::civil::Date>) -> Self {
        self.kept_until = last;
        self
    }

    /// With its sections, cut so.
    pub(crate) fn may_open(mut self, profile: &ProfileRow, cut: Cut) -> Self {
        self.sealed = Some(Sealed::new(profile, self.kinds, cut));
        self
    }
}

impl Prepare for Fetch {
    type Step = Self;

    async fn prepare(
        self,
        _ledger: &Inner,
        _caller: &baton_domain::act::Caller,
    ) -> Result<Turn<Self>, Refusal> {
        Ok(Turn::Decide(self))
    }

    async fn finish(ledger: &Inner, fetched: &mut Fetched) -> Result<(), Refusal> {
        let Some(sealed) = fetched.sealed.take() else {
            return Ok(());
        };
        for open in ledger.open(&[sealed]).await? {
            let open = open?;
            fetched.sections = open.sections;
            fetched.signatory = open.signatory;
        }
        Ok(())
    }
}

impl Step for Fetch {
    type Outcome = Fetched;
    const TAKES_AWAY: bool = false;
    const OF_A_RECORD: bool = true;

    fn kind(&self) -> EntryKind {
        EntryKind::Fetched
    }

    fn needs(&self, needs: &mut Needs) {
        needs.profiles.insert(self.profile.clone());
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Fetched, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        scene.detail("profile", self.profile.as_str());
        let profile = scene.world.profiles.get(self.profile.as_str()).cloned();
        let profile = profile.ok_or(Refusal::Denied)?;
        let row = scene
            .world
            .transitions
            .get(profile.transition_id.as_str())
            .cloned();
        let row = row.ok_or(Refusal::Internal)?;
        let kinds = scene.visible(&caller.acting, &row, &profile, self.kinds);
        scene.tell_of(&row, &profile);
        if kinds.is_empty() {
            return Err(Refusal::Denied);
        }
        scene.detail("version", profile.version_number());
        scene.detail("kinds", kinds.bits());
        let question = scene.question(&caller.acting, &row);
        let cut = scene.cut(question.relation, (&row, &profile), kinds);
        if !cut.peers.is_empty() {
            scene.detail("peers", cut.peers.bits());
        }
        if !cut.in_part.is_empty() {
            scene.detail(IN_PART, cut.in_part.bits());
        }
        if !writes(question.relation, &caller.acting, &row, &profile) {
            scene.receive(&profile, &caller.acting, receipt_state::OPENED);
        }
        let window = question.window;
        let whole = scene.is_whole(question.relation, (&row, &profile), &caller.acting);
        let fetched = Fetched::new(&row, &profile, (kinds, whole), window).may_open(&profile, cut);
        Ok(fetched.kept_until(scene.told_until(&row, question.relation)))
    }
}

/// A level says how much support a child needs. Who sees what works with it, and nothing else,
/// needs no label.
fn shown_level(profile: &ProfileRow, kinds: KindSet) -> u8 {
    let label = kinds
        .iter()
        .any(|kind| kind != SectionKind::SupportStrategies);
    let level = u8::try_from(profile.level).ok().filter(|_| label);
    level.unwrap_or_default()
}

/// One item of a showing entry. The first one an entry put before a setting says no number.
pub(crate) fn shown(place: FeedPlace, alias: &str, kinds: KindSet) -> Json {
    let mut line = object([
        ("position", number(place.position)),
        ("learner", Json::Str(alias.to_owned())),
        ("kinds", kinds.bits().into()),
    ]);
    if place.item > 0 {
        line.insert("item".to_owned(), place.item.into());
    }
    Json::Obj(line)
}
