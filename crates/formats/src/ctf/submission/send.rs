use baton_wire::v1;

use super::day;
use crate::ctf::{CtfPupil, SenNeed, SenProvision};

pub(super) fn section(pupil: &CtfPupil) -> v1::SpecialEducationalNeeds {
    let provisions = pupil.sen.latest_first();
    let current = provisions.first();
    v1::SpecialEducationalNeeds {
        sen_provision: current.map(|current| current.provision.clone()),
        sen_provision_from: current.and_then(|current| day(current.started)),
        provision_history: provisions
            .windows(2)
            .map(|pair| earlier(pair[1], pair[0]))
            .collect(),
        needs: pupil.sen.needs.iter().map(need).collect(),
        ..v1::SpecialEducationalNeeds::default()
    }
}

/// A provision lasted until the day before the next began; the file says only when each began.
fn earlier(provision: &SenProvision, next: &SenProvision) -> v1::SenProvisionPeriod {
    let ended = next.started.and_then(|started| started.yesterday().ok());
    v1::SenProvisionPeriod {
        provision: Some(provision.provision.clone()),
        started_on: day(provision.started),
        ended_on: day(ended.filter(|ended| provision.started.is_none_or(|began| began <= *ended))),
    }
}

fn need(need: &SenNeed) -> v1::SenNeedRow {
    v1::SenNeedRow {
        rank: Some(need.rank.into()),
        kind: Some(need.need.clone()),
        started_on: day(need.started),
        ended_on: day(need.ended),
        ..v1::SenNeedRow::default()
    }
}
