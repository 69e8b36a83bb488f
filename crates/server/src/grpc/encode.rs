//! Outcomes as messages.

use baton_domain::access::{Role, RoleSet};
use baton_domain::act::Caller;
use baton_domain::ids::{LearnerIdentifier, SettingId};
use baton_domain::log::Hash;
use baton_domain::opening::Window;
use baton_domain::route::{Point, Route};
use baton_domain::section::{KindSet, SectionKind};
use baton_store::{
    CredentialView, DelegationView, Fetched, MoveSummary, Progress, Receipt, RecipientSummary,
    Section, SettingView,
};
use baton_wire::convert::acceptance_number;
use baton_wire::name::{CredentialName, ProfileName, SettingName, TransitionName};
use baton_wire::twin;
use bytes::{BufMut as _, Bytes, BytesMut};
use prost::encoding::{WireType, encode_key, encode_varint};

use super::agreements::missing;

/// Where an act stands.
pub(super) fn receipt(ledger: &str, receipt: Option<Receipt>) -> Option<twin::Receipt> {
    receipt.map(|receipt| twin::Receipt {
        ledger_id: ledger.to_owned(),
        position: signed(receipt.position),
        time_us: receipt.time_us,
        leaf_hash: hash(&receipt.leaf),
        replayed: receipt.replayed,
        checkpoint: receipt.checkpoint,
    })
}

pub(super) fn hash(hash: &Hash) -> Bytes {
    Bytes::copy_from_slice(hash.as_bytes())
}

/// Positions and sizes as the contract carries them.
pub(super) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn setting_name(id: &SettingId) -> String {
    SettingName::from(id.clone()).to_string()
}

pub(super) fn setting(view: SettingView) -> twin::Setting {
    let codes = view.codes.iter().map(|code| twin::SettingIdentifier {
        scheme: code.scheme().name().to_owned(),
        value: code.value().to_owned(),
    });
    twin::Setting {
        name: setting_name(&view.id),
        kind: twin::SettingKind::from(view.kind).into(),
        display_name: view.name,
        council: view.council,
        identifiers: codes.collect(),
        town: view.town,
        state: if view.open {
            twin::SettingState::Open
        } else {
            twin::SettingState::Closed
        }
        .into(),
        caretaker: view.caretaker.as_ref().map_or(String::new(), setting_name),
    }
}

pub(super) fn credential(view: CredentialView) -> twin::Credential {
    let name = CredentialName {
        setting: view.setting,
        credential: view.id,
    };
    twin::Credential {
        name: name.to_string(),
        label: view.label,
        roles: roles(view.roles),
        assurance: twin::Assurance::from(view.assurance).into(),
        start_time_us: view.starts_us,
        expire_time_us: view.expires_us,
        revoked: view.revoked,
        kinds: kinds(view.kinds),
        groups: view.groups,
    }
}

pub(super) fn delegation(view: DelegationView) -> twin::Delegation {
    twin::Delegation {
        setting: setting_name(&view.setting),
        vendor: setting_name(&view.vendor),
        roles: roles(view.roles),
        scopes: view
            .scopes
            .iter()
            .map(|scope| twin::DelegationScope::from(scope).into())
            .collect(),
        kinds: kinds(view.kinds),
        first_day: view.first_day,
        last_day: view.last_day,
        ended: view.ended,
    }
}

pub(super) fn roles(roles: RoleSet) -> Vec<i32> {
    roles
        .iter()
        .map(|role: Role| twin::Role::from(role).into())
        .collect()
}

pub(super) fn learner(ids: &[LearnerIdentifier]) -> Vec<twin::LearnerIdentifier> {
    ids.iter()
        .map(|id| twin::LearnerIdentifier {
            scheme: id.scheme().name().to_owned(),
            value: id.value().to_owned(),
        })
        .collect()
}

/// A move under the acting setting's name for it.
pub(super) fn transition(caller: &Caller, summary: MoveSummary) -> twin::Transition {
    let name = TransitionName {
        setting: caller.acting.clone(),
        transition: summary.id,
    };
    let profiles = summary.profiles.into_iter().map(|profile| ProfileName {
        setting: caller.acting.clone(),
        profile,
    });
    let point = Route::find(&summary.route).map(|route| route.point);
    twin::Transition {
        name: name.to_string(),
        point: point.map_or(0, |point: Point| twin::Point::from(point).into()),
        route: summary.route,
        from: setting_name(&summary.from),
        to: summary.to.as_ref().map_or(String::new(), setting_name),
        academic_year: i32::try_from(summary.academic_year).unwrap_or_default(),
        state: progress(summary.progress).into(),
        published_count: i32::try_from(summary.published).unwrap_or(i32::MAX),
        window: window(summary.window),
        learner: learner(&summary.learner),
        offer_date: summary.offer_date.unwrap_or_default(),
        acceptance: acceptance_number(summary.accepted),
        kept_until: summary
            .kept_until
            .map_or(String::new(), |day| day.to_string()),
        restricted: summary.restricted,
        legal_hold: summary.held,
        recipients: summary.recipients.into_iter().map(recipient).collect(),
        missing_agreements: summary.without_agreement.iter().map(missing).collect(),
        plan_council: summary
            .plan_council
            .as_ref()
            .map_or(String::new(), setting_name),
        group: summary.group.unwrap_or_default(),
        profiles: profiles.map(|name| name.to_string()).collect(),
    }
}

fn recipient(one: RecipientSummary) -> twin::Recipient {
    let relation = one.relation().map(twin::RecipientRelation::from);
    let purpose = one.purpose().map(twin::RecipientPurpose::from);
    let kinds = one.kinds().iter();
    twin::Recipient {
        setting: setting_name(&one.setting),
        relation: relation.unwrap_or_default().into(),
        kinds: kinds
            .map(|kind| twin::SectionKind::from(kind).into())
            .collect(),
        purpose: purpose.unwrap_or_default().into(),
        window: window(one.window),
        first_day: one.first_day.unwrap_or_default(),
        last_day: one.last_day.unwrap_or_default(),
    }
}

fn window(window: Window) -> i32 {
    twin::WindowState::from(window).into()
}

fn progress(progress: Progress) -> twin::TransitionState {
    match progress {
        Progress::Planned => twin::TransitionState::Planned,
        Progress::Published => twin::TransitionState::Published,
        Progress::Delivered => twin::TransitionState::Delivered,
        Progress::Opened => twin::TransitionState::Opened,
        Progress::Accepted => twin::TransitionState::Accepted,
        Progress::Rejected => twin::TransitionState::Rejected,
        Progress::Withdrawn => twin::TransitionState::Withdrawn,
        Progress::Erased => twin::TransitionState::Erased,
    }
}

/// A contribution as far as its reader may see it; sections as they were received.
pub(super) fn profile(caller: &Caller, fetched: Fetched) -> twin::Profile {
    let acting = caller.acting.clone();
    let name = ProfileName {
        setting: acting.clone(),
        profile: fetched.profile,
    };
    let transition = TransitionName {
        setting: acting,
        transition: fetched.transition,
    };
    twin::Profile {
        name: name.to_string(),
        transition: transition.to_string(),
        contributor: setting_name(&fetched.contributor),
        version: i32::try_from(fetched.version).unwrap_or(i32::MAX),
        level: i32::from(fetched.level),
        kinds: kinds(fetched.kinds),
        content: content(&fetched.sections),
        signatory: fetched.signatory,
        publish_time_us: fetched.published_us,
        provisional: fetched.provisional,
        kept_until: fetched
            .kept_until
            .map_or_else(String::new, |day| day.to_string()),
    }
}

pub(super) fn kinds(kinds: KindSet) -> Vec<i32> {
    kinds
        .iter()
        .map(|kind: SectionKind| twin::SectionKind::from(kind).into())
        .collect()
}

/// `Sections` from the bytes of each: a kind's number is its field number.
fn content(sections: &[Section]) -> Bytes {
    let mut bytes = BytesMut::new();
    for section in sections {
        encode_key(
            u32::from(section.kind.number()),
            WireType::LengthDelimited,
            &mut bytes,
        );
        encode_varint(section.bytes.len() as u64, &mut bytes);
        bytes.put_slice(&section.bytes);
    }
    bytes.freeze()
}
