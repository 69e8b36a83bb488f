//! Entries and faults as events of the Open Cybersecurity Schema Framework, version 1.8.0: class
//! API Activity (6003) for what was asked of the ledger, Detection Finding (2004) for what is wrong
//! with it, Base Event (0) for an entry of which only the hash is left. docs/siem.md has the fields.

use baton_domain::entry::EntryKind;
use baton_domain::section::SectionKind;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::told::Fault;
use crate::commands::audit::seen::{Seen, Verdict};
use crate::commands::audit::words::{act, who};

/// The version of the schema.
pub(super) const VERSION: &str = "1.8.0";

/// Which ledger.
#[derive(Debug)]
pub(super) struct Origin<'a> {
    /// `ldg_…`.
    pub(super) ledger: &'a str,
    /// Origin of the checkpoint.
    pub(super) log: &'a str,
    /// Ledger time of the newest entry known, for one that says none.
    pub(super) last_us: i64,
}

/// What kind of activity an act is, whatever came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Activity {
    Create,
    Read,
    Update,
    Delete,
    Other,
}

impl Activity {
    const fn of(kind: EntryKind) -> Self {
        match kind {
            EntryKind::LedgerCreated
            | EntryKind::TermOpened
            | EntryKind::Bootstrapped
            | EntryKind::CredentialIssued
            | EntryKind::Published
            | EntryKind::DocumentStaged
            | EntryKind::DocumentAdded
            | EntryKind::Subscribed
            | EntryKind::DisclosureRecorded
            | EntryKind::EpochOpened
            | EntryKind::LogKeyChanged
            | EntryKind::MasterKeyChanged
            | EntryKind::BackedUp => Self::Create,
            EntryKind::SettingsListed
            | EntryKind::CredentialsListed
            | EntryKind::DelegationsListed
            | EntryKind::AgreementsListed
            | EntryKind::TransitionShown
            | EntryKind::TransitionsListed
            | EntryKind::Pulled
            | EntryKind::Fetched
            | EntryKind::EntriesListed
            | EntryKind::PolicySetShown
            | EntryKind::PolicyChecked
            | EntryKind::PolicyChangesListed
            | EntryKind::AccessRowsListed
            | EntryKind::WhoSawAsked
            | EntryKind::DocumentsListed
            | EntryKind::SharingListed
            | EntryKind::FamilyAccessListed
            | EntryKind::DocumentDownloaded
            | EntryKind::ErasurePreviewed => Self::Read,
            EntryKind::SettingImported
            | EntryKind::CaretakerSet
            | EntryKind::DelegationAdded
            | EntryKind::AgreementSigned
            | EntryKind::SentWithoutAgreement
            | EntryKind::PolicyReplaced
            | EntryKind::Planned
            | EntryKind::Redirected
            | EntryKind::RecipientAdded
            | EntryKind::PlanCouncilSet
            | EntryKind::SharingRecorded
            | EntryKind::FamilyAccessAdded
            | EntryKind::IdentityGuarded
            | EntryKind::IdentifiersReadmitted
            | EntryKind::FactRecorded
            | EntryKind::Unchanged
            | EntryKind::Acknowledged
            | EntryKind::Rejected
            | EntryKind::Released
            | EntryKind::ExpiryAnnounced
            | EntryKind::HoldChanged
            | EntryKind::Restricted
            | EntryKind::RestrictionLifted => Self::Update,
            EntryKind::CredentialRevoked
            | EntryKind::FamilyAccessEnded
            | EntryKind::DelegationEnded
            | EntryKind::AgreementEnded
            | EntryKind::SendingWithoutEnded
            | EntryKind::Withdrawn
            | EntryKind::RecipientEnded
            | EntryKind::DocumentRemoved
            | EntryKind::EpochsDestroyed
            | EntryKind::Erased
            | EntryKind::Expired
            | EntryKind::ErasedAgain
            | EntryKind::StorageScrubbed
            | EntryKind::BodiesDropped => Self::Delete,
            EntryKind::RefusalsSummarised => Self::Other,
        }
    }

    const fn spelled(self) -> (u32, &'static str) {
        match self {
            Self::Create => (1, "Create"),
            Self::Read => (2, "Read"),
            Self::Update => (3, "Update"),
            Self::Delete => (4, "Delete"),
            Self::Other => (99, "Other"),
        }
    }
}

const fn severity(kind: Option<EntryKind>, verdict: &Verdict) -> (u32, &'static str) {
    match (verdict, kind) {
        // The last: other rules for everybody.
        (Verdict::Denied, _)
        | (_, Some(EntryKind::RefusalsSummarised))
        | (Verdict::Done, Some(EntryKind::PolicyReplaced)) => (3, "Medium"),
        // A restore: what came after the backup is gone.
        (Verdict::Done, Some(EntryKind::TermOpened)) => (4, "High"),
        (Verdict::Failed(_), _)
        | (
            Verdict::Done,
            Some(
                EntryKind::Bootstrapped
                | EntryKind::CaretakerSet
                | EntryKind::CredentialIssued
                | EntryKind::CredentialRevoked
                | EntryKind::FamilyAccessAdded
                | EntryKind::FamilyAccessEnded
                | EntryKind::DelegationAdded
                | EntryKind::DisclosureRecorded
                | EntryKind::Erased
                | EntryKind::ErasedAgain
                | EntryKind::BackedUp
                | EntryKind::LogKeyChanged
                | EntryKind::MasterKeyChanged,
            )
            | None,
        ) => (2, "Low"),
        (Verdict::Done, Some(_)) => (1, "Informational"),
    }
}

/// An entry.
pub(super) fn event(seen: &Seen, said: &Value, origin: &Origin<'_>) -> Value {
    if seen.dropped {
        return dropped(seen, origin);
    }
    let activity = seen.kind.map_or(Activity::Other, Activity::of).spelled();
    let severity = severity(seen.kind, &seen.verdict);
    let (status_id, status, code) = match &seen.verdict {
        Verdict::Done => (1, "Success", None),
        Verdict::Denied => (2, "Failure", Some("PERMISSION_DENIED")),
        Verdict::Failed(reason) => (2, "Failure", Some(reason.as_str())),
    };
    let mut event = classified(
        (6, "Application Activity"),
        (6003, "API Activity"),
        activity,
    );
    let more = json!({
        "severity_id": severity.0,
        "severity": severity.1,
        "status_id": status_id,
        "status": status,
        "time": seen.time_us.div_euclid(1000),
        "message": format!("{} {}", who(seen.who.as_ref()), act(seen)),
        "metadata": metadata(seen, origin),
        "actor": actor(seen),
        "api": {
            "operation": seen.act,
            "service": { "name": "baton.v1" },
        },
        "src_endpoint": source(seen),
        "resources": resources(seen),
        "raw_data_hash": leaf(seen),
        "unmapped": unmapped(seen, said),
    });
    merge(&mut event, more);
    if let Some(code) = code {
        event["status_code"] = code.into();
    }
    if let Some(request) = said["request"].as_str() {
        event["api"]["request"] = json!({ "uid": request });
    }
    event
}

/// An entry of which only the leaf hash is left. When it was is not known; it was not later than
/// the newest one before it that says so.
fn dropped(seen: &Seen, origin: &Origin<'_>) -> Value {
    let mut event = classified((0, "Uncategorized"), (0, "Base Event"), (99, "Dropped"));
    let more = json!({
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 0,
        "status": "Unknown",
        "time": origin.last_us.div_euclid(1000),
        "message": "the body of this entry was dropped at the end of its retention",
        "metadata": metadata(seen, origin),
        "raw_data_hash": leaf(seen),
    });
    merge(&mut event, more);
    event
}

/// Something that is wrong with the ledger. The same fault has the same `finding_info.uid`.
#[expect(
    clippy::disallowed_methods,
    reason = "a finding is made here and now, not at a time of the ledger"
)]
pub(super) fn finding(fault: &Fault, origin: &Origin<'_>) -> Value {
    let place = fault
        .position
        .map_or("whole".to_owned(), |it| it.to_string());
    let mut event = classified((2, "Findings"), (2004, "Detection Finding"), (1, "Create"));
    let more = json!({
        "severity_id": 5,
        "severity": "Critical",
        "status_id": 1,
        "status": "New",
        "is_alert": true,
        "confidence_id": 3,
        "confidence": "High",
        "time": Timestamp::now().as_millisecond(),
        "message": fault.message,
        "metadata": {
            "version": VERSION,
            "product": product(),
            "log_name": origin.log,
            "event_code": fault.kind,
        },
        "finding_info": {
            "uid": format!("{}/{}/{place}", origin.ledger, fault.kind),
            "title": "The ledger does not hold",
            "desc": fault.message,
            "types": [fault.kind],
        },
        "resources": [{ "type": "ledger", "uid": origin.ledger }],
    });
    merge(&mut event, more);
    event
}

fn classified(
    (category, category_name): (u32, &str),
    (class, class_name): (u32, &str),
    (activity, activity_name): (u32, &str),
) -> Value {
    json!({
        "category_uid": category,
        "category_name": category_name,
        "class_uid": class,
        "class_name": class_name,
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": class * 100 + activity,
        "type_name": format!("{class_name}: {activity_name}"),
    })
}

fn merge(event: &mut Value, more: Value) {
    if let (Value::Object(event), Value::Object(more)) = (event, more) {
        event.extend(more);
    }
}

fn product() -> Value {
    json!({ "name": "Baton", "vendor_name": "Baton", "version": env!("CARGO_PKG_VERSION") })
}

fn metadata(seen: &Seen, origin: &Origin<'_>) -> Value {
    let mut metadata = json!({
        "version": VERSION,
        "product": product(),
        "uid": format!("{}/{}", origin.ledger, seen.position),
        "sequence": seen.position,
        "log_name": origin.log,
    });
    if !seen.dropped {
        let time = Timestamp::from_microsecond(seen.time_us).unwrap_or_default();
        metadata["event_code"] = seen.act.as_str().into();
        metadata["original_time"] = time.to_string().into();
    }
    metadata
}

/// A credential and its roles; the program itself where nobody asked.
fn actor(seen: &Seen) -> Value {
    let Some(who) = &seen.who else {
        return json!({ "app_name": "baton" });
    };
    let roles = who.roles.iter().map(|role| json!({ "name": role.name() }));
    json!({ "user": {
        "uid": who.credential,
        "type_id": 99,
        "type": "Credential",
        "groups": roles.collect::<Vec<_>>(),
        "org": { "uid": bare(&who.vendor.as_ref().unwrap_or(&who.setting).id) },
    }})
}

/// The ledger keeps no addresses: the setting stands for where it came from.
fn source(seen: &Seen) -> Value {
    match &seen.who {
        Some(who) => json!({ "uid": bare(&who.setting.id), "type_id": 99, "type": "Setting" }),
        None => json!({ "name": "baton", "type_id": 99, "type": "Service" }),
    }
}

fn bare(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

fn resources(seen: &Seen) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    let mut add = |kind: &str, uid: &str| {
        if !uid.is_empty() {
            all.push(json!({ "type": kind, "uid": uid }));
        }
    };
    for alias in &seen.learners {
        add("learner", alias);
    }
    add("transition", &seen.transition);
    add("profile", &seen.profile);
    for setting in seen.to.iter().chain(&seen.from) {
        add("setting", bare(&setting.id));
    }
    if seen.version > 0
        && let Some(profile) = all.iter_mut().find(|it| it["type"] == "profile")
    {
        profile["version"] = seen.version.to_string().into();
    }
    all
}

/// What a proof of the entry is about: SHA-256 over 0x00 and the entry (RFC 6962, 2.1).
fn leaf(seen: &Seen) -> Value {
    json!({ "algorithm_id": 99, "algorithm": "RFC 6962 leaf hash, SHA-256", "value": seen.leaf })
}

/// What the schema has no place for.
fn unmapped(seen: &Seen, said: &Value) -> Value {
    let decisions = said["decisions"].as_array().map_or(&[][..], Vec::as_slice);
    let answers = decisions
        .iter()
        .filter_map(|it| it["answers"].as_array())
        .flatten();
    let policies = answers.filter_map(|it| it["policies"].as_array()).flatten();
    let mut policies: Vec<&str> = policies.filter_map(Value::as_str).collect();
    policies.sort_unstable();
    policies.dedup();
    let kinds: Vec<&str> = seen.kinds.iter().map(SectionKind::name).collect();
    let mut unmapped = json!({
        "term": said["term"],
        "policy_set": said["policy_set"],
        "policies": policies,
        "section_kinds": kinds,
        "what": seen.what,
    });
    if !seen.in_part.is_empty() {
        let in_part: Vec<&str> = seen.in_part.iter().map(SectionKind::name).collect();
        merge(&mut unmapped, json!({ "section_kinds_in_part": in_part }));
    }
    if let Some(EntryKind::PolicyReplaced | EntryKind::PolicyChecked) = seen.kind {
        let detail = &said["detail"];
        let more = json!({
            "policies_before": detail["old"],
            "policies_after": detail["new"],
            "reason": detail["reason"],
        });
        merge(&mut unmapped, more);
    }
    unmapped
}

#[cfg(test)]
mod tests;
