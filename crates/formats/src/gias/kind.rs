use baton_domain::route::SettingKind;

/// `EstablishmentStatus (code)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 1.
    Open,
    /// 2.
    Closed,
    /// 3: open, but proposed to close.
    ProposedToClose,
    /// 4: proposed to open.
    ProposedToOpen,
}

impl Status {
    pub(super) fn from_code(code: u16) -> Option<Self> {
        match code {
            1 => Some(Self::Open),
            2 => Some(Self::Closed),
            3 => Some(Self::ProposedToClose),
            4 => Some(Self::ProposedToOpen),
            _ => None,
        }
    }

    /// Whether the setting takes part. One that is to open does: its first children have their
    /// offers, and their profiles are sent, months before its doors open.
    pub fn is_open(self) -> bool {
        self != Self::Closed
    }
}

/// What an establishment is for us, by its type code. These are the codes of the register's bulk
/// file; neither its website nor the Common Basic Data Set uses the same numbers.
///
/// The register has no councils, and no nurseries but those a council maintains.
pub(super) fn of_type(code: u16) -> Option<SettingKind> {
    match code {
        // Local authority nursery school: by law a school, but it sends where nurseries send.
        15 => Some(SettingKind::Nursery),
        // Further education, sixth-form centre, special post-16, and the 16 to 19 academies and
        // free schools, most of which were sixth-form colleges; secure 16 to 19; higher education,
        // which learners of 18 move to as to a college.
        18 | 29 | 31 | 32 | 39 | 45 | 46 | 57 => Some(SettingKind::College),
        1..=3 | 5..=8 | 10..=12 | 14 | 24..=28 | 30 | 33..=38 | 40..=44 | 49 | 56 => {
            Some(SettingKind::School)
        }
        _ => None,
    }
}

/// Types of establishment outside England: offshore, Welsh, British overseas.
pub(super) fn is_abroad(code: u16) -> bool {
    matches!(code, 25 | 30 | 37)
}
