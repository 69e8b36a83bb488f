//! A sighting as the contract has it. Moves and contributions stand under the name of whoever asks.

use baton_domain::ids::SettingId;
use baton_domain::section::KindSet;
use baton_store::{Concerned, Sighting};
use baton_wire::name::{CredentialName, ProfileName, TransitionName};
use baton_wire::twin;

use super::encode;

pub(super) fn encode(asking: &SettingId, seen: Sighting) -> twin::Sighting {
    let acting = seen.setting.as_ref().map(|setting| setting.id.clone());
    let vendor = seen.vendor.as_ref().map(|vendor| vendor.id.clone());
    let credential = vendor.or(acting).zip(seen.credential);
    let credential = credential.map(|(setting, credential)| CredentialName {
        setting,
        credential,
    });
    let transition = seen.transition.map(|transition| TransitionName {
        setting: asking.clone(),
        transition,
    });
    let profile = seen.profile.map(|profile| ProfileName {
        setting: asking.clone(),
        profile,
    });
    let to = seen.to.into_iter().map(|setting| concerned("to", setting));
    let from = seen
        .from
        .into_iter()
        .map(|setting| concerned("from", setting));
    let items = seen.items.into_iter().map(|item| twin::ShownItem {
        position: encode::signed(item.position),
        kinds: names(item.kinds),
        kinds_in_part: names(item.in_part),
    });
    let (setting, name, town) = seen.setting.map_or(Default::default(), |setting| {
        (
            encode::setting_name(&setting.id),
            setting.name,
            setting.town,
        )
    });
    let (vendor, vendor_display_name) = seen.vendor.map_or(Default::default(), |vendor| {
        (encode::setting_name(&vendor.id), vendor.name)
    });
    twin::Sighting {
        position: encode::signed(seen.position),
        time_us: seen.time_us,
        setting,
        setting_display_name: name,
        credential: text(credential),
        act: seen.act,
        allowed: seen.allowed,
        kinds: names(seen.kinds),
        leaf_hash: encode::hash(&seen.leaf),
        setting_town: town,
        credential_label: seen.label,
        roles: encode::roles(seen.roles),
        transition: text(transition),
        profile: text(profile),
        version: i32::try_from(seen.version).unwrap_or(i32::MAX),
        reason: seen.reason,
        items: items.collect(),
        concerned: to.chain(from).collect(),
        what: what(seen.fact, seen.rejected_for),
        dropped: seen.dropped,
        vendor,
        vendor_display_name,
        kinds_in_part: names(seen.in_part),
    }
}

fn text(name: Option<impl std::fmt::Display>) -> String {
    name.map_or(String::new(), |name| name.to_string())
}

fn names(kinds: KindSet) -> Vec<String> {
    kinds.iter().map(|kind| kind.name().to_owned()).collect()
}

fn concerned(part: &str, setting: Concerned) -> twin::ConcernedSetting {
    twin::ConcernedSetting {
        part: part.to_owned(),
        setting: encode::setting_name(&setting.id),
        display_name: setting.name,
        town: setting.town,
    }
}

fn what(fact: String, rejected_for: u8) -> String {
    if rejected_for == 0 {
        return fact;
    }
    let reason = twin::RejectReason::try_from(i32::from(rejected_for));
    reason.map_or(String::new(), |reason| reason.as_str_name().to_owned())
}
