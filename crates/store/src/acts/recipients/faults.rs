//! Why a setting cannot be a recipient, all reasons at once.

use baton_domain::act::AddRecipient;
use baton_domain::recipient::RecipientRelation;
use baton_domain::route::{Route, SettingKind};

use super::{is_final, joins};
use crate::acts::apart::all_restricted;
use crate::acts::delegations::is_vendor;
use crate::acts::settings::OPEN;
use crate::rows::{RecipientRow, SettingRow, TransitionRow};
use crate::scene::Scene;

/// Most settings that are recipients of one move at a time, beside the destination.
const AT_ONCE_MAX: usize = 12;
/// Most settings that ever stood to one move otherwise than as its source or destination. An
/// erasure takes them all back in one entry, with those that are kept apart.
const EVER_MAX: usize = 26;
/// Most that ever got what is of class R alone, beside those: room that is taken must not tell of them.
const APART_MAX: usize = 4;

/// Something that is wrong with naming or ending a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientFault {
    /// No setting has this code.
    Unknown,
    /// It has closed, or was handed over: nobody could read there.
    Closed,
    /// Nobody names the setting they act for.
    Itself,
    /// It sends.
    Source,
    /// It is the destination already.
    Destination,
    /// It cannot be told apart from what it is as a council that keeps the plan: it is no council.
    NotACouncil,
    /// The route does not lead to this kind of setting.
    NotOfRoute,
    /// No EHC plan decides on this route.
    NoPlan,
    /// The final plan names a setting already.
    PlanIsFinal,
    /// The move has as many recipients as it may have.
    TooMany,
    /// It is no recipient of this move.
    NotNamed,
    /// It is neither the destination nor a recipient that who asks knows of.
    NotReceiving,
    /// It receives something else already, in another way or on other days.
    Otherwise,
    /// The move went to as many settings without an agreement as it may.
    TooManyWithout,
}

impl Scene<'_> {
    /// Everything that keeps a setting from being a recipient as it is asked for.
    pub(super) fn recipient_faults(
        &self,
        act: &AddRecipient,
        row: &TransitionRow,
        to: Option<&SettingRow>,
    ) -> Vec<RecipientFault> {
        use RecipientFault as F;
        let mut faults = Vec::new();
        let mut wrong = |is: bool, fault| faults.extend(is.then_some(fault));
        let route = Route::find(&row.route);
        if let Some(to) = to {
            let itself = self.caller.is_some_and(|it| it.acting == to.id);
            let source = row.from_id == to.id;
            wrong(to.state != OPEN || to.caretaker_id.is_some(), F::Closed);
            wrong(itself && !source, F::Itself);
            wrong(source, F::Source);
            wrong(row.to_id.as_ref() == Some(&to.id), F::Destination);
            let kind = u32::try_from(to.kind)
                .ok()
                .and_then(SettingKind::from_number);
            let placed = act.relation != RecipientRelation::Further;
            let admitted = route.zip(kind).is_some_and(|(it, kind)| it.admits(kind));
            wrong(placed && !admitted || is_vendor(to), F::NotOfRoute);
            let before = self.world.recipient(&row.id, &to.id);
            let otherwise = |before: &RecipientRow| {
                let same = before.named() == Some(act.relation) && before.days() == act.days;
                joins(act, before) && !same
            };
            wrong(before.is_some_and(otherwise), F::Otherwise);
        } else {
            wrong(true, F::Unknown);
        }
        let fits = route.is_some_and(|route| act.relation.fits(route.rule));
        wrong(!fits, F::NoPlan);
        let provisional = act.relation == RecipientRelation::Provisional;
        wrong(fits && provisional && is_final(row), F::PlanIsFinal);
        let other = |one: &&RecipientRow| to.is_none_or(|to| one.setting_id != to.id);
        let others: Vec<&RecipientRow> = self.world.recipients_of(&row.id).filter(other).collect();
        let (apart, others): (Vec<_>, Vec<_>) = others.into_iter().partition(|one| one.was_apart());
        let full = if all_restricted(act.kinds) {
            apart.len() >= APART_MAX
        } else {
            let now = others.iter().filter(|one| one.named().is_some()).count();
            now >= AT_ONCE_MAX || others.len() >= EVER_MAX
        };
        wrong(full, F::TooMany);
        faults
    }
}
