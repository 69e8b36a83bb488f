//! What 16 to 18 year olds do, as councils report it. Codes of the intended
//! destination and of the September Guarantee were not found in any public source.

use super::CodeSet;

const SOURCE: &str =
    "National Client Caseload Information System, as listed by a supplier's CCIS rules";

/// Current activity.
pub static NCCIS_ACTIVITY: CodeSet = CodeSet::table(
    "nccis_activity",
    "nccis-2020",
    SOURCE,
    &[
        ("210", "School sixth form"),
        ("220", "Sixth-form college"),
        ("230", "Further education"),
        ("240", "Higher education"),
        ("250", "Part-time education"),
        ("260", "Gap year"),
        ("270", "Other full-time education"),
        ("280", "Special post-16 institution"),
        ("290", "Custodial institution, juvenile offender"),
        ("310", "Apprenticeship"),
        ("320", "Full-time employment with regulated study"),
        ("330", "Employment without training"),
        ("340", "Employment with other training"),
        ("350", "Temporary employment"),
        ("360", "Part-time employment"),
        ("380", "Self-employment"),
        ("381", "Self-employment with study"),
        (
            "410",
            "Work-based learning funded by the education and skills agency",
        ),
        ("430", "Other training"),
        (
            "440",
            "Training and support by the Department for Work and Pensions",
        ),
        ("450", "Traineeship"),
        ("460", "Supported internship"),
        ("530", "Re-engagement provision"),
        ("540", "Working not for reward"),
        ("550", "Working not for reward, with study"),
        ("610", "Not yet ready for work or learning"),
        ("615", "Start date agreed, other"),
        ("616", "Start date agreed, meets the duty to participate"),
        ("619", "Seeking employment, education or training"),
        ("620", "Not available: young carer"),
        ("630", "Not available: teenage parent"),
        ("640", "Not available: illness"),
        ("650", "Not available: pregnancy"),
        ("660", "Not available: religious grounds"),
        (
            "670",
            "Not available: unlikely ever to be economically active",
        ),
        ("680", "Not available: other reason"),
        ("710", "Custody, young adult offender"),
        ("810", "Not known"),
        ("820", "Cannot be contacted"),
        ("830", "Refused to disclose"),
    ],
);

/// Individual circumstances; several may hold.
pub static NCCIS_CIRCUMSTANCE: CodeSet = CodeSet::table(
    "nccis_circumstance",
    "nccis-2020",
    SOURCE,
    &[
        ("110", "Looked after"),
        ("120", "Parent, caring for own child"),
        ("130", "Refugee or asylum seeker"),
        ("140", "Carer, not own child"),
        ("150", "Substance misuse"),
        ("160", "Care leaver"),
        ("170", "Supervised by the youth offending team"),
        ("180", "Pregnant"),
        ("190", "Parent, not caring for own child"),
    ],
);
