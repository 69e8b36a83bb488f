//! The facts of a batch, fetched in a fixed number of statements.

use std::collections::BTreeSet;

use baton_domain::ids::{CredentialId, SettingId};

use super::{Indexed, Needs, World, council_code};
use crate::engine::Tx;
use crate::engine::table::Table;
use crate::engine::value::{Column, Type, Value};
use crate::error::StoreError;
use crate::rows::LearnerCodeRow;

/// Whether a setting looks after any other: more than the acts of a batch could take from it.
pub(crate) const WARDS: &str = "SELECT id FROM setting WHERE caretaker_id = $1 LIMIT 1000";

impl World {
    /// Fetches everything the batch needs. The order matters: later stages follow references of
    /// earlier ones. At most one statement a table, column and rung, whatever the batch size.
    pub(crate) async fn load(tx: &mut Tx, needs: &Needs) -> Result<Self, StoreError> {
        let mut world = Self::default();
        world
            .requests
            .load(by(tx, "key", needs.requests.iter().cloned()).await?);
        world
            .credentials
            .load(by(tx, "id", needs.credentials.iter().cloned()).await?);
        let digests = needs.digests.iter().cloned();
        world.credentials.load(by(tx, "digest", digests).await?);
        let delegators = world.delegators(needs);
        world
            .delegations
            .load(by(tx, "setting_id", delegators.into_iter()).await?);
        world
            .subscriptions
            .load(by(tx, "id", needs.subscriptions.iter().cloned()).await?);
        let subscribers = needs.subscribers.iter().cloned();
        world
            .subscriptions
            .load(by(tx, "setting_id", subscribers).await?);
        world
            .codes
            .load(by(tx, "code", needs.codes.iter().cloned()).await?);
        let blinds = needs.blinds.iter().cloned();
        let mut known: Vec<LearnerCodeRow> = by(tx, "blind", blinds).await?;
        // What settings that have no part in this batch know is none of its facts.
        let named: BTreeSet<_> = world.codes.iter().map(|row| &row.setting_id).collect();
        known.retain(|row| needs.settings.contains(&row.owner_id) || named.contains(&row.owner_id));
        world.learner_codes.load(known);

        world.load_documents(tx, needs).await?;
        let documented = world.documents.iter().map(|row| row.profile_id.clone());
        let staged = world
            .staged
            .iter()
            .filter(|row| needs.documents.contains(&row.id));
        let staged = staged.map(|row| row.profile_id.clone());
        let profiles: BTreeSet<_> = documented.chain(staged).collect();
        let profiles = profiles.union(&needs.profiles).cloned();
        world.profiles.load(by(tx, "id", profiles).await?);
        let named = needs.transitions.iter().cloned();
        let of_profiles = world.profiles.iter().map(|row| row.transition_id.clone());
        let moves: BTreeSet<_> = named.chain(of_profiles).collect();
        world
            .transitions
            .load(by(tx, "id", moves.into_iter()).await?);
        // Other moves of the same learners: a plan may be theirs, an enrolment closes theirs.
        let coded = world
            .learner_codes
            .iter()
            .filter_map(|row| row.learner_id.clone());
        let moving = world.transitions.iter().map(|row| row.learner_id.clone());
        let named = needs.learners.iter().cloned();
        let learners: BTreeSet<_> = coded.chain(moving).chain(named).collect();
        world
            .transitions
            .load(by(tx, "learner_id", learners.iter().cloned()).await?);
        if needs.families {
            let of = learners.iter().cloned();
            world.credentials.load(by(tx, "learner_id", of).await?);
        }
        world
            .learners
            .load(by(tx, "id", learners.into_iter()).await?);

        let moves: BTreeSet<_> = world.transitions.iter().map(|row| row.id.clone()).collect();
        world
            .profiles
            .load(by(tx, "transition_id", moves.iter().cloned()).await?);
        world
            .recipients
            .load(by(tx, "transition_id", moves.iter().cloned()).await?);
        world
            .sharing
            .load(by(tx, "transition_id", moves.iter().cloned()).await?);
        world
            .sent_without
            .load(by(tx, "transition_id", moves.into_iter()).await?);
        let profiles: BTreeSet<_> = world.profiles.iter().map(|row| row.id.clone()).collect();
        // Always: whatever forgets a contribution forgets them too.
        let of_profiles = || profiles.iter().cloned();
        world
            .documents
            .load(by(tx, "profile_id", of_profiles()).await?);
        world
            .staged
            .load(by(tx, "profile_id", of_profiles()).await?);
        world
            .released
            .load(by(tx, "profile_id", profiles.iter().cloned()).await?);
        if needs.versions {
            world
                .versions
                .load(by(tx, "profile_id", profiles.iter().cloned()).await?);
        }
        world
            .receipts
            .load(by(tx, "profile_id", profiles.into_iter()).await?);

        world.load_settings(tx, needs).await?;
        world.load_friends(tx).await?;
        world.index_all();
        Ok(world)
    }

    /// Settings whose delegations matter: those that are asked for by a credential of another one.
    fn delegators(&self, needs: &Needs) -> BTreeSet<SettingId> {
        let another = |(credential, acting): &&(_, SettingId)| {
            let row = self.credentials.get(CredentialId::as_str(credential));
            row.is_some_and(|row| row.setting_id != *acting)
        };
        let asked_for = needs.callers.iter().filter(another);
        let asked_for = asked_for.map(|(_, acting)| acting.clone());
        asked_for.chain(needs.delegators.iter().cloned()).collect()
    }

    async fn load_documents(&mut self, tx: &mut Tx, needs: &Needs) -> Result<(), StoreError> {
        let named = || needs.documents.iter().cloned();
        self.documents.load(by(tx, "id", named()).await?);
        self.staged.load(by(tx, "id", named()).await?);
        let stagers = needs.stagers.iter().cloned();
        self.staged.load(by(tx, "setting_id", stagers).await?);
        Ok(())
    }

    async fn load_settings(&mut self, tx: &mut Tx, needs: &Needs) -> Result<(), StoreError> {
        let named = needs.settings.iter().cloned();
        let coded = self.codes.iter().map(|row| row.setting_id.clone());
        let callers = self.credentials.iter().map(|row| row.setting_id.clone());
        let mut ids: BTreeSet<SettingId> = named.chain(coded).chain(callers).collect();
        for row in self.transitions.iter() {
            ids.insert(row.from_id.clone());
            ids.extend(row.to_id.clone());
        }
        // Of those beside the destination what they are is needed, and no key.
        let beside = self.recipients.iter().map(|row| row.setting_id.clone());
        let wrote = self.profiles.iter().map(|row| row.setting_id.clone());
        let known: BTreeSet<SettingId> = ids.iter().cloned().chain(beside).chain(wrote).collect();
        self.settings.load(by(tx, "id", known.into_iter()).await?);
        self.load_agreements(tx, needs).await?;
        for caretaker in &needs.looked_after_by {
            let some = tx.fetch(WARDS, vec![caretaker.clone().into_value()], &[Type::Text]);
            let read = |row: Vec<Value>| SettingId::from_value(row.into_iter().next()?).ok();
            let wards: Vec<SettingId> = some.await?.into_iter().filter_map(read).collect();
            self.settings.load(by(tx, "id", wards.into_iter()).await?);
        }
        let owners = self.learners.iter();
        ids.extend(owners.flat_map(|row| [row.owner_id.clone(), row.keeper_id.clone()]));
        // A record that is sealed anew is sealed under its owner's caretaker's.
        ids.extend(
            self.settings
                .iter()
                .filter_map(|row| row.caretaker_id.clone()),
        );
        if needs.all_codes {
            self.codes
                .load(by(tx, "setting_id", ids.iter().cloned()).await?);
        }
        if needs.councils {
            let councils: BTreeSet<_> = self
                .settings
                .iter()
                .map(|row| council_code(&row.council))
                .collect();
            self.codes.load(by(tx, "code", councils.into_iter()).await?);
            let more: BTreeSet<_> = self
                .codes
                .iter()
                .map(|row| row.setting_id.clone())
                .collect();
            self.settings.load(by(tx, "id", more.into_iter()).await?);
        }
        self.keys.load(by(tx, "setting_id", ids.into_iter()).await?);
        Ok(())
    }

    /// Of those who contribute or receive, and of those who answer for one that has closed.
    async fn load_agreements(&mut self, tx: &mut Tx, needs: &Needs) -> Result<(), StoreError> {
        let mut parties = needs.parties.clone();
        // A move may be made of them, or get another end.
        parties.extend(self.codes.iter().map(|row| row.setting_id.clone()));
        for row in self.transitions.iter() {
            parties.insert(row.from_id.clone());
            parties.extend(row.to_id.clone());
        }
        parties.extend(self.recipients.iter().map(|row| row.setting_id.clone()));
        parties.extend(self.profiles.iter().map(|row| row.setting_id.clone()));
        // Who asks may be about to contribute.
        parties.extend(self.credentials.iter().map(|row| row.setting_id.clone()));
        let carers = parties
            .iter()
            .filter_map(|id| self.caretaker_of(id.as_str()));
        let carers: Vec<SettingId> = carers.cloned().collect();
        parties.extend(carers);
        self.agreements
            .load(by(tx, "setting_id", parties.into_iter()).await?);
        Ok(())
    }

    fn index_all(&mut self) {
        let mut found: Vec<Indexed> = self.transitions.iter().map(Indexed::from).collect();
        found.extend(self.profiles.iter().map(Indexed::from));
        found.extend(self.recipients.iter().map(Indexed::from));
        found.extend(self.codes.iter().map(Indexed::from));
        found.extend(self.documents.iter().map(Indexed::from));
        for row in &found {
            self.index(row);
        }
    }
}

pub(super) async fn by<T: Table, C: Column>(
    tx: &mut Tx,
    column: &'static str,
    keys: impl Iterator<Item = C>,
) -> Result<Vec<T>, StoreError> {
    let keys: Vec<Value> = keys.map(C::into_value).collect();
    if keys.is_empty() {
        Ok(Vec::new())
    } else {
        tx.rows_by(column, keys).await
    }
}
