//! What a reader is not shown of sections that it sees: other children who do not go where it is, and
//! what was refused of a section that goes on in part. Judged when something is shown; what is left
//! out is nowhere counted.

use baton_domain::access::Relation;
use baton_domain::ids::SettingId;
use baton_domain::log::canonical::Json;
use baton_domain::opening::provisional_kinds;
use baton_domain::recipient::RecipientRelation;
use baton_domain::section::{KindSet, SectionKind};
use baton_domain::sharing::{goes_on_in_part, in_part};

use super::sharing::toward;
use crate::rows::{ProfileRow, TransitionRow};
use crate::scene::Scene;
use crate::standing::{Brought, Cut};
use crate::view::{kinds as bits, writes};

/// The word of an entry for kinds that were shown in part.
pub(crate) const IN_PART: &str = "in_part";

/// Kinds of a contribution that are another now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changed {
    /// To those who get all of each.
    whole: KindSet,
    /// To those who get some in part: what changed beyond that part changed nothing.
    in_part: KindSet,
    /// Those that were not there before, or held nothing but other children: of what is left of them for a
    /// receiver it is told, and of nothing else.
    fresh: KindSet,
}

impl Changed {
    /// By a version that brought or took away these kinds, and the files of some. Who gets all of each is
    /// told of what was sent again as it stood, too: only who takes over the newest version has taken it
    /// over.
    pub(crate) fn by_version(
        (kinds, files): (KindSet, KindSet),
        before: Option<&ProfileRow>,
        after: &ProfileRow,
    ) -> Self {
        let shown = |of: Option<&ProfileRow>, kind| {
            let section = of.and_then(|profile| profile.sections.get(kind))?;
            match goes_on_in_part(kind) {
                Some(_) => section.digest_in_part(),
                None => Some(section.digest),
            }
        };
        let differs = |kind: &SectionKind| {
            let goes = files.contains(*kind) && goes_on_in_part(*kind).is_none();
            goes || shown(before, *kind) != shown(Some(after), *kind)
        };
        let stood = |kind: &SectionKind| {
            let section = before.and_then(|profile| profile.sections.get(*kind));
            files.contains(*kind) || section.is_some_and(|section| !section.is_of_peers_alone())
        };
        Self {
            whole: kinds,
            in_part: kinds.iter().filter(differs).collect(),
            fresh: kinds.iter().filter(|kind| !stood(kind)).collect(),
        }
    }

    /// By documents: those of a kind that goes in part are not there.
    pub(crate) fn by_documents(kind: SectionKind) -> Self {
        let whole = KindSet::of(&[kind]);
        let goes = |kind: &SectionKind| goes_on_in_part(*kind).is_none();
        Self {
            whole,
            in_part: whole.iter().filter(goes).collect(),
            fresh: KindSet::EMPTY,
        }
    }
}

impl Scene<'_> {
    /// Whether a receiver is shown any of what changed.
    pub(crate) fn sees_change(
        &self,
        of: (&TransitionRow, &ProfileRow),
        to: &SettingId,
        changed: Changed,
    ) -> bool {
        let kinds = if self.in_part_for(of.0, to).is_empty() {
            changed.whole
        } else {
            changed.in_part
        };
        let gets = self.meant_for(of.0, to, kinds);
        let mut fresh = gets.intersection(changed.fresh);
        let known = self.world.released.get(&format!("{}/{to}", of.1.id));
        if known.is_some_and(|known| !known.peers().is_empty()) {
            // It was shown some of them.
            fresh.remove(SectionKind::Relationships);
        }
        let left = self.left_for(to, of, fresh.intersection(bits(of.1.kinds)));
        let gets = gets.difference(fresh).union(left);
        !gets.is_subset(self.closed_to(of, to, gets))
    }

    /// Those of the kinds that a setting is named for.
    pub(super) fn meant_for(&self, row: &TransitionRow, to: &SettingId, of: KindSet) -> KindSet {
        let beside = self.world.recipient(&row.id, to);
        match beside.and_then(|one| Some((one.named()?, one))) {
            Some((RecipientRelation::Further, one)) => of.intersection(bits(one.kinds)),
            Some((RecipientRelation::Provisional, _)) => of.intersection(provisional_kinds()),
            _ => of,
        }
    }

    /// Whether there is anything of these kinds in a contribution for a receiver.
    pub(super) fn has_any(
        &self,
        of: (&TransitionRow, &ProfileRow),
        to: &SettingId,
        kinds: KindSet,
    ) -> bool {
        let gets = self.meant_for(of.0, to, self.there_for(of, to).intersection(kinds));
        !gets.is_subset(self.closed_to(of, to, gets))
    }

    /// Kinds of which there is something for a receiver, if they are open to it. Documents go whole or not
    /// at all.
    pub(super) fn there_for(&self, of: (&TransitionRow, &ProfileRow), to: &SettingId) -> KindSet {
        let papers = self.kinds_of_documents(&of.1.id);
        let papers = papers.difference(self.in_part_for(of.0, to));
        self.left_for(to, of, bits(of.1.kinds)).union(papers)
    }

    /// Kinds of which a receiver gets a part only.
    pub(crate) fn in_part_for(&self, row: &TransitionRow, to: &SettingId) -> KindSet {
        let toward = self.world.settings.get(to.as_str()).and_then(toward);
        let said = self.world.sharing.get(row.id.as_str());
        let cut = |kind: &SectionKind| match toward {
            Some(toward) => {
                let about = said.into_iter().flat_map(|row| row.decisions.about(to));
                in_part(about, toward, *kind)
            }
            // To a setting nobody looked up nothing goes that can be refused.
            None => goes_on_in_part(*kind).is_some(),
        };
        SectionKind::ALL.into_iter().filter(cut).collect()
    }

    /// The same of whoever reads; who wrote it has all of it.
    pub(crate) fn in_part(
        &self,
        relation: Relation,
        (row, profile): (&TransitionRow, &ProfileRow),
        reader: &SettingId,
    ) -> KindSet {
        if writes(relation, reader, row, profile) {
            KindSet::EMPTY
        } else {
            self.in_part_for(row, reader)
        }
    }

    /// How these kinds of a contribution are cut for the caller, if it is shown their content.
    pub(super) fn cut(
        &mut self,
        relation: Relation,
        of: (&TransitionRow, &ProfileRow),
        kinds: KindSet,
    ) -> Cut {
        let reader = self.caller.map(|caller| &caller.acting);
        let in_part = reader.map_or(KindSet::EMPTY, |it| self.in_part(relation, of, it));
        Cut {
            in_part: in_part.intersection(kinds),
            peers: self.shows_peers(relation, of, kinds),
        }
    }

    /// Those of the kinds in which something is left for a receiver: a section of nothing but other
    /// children, of whom it is shown none, is not there, nor one of nothing but what was refused.
    pub(crate) fn left_for(
        &self,
        to: &SettingId,
        (row, profile): (&TransitionRow, &ProfileRow),
        mut kinds: KindSet,
    ) -> KindSet {
        let section = |kind| profile.sections.get(kind);
        let alone = section(SectionKind::Relationships).is_some_and(Brought::is_of_peers_alone);
        if alone && self.peers_for(to, row, profile).is_empty() {
            kinds.remove(SectionKind::Relationships);
        }
        for kind in self.in_part_for(row, to).iter() {
            if section(kind).is_some_and(|it| it.digest_in_part().is_none()) {
                kinds.remove(kind);
            }
        }
        kinds
    }

    /// Length of what a receiver who asks is not shown of what stands: sections that it may not read, and
    /// what the others are cut by.
    pub(super) fn hidden_bytes(
        &self,
        to: &SettingId,
        row: &TransitionRow,
        profile: &ProfileRow,
    ) -> i64 {
        let cut = Cut {
            peers: self.peers_for(to, row, profile),
            in_part: self.in_part_for(row, to),
        };
        let stands = profile.sections.kinds();
        let question = self.question(to, row);
        let shown = self.kinds_read((row, profile), question, to, stands);
        let hidden = stands.iter().filter_map(|kind| {
            let section = profile.sections.get(kind)?;
            Some(if shown.contains(kind) {
                section.bytes_left_out(kind, cut)
            } else {
                section.bytes
            })
        });
        hidden.sum()
    }
}

/// Says of what is shown which kinds go in part. That hangs on what was decided and not on what a section
/// has: a line has one length, whatever was left out.
pub(super) fn say_in_part(of: &mut Json, in_part: KindSet) {
    if let (false, Json::Obj(words)) = (in_part.is_empty(), of) {
        words.insert(IN_PART.to_owned(), in_part.bits().into());
    }
}
