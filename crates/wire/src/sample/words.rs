//! Words for made-up profiles. No surname here is one that people have.

use baton_domain::section::SectionKind;

use super::dice::Dice;

pub(super) const FORENAMES: &[&str] = &[
    "Ada", "Bilal", "Carys", "Dev", "Esme", "Femi", "Grace", "Hamza", "Ivy", "Jonah", "Kezia",
    "Leo", "Maryam", "Noah", "Orla", "Priya", "Quinn", "Rosa", "Sami", "Tilly", "Uma", "Viktor",
    "Wren", "Xanthe", "Yusuf", "Zofia",
];

pub(super) const SURNAMES: &[&str] = &[
    "Samplesworth",
    "Testcroft",
    "Demonby",
    "Fictwell",
    "Mockridge",
    "Placeholdby",
    "Examplton",
    "Trialham",
    "Draftmoor",
    "Specimenby",
];

const TOWNS: &[&str] = &["Sampleton", "Exampleford", "Draftbury", "Mockhampton"];
const STREETS: &[&str] = &["Sample Street", "Example Lane", "Draft Row", "Trial Close"];
const ROLES: &[&str] = &[
    "Class teacher",
    "SENCO",
    "Key person",
    "Head of year",
    "Form tutor",
];
const LINES: &[&str] = &[
    "Reads well on most days",
    "Small group on Tuesdays",
    "Prefers the quiet room",
    "Agreed with the family",
    "See the support plan",
    "Twice a week, 20 minutes",
];

const STRENGTHS: &[&str] = &[
    "Listens closely and remembers stories well.",
    "Likes to help others and takes small jobs seriously.",
    "Draws and builds with great patience.",
    "Asks good questions when a topic catches on.",
];
const SUPPORT: &[&str] = &[
    "A short, calm start to the day makes the rest of it easier.",
    "Needs one instruction at a time, with a picture where possible.",
    "Works best at the front, away from the door.",
    "A warning five minutes before a change keeps things settled.",
];
const LEARNING: &[&str] = &[
    "Reads longer texts with understanding and can say why a character acts.",
    "Number facts to 20 are secure; place value still needs objects.",
    "Writes willingly when the first sentence is given.",
    "Explains thinking aloud better than on paper.",
];
const VOICE: &[&str] = &[
    "I like science and drawing, and I want to join a club.",
    "I worry about getting lost, so a map would help.",
    "Please ask me quietly if I am all right.",
    "I work well with people who do not rush me.",
];
const FAMILY: &[&str] = &[
    "At home the evening before is the best time to talk about the day.",
    "We would like one person to ring when something comes up.",
    "A visit in the last week of July would help us all.",
    "Sleep has been better since the spring.",
];
const CARE: &[&str] = &[
    "The plan lies with the office and goes along as a document.",
    "Staff were trained in the autumn term and know the signs.",
    "Reviewed with the family; nothing has changed since.",
    "Two people know what to do; both names are on the plan.",
];

/// A few sentences of the kind people write in that section.
pub(super) fn free_text(kind: SectionKind, dice: &mut Dice) -> String {
    let pool = match kind {
        SectionKind::LearnerVoice => VOICE,
        SectionKind::FamilyVoice => FAMILY,
        SectionKind::LearningAndDevelopment | SectionKind::Attainment => LEARNING,
        SectionKind::Health | SectionKind::FamilyAndAgencies | SectionKind::EhcPlan => CARE,
        SectionKind::PastoralAndBehaviour | SectionKind::SettingContext => STRENGTHS,
        _ => SUPPORT,
    };
    let (first, second) = (dice.pick(pool), dice.pick(pool));
    if first == second {
        first.to_owned()
    } else {
        format!("{first} {second}")
    }
}

/// A single line that fits the name of its field.
pub(super) fn line(field: &str, dice: &mut Dice) -> String {
    let has = |word: &str| field.contains(word);
    if has("surname") {
        dice.pick(SURNAMES).to_owned()
    } else if has("forename") || has("middle_names") {
        dice.pick(FORENAMES).to_owned()
    } else if has("uprn") {
        format!("99{}", dice.digits(10))
    } else if has("town") || has("locality") {
        dice.pick(TOWNS).to_owned()
    } else if has("street") || has("lines") {
        format!("{} {}", dice.between(1, 99), dice.pick(STREETS))
    } else if has("role") || field == "by" {
        dice.pick(ROLES).to_owned()
    } else if has("name") {
        format!("{} {}", dice.pick(FORENAMES), dice.pick(SURNAMES))
    } else {
        dice.pick(LINES).to_owned()
    }
}
