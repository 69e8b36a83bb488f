//! Publishing the next version of a contribution.

use baton_domain::access::{Action, Relation};
use baton_domain::act::{Caller, Publish, Target};
use baton_domain::entry::{self, EntryKind};
use baton_domain::friends::Unlinked;
use baton_domain::guarded::Fault;
use baton_domain::ids::{ContentId, LearnerIdentifier, LearnerScheme, ProfileId, SettingId};
use baton_domain::log::canonical::Json;
use baton_domain::route::Route;
use baton_domain::section::{KindSet, SectionKind};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::agreements::WithoutAgreement;
use super::apart::is_restricted;
use super::cut::Changed;
use super::erase::alive;
use super::merged::{Sent, merge, short};
use super::opened::{COVER, seal_section};
use super::peers::{Linked, Reference, UnlinkedPeer};
use super::protection::Wording;
use super::redirect::tell;
use super::settings::random_id;
use super::{Idempotent, Prepare, Step, Turn};
use crate::learner::{self, Record};
use crate::ledger::Inner;
use crate::refusal::Refusal;
use crate::remainder::Remainder;
use crate::rows::{
    ContentRow, LearnerRow, ProfileRow, TransitionRow, VersionRow, fact, profile_state,
};
use crate::scene::{Question, Scene};
use crate::standing::Brought;
use crate::world::{Needs, Put as _};

/// The level of what was published without one, as the contract numbers it.
const UNIVERSAL: i64 = 1;

/// What stands after a publish.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The contribution.
    pub profile: ProfileId,
    /// Its version.
    pub version: u32,
    /// False when the content stood already.
    pub changed: bool,
    /// Places of references that lead to no child, and why, as a number.
    unlinked: Vec<(usize, u8)>,
    /// The destination, where health and child protection alone reach it for want of an agreement, or
    /// where it is sent to all the same.
    pub without_agreement: Option<WithoutAgreement>,
}

impl Published {
    fn of(
        profile: &ProfileRow,
        changed: bool,
        (unlinked, without_agreement): (&[UnlinkedPeer], Option<WithoutAgreement>),
    ) -> Self {
        let numbered = |one: &UnlinkedPeer| (one.place, one.why.number());
        Self {
            profile: profile.id.clone(),
            version: profile.version_number(),
            changed,
            unlinked: unlinked.iter().map(numbered).collect(),
            without_agreement,
        }
    }

    /// Other children that the submission names and whom nobody outside is shown: each reference leads
    /// to nobody whom the author knows.
    pub fn unlinked(&self) -> Vec<UnlinkedPeer> {
        let read = |(place, why): &(usize, u8)| {
            let (place, why) = (*place, Unlinked::from_number(*why)?);
            Some(UnlinkedPeer { place, why })
        };
        self.unlinked.iter().filter_map(read).collect()
    }
}

/// A publish whose sections are sealed. They name no version: content has an id of its own, made
/// before the lock, and the version row says which content it is.
#[derive(Debug)]
pub(crate) struct PublishStep {
    target: Target,
    /// 0: that which stands.
    level: u8,
    /// Kinds that are sent or taken away.
    kinds: KindSet,
    removes: KindSet,
    /// A kind was given more than once, or taken away as well.
    twice: bool,
    born: Option<Date>,
    /// Numbers that stand in the profile, with their index entries.
    stated: Vec<(LearnerIdentifier, String)>,
    /// What is looked through, where the learner is guarded.
    wording: Wording,
    /// Other children it names.
    references: Vec<Reference>,
    request: baton_domain::act::RequestId,
    blinds: Vec<(LearnerScheme, String)>,
    content: ContentId,
    rows: Vec<ContentRow>,
    /// Each section that is sent.
    sent: Vec<Sent>,
    /// Salted commitment of the cover, for the entry.
    cover: [u8; 32],
    /// Keyed digest of everything that makes it the same request.
    digest: [u8; 32],
}

impl Prepare for Publish {
    type Step = PublishStep;

    async fn prepare(self, ledger: &Inner, caller: &Caller) -> Result<Turn<PublishStep>, Refusal> {
        let owner = &caller.acting;
        // A setting that is not there has no key; the act is still decided, and denied.
        let key = ledger.sealing_key(owner).await?;
        let content = random_id(ContentId::from_bytes)?;
        let mut sections = self.sections;
        // The order they came in says nothing; one order makes equal content equal.
        sections.sort_by_key(|(kind, _)| *kind);
        let named = sections.len();
        sections.dedup_by_key(|(kind, _)| *kind);
        let kinds: KindSet = sections.iter().map(|(kind, _)| *kind).collect();
        let both = kinds.intersection(self.removes);
        let twice = sections.len() != named || !both.is_empty();
        let (level, removes) = ([self.level], self.removes.bits().to_be_bytes());
        let mut digested: Vec<&[u8]> = vec![&level, self.signatory.as_bytes(), &removes];
        let mut rows = Vec::with_capacity(sections.len() + 1);
        let mut sent = Vec::with_capacity(sections.len());
        let numbers: Vec<[u8; 1]> = sections.iter().map(|(k, _)| [k.number()]).collect();
        for ((kind, bytes), number) in sections.iter().zip(&numbers) {
            digested.extend([number.as_slice(), bytes]);
            if let Some(key) = &key {
                let names = (owner, &content, i64::from(kind.number()));
                let (row, commitment) = seal_section(&ledger.keys, key, names, bytes)?;
                rows.push(row);
                let digest = |bytes: &[u8]| {
                    let signed = [number.as_slice(), self.signatory.as_bytes(), bytes];
                    ledger.keys.blind("content", &signed)
                };
                sent.push(Sent {
                    kind: *kind,
                    bytes: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
                    commitment,
                    digest: digest(bytes),
                    remainder: Remainder::of(*kind, bytes, |left| short(&digest(left))),
                });
            }
        }
        let mut cover = [0; 32];
        if let Some(key) = &key {
            let names = (owner, &content, COVER);
            let signatory = self.signatory.as_bytes();
            let (row, commitment) = seal_section(&ledger.keys, key, names, signatory)?;
            rows.push(row);
            cover = commitment;
        }
        let blinds = match &self.target {
            Target::Transition(_) => Vec::new(),
            Target::Learner { identifiers, .. } => learner::named(&ledger.keys, identifiers),
        };
        Ok(Turn::Decide(PublishStep {
            digest: ledger.keys.blind("content", &digested),
            kinds: kinds.union(self.removes),
            removes: self.removes,
            twice,
            target: self.target,
            level: self.level,
            born: self.born,
            stated: learner::blinded(&ledger.keys, self.stated),
            wording: Wording::of(&ledger.keys, sections, self.signatory, self.former),
            references: self
                .peers
                .into_iter()
                .map(|peer| Reference::of(&ledger.keys, peer))
                .collect(),
            request: self.request,
            blinds,
            content,
            rows,
            sent,
            cover,
        }))
    }
}

impl Step for PublishStep {
    type Outcome = Published;
    const TAKES_AWAY: bool = false;

    fn kind(&self) -> EntryKind {
        EntryKind::Published
    }

    fn needs(&self, needs: &mut Needs) {
        let stated = self.stated.iter().map(|(_, blind)| blind);
        let named = self.references.iter().flat_map(Reference::blinds);
        let blinds = self.blinds.iter().map(|(_, blind)| blind);
        let all = blinds
            .chain(stated)
            .chain(named)
            .chain(self.wording.blinds());
        needs.blinds.extend(all.cloned());
        if let Target::Transition(id) = &self.target {
            needs.transitions.insert(id.clone());
        }
    }

    fn request(&self) -> Option<Idempotent<'_>> {
        let target = match &self.target {
            Target::Transition(id) => id.as_str().to_owned(),
            Target::Learner {
                point,
                academic_year,
                ..
            } => {
                let blinds: Vec<_> = self
                    .blinds
                    .iter()
                    .map(|(_, blind)| blind.as_str())
                    .collect();
                format!("{} {point} {academic_year}", blinds.join(" "))
            }
        };
        let content = [target.as_bytes(), &self.digest].concat();
        Some(Idempotent {
            id: &self.request,
            method: "publish",
            content,
        })
    }

    fn remember(outcome: &Published) -> String {
        serde_json::to_string(outcome).unwrap_or_default()
    }

    fn recall(remembered: &str) -> Option<Published> {
        serde_json::from_str(remembered).ok()
    }

    fn content(&self) -> Vec<ContentRow> {
        self.rows.clone()
    }

    fn content_id(&self) -> Option<&ContentId> {
        Some(&self.content)
    }

    fn weight(&self) -> usize {
        self.rows
            .iter()
            .map(|row| row.sealed.len() + row.wrapped.len())
            .sum()
    }

    fn decide(&self, scene: &mut Scene<'_>) -> Result<Published, Refusal> {
        let caller = scene.caller.ok_or(Refusal::Denied)?;
        let row = self.find(scene, &caller.acting)?;
        tell(scene, &row);
        if self.is_apart() {
            scene.tell_apart();
        }
        let question = scene.question(&caller.acting, &row);
        if self.rows.is_empty() || !self.allowed(scene, question) {
            return Err(Refusal::Denied);
        }
        if self.twice {
            return Err(Refusal::Failed("SECTION_TWICE"));
        }
        if self.is_apart() && !self.kinds.iter().all(is_restricted) {
            return Err(Refusal::Failed("RESTRICTED_APART"));
        }
        alive(&row)?;
        if scene.is_marked(&row.learner_id, fact::RESTRICTED) {
            return Err(Refusal::Failed("PROCESSING_RESTRICTED"));
        }
        let (learner, record) = scene.record(&row.learner_id)?;
        self.leads_nowhere_back(scene, &caller.acting, &record)?;
        if learner.owner_id == caller.acting && !self.is_of(scene, &learner, &record) {
            return Err(Refusal::Failed("ANOTHER_LEARNER"));
        }
        let linked = scene.link(&self.references, (&caller.acting, &row.learner_id))?;
        let of = |one: &ProfileRow| one.is_apart() == self.is_apart();
        let own = |one: &&ProfileRow| one.setting_id == caller.acting && of(one);
        // One that was erased is not gone on from: what is erased is known by its id.
        let kept = |one: &&ProfileRow| own(one) && one.state != profile_state::ERASED;
        let before = scene.world.profiles_of(&row.id).find(kept).cloned();
        let standing = before
            .as_ref()
            .filter(|p| p.state == profile_state::PUBLISHED);
        let removed = |of: &ProfileId| scene.kinds_of_documents(of).intersection(self.removes);
        let files = standing.map_or(KindSet::EMPTY, |p| removed(&p.id));
        if let Some(same) = standing.filter(|p| files.is_empty() && self.stands(p)) {
            self.stay(scene, &row, (same, &linked));
            let told = (&linked.unlinked[..], scene.destination_without(&row));
            return Ok(Published::of(same, false, told));
        }
        let id = match &before {
            Some(before) => before.id.clone(),
            None => random_id(ProfileId::from_bytes)?,
        };
        let version = before.as_ref().map_or(0, |before| before.version) + 1;
        let of = (&row, &caller.acting);
        let profile = self.next(scene, of, (id, version), (standing, &linked))?;
        // What can fail comes first: what is refused must leave nothing.
        self.remember_birth(scene, learner, record)?;
        self.put(scene, &profile);
        if standing.is_none() && before.is_some() {
            // It was taken back: so was what other children's profiles say of this one.
            scene.world.arrives(&row.learner_id);
        }
        // Those whose window is open have it at once, others by a later release.
        let changed = Changed::by_version((self.kinds, files), standing, &profile);
        let told = scene.told_of_change(&row, &profile, changed);
        if let Some(before) = standing {
            scene.carry_receipts(&row, (before, &profile), &told);
        }
        for to in told {
            scene.release(&row, &profile, &to);
        }
        let told = (&linked.unlinked[..], scene.destination_without(&row));
        Ok(Published::of(&profile, true, told))
    }
}

impl ProfileRow {
    pub(crate) fn version_number(&self) -> u32 {
        u32::try_from(self.version).unwrap_or(u32::MAX)
    }
}

impl PublishStep {
    /// Whether it is of the contribution of class R.
    fn is_apart(&self) -> bool {
        self.kinds.iter().any(is_restricted)
    }

    /// Whether the caller may write every kind it sends or takes away. Naming none is nobody's right.
    fn allowed(&self, scene: &mut Scene<'_>, question: Question) -> bool {
        let mut allowed = !self.kinds.is_empty();
        for kind in self.kinds.iter() {
            // All are asked, so that the entry names each that was refused.
            allowed &= scene.ask(Action::Publish, question, Some(kind));
        }
        allowed
    }

    /// The caller's own move. By identifiers exactly one must be planned.
    fn find(&self, scene: &mut Scene<'_>, acting: &SettingId) -> Result<TransitionRow, Refusal> {
        let (point, year) = match &self.target {
            Target::Transition(id) => {
                let row = scene.world.transitions.get(id.as_str()).cloned();
                return row.ok_or(Refusal::Denied);
            }
            Target::Learner {
                point,
                academic_year,
                ..
            } => (*point, i64::from(academic_year.first_year())),
        };
        // Whatever else it is named by.
        let retired = scene.refuses(acting, &self.blinds);
        let learners = self
            .blinds
            .iter()
            .filter_map(|(_, blind)| scene.world.learner_of(blind, acting));
        let mut found: Vec<TransitionRow> = learners
            .flat_map(|learner| scene.world.moves_of(learner))
            .filter(|row| row.from_id == *acting && row.academic_year == year)
            .filter(|row| row.facts & fact::ERASED == 0 && scene.works_on(row))
            .filter(|row| Route::find(&row.route).is_some_and(|r| r.point == point))
            .cloned()
            .collect();
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        if found.len() == 1
            && retired.is_none()
            && let Some(one) = found.pop()
        {
            return Ok(one);
        }
        // Who may not publish at all is not told what is planned.
        let own = Question {
            relation: Relation::Source,
            ..Question::GENERAL
        };
        Err(match (self.allowed(scene, own), retired) {
            (false, _) => Refusal::Denied,
            (true, Some(retired)) => retired,
            (true, None) if found.is_empty() => Refusal::Failed("NO_PLANNED_TRANSITION"),
            (true, None) => Refusal::Failed("AMBIGUOUS_TRANSITION"),
        })
    }

    /// Whether everything that is asked for stands already.
    fn stands(&self, profile: &ProfileRow) -> bool {
        let sections = &profile.sections;
        let gone = |kind| sections.get(kind).is_none();
        (self.level == 0 || i64::from(self.level) == profile.level)
            && self.sent.iter().all(|sent| sent.stands_in(sections))
            && self.removes.iter().all(gone)
    }

    /// The version that follows. After a withdrawal nothing stands.
    fn next(
        &self,
        scene: &Scene<'_>,
        (row, acting): (&TransitionRow, &SettingId),
        (id, version): (ProfileId, i64),
        (standing, linked): (Option<&ProfileRow>, &Linked),
    ) -> Result<ProfileRow, Refusal> {
        let sections = standing.map(|profile| profile.sections.clone());
        let place = (version, scene.position, &self.content);
        let sections = merge(
            sections.unwrap_or_default(),
            self.removes,
            (&self.sent, &linked.peers),
            place,
        )?;
        Ok(ProfileRow {
            id,
            transition_id: row.id.clone(),
            setting_id: acting.clone(),
            apart: i64::from(self.is_apart()),
            version,
            state: profile_state::PUBLISHED,
            level: match (self.level, standing) {
                (0, Some(standing)) => standing.level,
                (0, None) => UNIVERSAL,
                (level, _) => i64::from(level),
            },
            kinds: i64::from(sections.kinds().bits()),
            content_id: self.content.clone(),
            bytes: sections.bytes(),
            sections,
            position: scene.position,
            published_us: scene.time_us,
        })
    }

    /// Enters a version. Documents of what it takes away go out of sight with it.
    fn put(&self, scene: &mut Scene<'_>, profile: &ProfileRow) {
        let sections = self.sent.iter();
        let sections = sections.map(|sent| (sent.kind.name(), entry::hex(&sent.commitment)));
        scene.detail("sections", Json::object(sections));
        scene.detail("cover", entry::hex(&self.cover));
        scene.detail("profile", profile.id.as_str());
        scene.detail("version", profile.version_number());
        if !self.removes.is_empty() {
            scene.detail("removed", self.removes.bits());
            scene.hide_documents(&profile.id, self.removes);
        }
        scene.world.put(VersionRow {
            profile_id: profile.id.clone(),
            version: profile.version,
            content_id: profile.content_id.clone(),
            level: profile.level,
            sent: i64::from(self.kinds.difference(self.removes).bits()),
            position: scene.position,
            published_us: scene.time_us,
        });
        scene.world.put(profile.clone());
        if self.kinds.contains(SectionKind::Relationships) {
            scene.index_friends(profile);
        }
    }

    /// Nothing is sent that does not stand; but a child it names may be known now who was not, or not
    /// any more. No version says so: whoever is shown none of them must see no difference.
    fn stay(
        &self,
        scene: &mut Scene<'_>,
        row: &TransitionRow,
        (same, linked): (&ProfileRow, &Linked),
    ) {
        scene.draft.kind = Some(EntryKind::Unchanged);
        scene.draft.unwanted.push(self.content.clone());
        scene.detail("profile", same.id.as_str());
        scene.detail("version", same.version_number());
        let named = same.sections.get(SectionKind::Relationships);
        let sent = self.kinds.contains(SectionKind::Relationships);
        let Some(named) = named.filter(|named| sent && named.peers != linked.peers) else {
            return;
        };
        let mut profile = same.clone();
        let again = Brought {
            peers: linked.peers.clone(),
            ..named.clone()
        };
        profile.sections.put(SectionKind::Relationships, again);
        scene.world.put(profile.clone());
        scene.index_friends(&profile);
        scene.tell_of_friends(row, &profile);
    }

    /// Refuses what would lead back to an identity that was put away, before anything is compared.
    fn leads_nowhere_back(
        &self,
        scene: &Scene<'_>,
        acting: &SettingId,
        record: &Record,
    ) -> Result<(), Refusal> {
        let retired = |blind: &String| scene.world.is_retired(blind, acting);
        let numbers = self.stated.iter().filter(|(_, blind)| retired(blind));
        let mut faults: Vec<_> = numbers.map(|(id, _)| Fault::Stated(id.scheme())).collect();
        let former = self.wording.blinds().any(retired);
        faults.extend(self.wording.faults(&record.guard, former));
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Refusal::FormerIdentity(faults))
        }
    }

    /// Whether the numbers in the profile are those of the learner it is published for. Compared
    /// with what their owner knows and nobody else: whose a number is elsewhere is not told.
    fn is_of(&self, scene: &Scene<'_>, learner: &LearnerRow, record: &Record) -> bool {
        let known = |blind| scene.world.learner_of(blind, &learner.owner_id);
        self.stated.iter().all(|(id, blind)| match known(blind) {
            Some(whose) => *whose == learner.id,
            // New. It may be the first of its scheme: a permanent UPN follows a temporary one.
            None => record
                .identifiers
                .iter()
                .all(|old| old.scheme() != id.scheme()),
        })
    }

    /// Projects the date of birth into the learner's record: the age rules hang on it.
    fn remember_birth(
        &self,
        scene: &mut Scene<'_>,
        learner: LearnerRow,
        mut record: Record,
    ) -> Result<(), Refusal> {
        if self.born.is_some() && record.born != self.born {
            record.born = self.born;
            let sealed = learner::seal(scene.world, scene.keys, learner, &record)
                .map_err(|_| Refusal::Internal)?;
            scene.world.put(sealed);
        }
        Ok(())
    }
}
