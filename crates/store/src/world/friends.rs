//! The moves of other children that the contributions of a batch name: whether one of them goes where
//! the reader is decides whether it is named to the reader.

use std::collections::BTreeSet;

use baton_domain::ids::LearnerId;
use baton_domain::section::SectionKind;

use super::World;
use super::load::by;
use crate::engine::Tx;
use crate::error::StoreError;
use crate::rows::profile_state;

impl World {
    /// All moves of those children, with what stands or was taken back of each, what was decided about
    /// sharing it and where it is sent without an agreement. Four statements, a rung more of each with every 256 children; none where
    /// nobody is named. After everything else: what is needed of a learner whom an act of the batch
    /// is about is there already, all of it.
    pub(super) async fn load_friends(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        let learners = self.friends_named();
        self.transitions
            .load(by(tx, "learner_id", learners.iter().cloned()).await?);
        let moves = self.transitions.iter();
        let moves = moves.filter(|row| learners.contains(&row.learner_id));
        let moves: Vec<_> = moves.map(|row| row.id.clone()).collect();
        self.profiles
            .load(by(tx, "transition_id", moves.iter().cloned()).await?);
        self.sharing
            .load(by(tx, "transition_id", moves.iter().cloned()).await?);
        self.sent_without
            .load(by(tx, "transition_id", moves.into_iter()).await?);
        Ok(())
    }

    fn friends_named(&self) -> BTreeSet<LearnerId> {
        let standing = self.profiles.iter();
        let standing = standing.filter(|row| row.state == profile_state::PUBLISHED);
        let sections = standing.filter_map(|row| row.sections.get(SectionKind::Relationships));
        let named = sections.flat_map(|section| &section.peers);
        let named = named.filter_map(|peer| peer.learner.as_ref());
        let unknown = named.filter(|id| self.learners.get(id.as_str()).is_none());
        unknown.cloned().collect()
    }
}
