//! Circumstances that bring funding or support.

use super::CodeSet;

/// Why the learner gets free school meals.
pub static FSM_CATEGORY: CodeSet = CodeSet::table(
    "fsm_category",
    "cbds-2026",
    "CBDS May 2026, CS133",
    &[
        ("TFSM", "Targeted"),
        ("EFSM", "Expanded"),
        ("OFSM", "Other"),
    ],
);

/// Which pupil premium the learner attracts.
pub static PUPIL_PREMIUM: CodeSet = CodeSet::table(
    "pupil_premium",
    "cbds-2026",
    "CBDS May 2026, CS106",
    &[
        ("DPP", "Deprivation"),
        ("SCP", "Service child"),
        ("LAP", "Looked after"),
        ("AFC", "Adopted from care"),
        ("EYP", "Early years"),
    ],
);

/// Whether a parent serves in the armed forces.
pub static SERVICE_CHILD: CodeSet = CodeSet::table(
    "service_child",
    "cbds-2026",
    "CBDS May 2026, CS006",
    &[
        ("Y", "Yes"),
        ("N", "No"),
        ("U", "Unknown"),
        ("R", "Refused"),
    ],
);

/// How the learner left care.
pub static POST_LOOKED_AFTER: CodeSet = CodeSet::table(
    "post_looked_after",
    "cbds-2026",
    "CBDS May 2026, CS087",
    &[
        ("A", "Adoption"),
        ("G", "Special guardianship order"),
        ("R", "Residence order"),
        ("C", "Child arrangements order"),
        ("O", "Adopted from state care outside England and Wales"),
        ("N", "Not declared"),
    ],
);

/// Who says the learner is a young carer.
pub static YOUNG_CARER: CodeSet = CodeSet::table(
    "young_carer",
    "cbds-2026",
    "CBDS May 2026, CS118",
    &[
        ("P", "Identified by a parent"),
        ("S", "Identified by the school"),
        ("N", "Not declared"),
    ],
);

/// Whether relatives or friends bring the learner up.
pub static KINSHIP: CodeSet = CodeSet::table(
    "kinship",
    "cbds-2026",
    "CBDS May 2026, CS134",
    &[
        ("KF", "Formal kinship care"),
        ("KI", "Informal kinship care"),
        ("KU", "Kinship care, arrangement unknown"),
        ("ND", "Not declared"),
    ],
);

/// Whether the learner boards. `6` and `7` are for special schools.
pub static BOARDER: CodeSet = CodeSet::table(
    "boarder",
    "cbds-2026",
    "CBDS May 2026, boarder status",
    &[
        ("B", "Boarder"),
        ("6", "Boarder, six nights or fewer a week"),
        ("7", "Boarder, seven nights a week"),
        ("N", "Not a boarder"),
    ],
);
